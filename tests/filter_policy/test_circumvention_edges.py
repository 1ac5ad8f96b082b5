"""What is nearly a way round the filter and is none, and what is one though it hides its form."""

import base64

import pytest

from filter_lists.names import Url, parse_url
from filter_policy.circumvention import (
    DNS,
    MOST_PARAMETERS,
    PROXY,
    anywhere,
    is_dns_message,
    of_unknown,
)


def asked(path: str) -> Url:
    return parse_url(f"https://www.unknown.test{path}")


def question(
    number: bytes = b"\0\0",
    flags: bytes = b"\1\0",
    questions: bytes = b"\0\1",
    answers: bytes = b"\0\0",
    rest: bytes = b"\0\0\1\0\1",
) -> str:
    """A message of the DNS (RFC 1035, 4.1), which asks for the root where nothing else is said."""
    raw = number + flags + questions + answers + bytes(4) + rest
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        question(),
        question(number=b"\xfb\xff"),  # so that it has the letters `-` and `_`
        question(flags=b"\0\x10"),
        question(flags=b"\7\xff"),
        question(questions=b"\0\4"),
        question() + "%3D",
        "".join(f"%{ord(each):x}" for each in question()),
    ],
)
def test_a_question_of_the_dns_is_one_whatever_it_asks(text: str) -> None:
    assert anywhere(asked(f"/x?a=1&dns={text}")) == DNS
    assert is_dns_message(asked(f"/x?dns={text}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "server1",
        "a!b",
        question(rest=b"\0\0\1\0"),
        question(flags=b"\x80\0"),
        question(flags=b"\x28\0"),
        question(questions=b"\0\0"),
        question(questions=b"\0\5"),
        question(questions=b"\1\1"),
        question(answers=b"\0\1"),
        question(answers=b"\1\0"),
        question()[:8] + "!!!!" + question()[8:],
    ],
)
def test_an_answer_and_other_text_is_no_question_of_the_dns(text: str) -> None:
    assert anywhere(asked(f"/x?dns={text}")) is None
    assert not is_dns_message(asked(f"/x?dns={text}"))
    assert not is_dns_message(asked(f"/x?sdns={question()}"))


@pytest.mark.parametrize(
    "path",
    [
        "/x/resolve?name=a.test&type=28",
        "/resolve?x=1&type=TXT&name=a.test",
        "/x/resolve?name=a.1&cd=1",
        "/%64%6es-query?name=a",
        "/%252564ns-query?x=1;name=a",
        "/x/.well-known/odohconfigs",
    ],
)
def test_names_are_asked_for_in_other_forms_too(path: str) -> None:
    assert anywhere(asked(path)) == DNS


@pytest.mark.parametrize(
    "path",
    [
        "/resolve?type=A",
        "/resolve?name=a",
        "/resolve?name=anna&type=A",
        "/resolve?name=a.1&type=issue",
        "/resolve?name=a.1",
        "/resolve/x?name=a.test&type=A",
        "/dns-query/x?name=a",
        "/dns-query?names=a",
        "/odohconfigs",
        "/.well-known/odohconfigs/x",
        "/index.php?q=bWFpbi5qcw&hl=3ed",
        "/index.php?q=romans&hl=3ed",
        "/index.php?q=https://a.test&hl=3ed",
        "/index.php?page=1&hl=3ed",
        "/index.php?q=aHR0cDovL2EudGVzdA",
        "/x/index.php/y?q=aHR0cDovL2EudGVzdA&hl=3ed",
        "/browse.php?page=1&b=4",
        "/browse.php?b=4" + "&x=1" * MOST_PARAMETERS,
        "/index.php?b=4" + "&x=1" * (MOST_PARAMETERS + 1),
        "/?__cpo=bWFpbi5qcw",
        "/?__cpo=romans",
    ],
)
def test_what_has_a_part_of_such_a_form_is_none(path: str) -> None:
    assert anywhere(asked(path)) is None
    assert of_unknown(asked(path)) is None


def test_a_proxy_is_seen_through_escapes() -> None:
    assert of_unknown(asked("/%68vtrs8%2F-bnoakgd")) == PROXY
    assert of_unknown(asked("/x/RESOLVE/?name=a.test")) == DNS
    assert of_unknown(asked("/x/resolver?name=a.test")) is None


def test_who_asks_a_script_of_a_proxy_with_too_much_hides_which_of_it_counts() -> None:
    assert of_unknown(asked("/browse.php?b=4" + "&x=1" * (MOST_PARAMETERS + 1))) == PROXY
    assert of_unknown(asked("/x/index.php?b=4&x=1&q=aHR0cDovL2EudGVzdA")) == PROXY
    assert of_unknown(asked("/browse.php?u=x&b=4")) == PROXY
