"""What a form asks for is judged before anybody is contacted; whatever else is sent passes as it came."""

import re
import time
from collections.abc import Iterator

import pytest

from filter_lists.names import parse_url
from filter_policy.forms import with_form
from filter_policy.judge import judge_url
from filter_policy.model import Policy, Reason
from proxy_addon.asked import BadRequest, read_head
from proxy_addon.forms import awaited
from proxy_addon.records import Happening, Outcome, Rows
from tests.builders import NOON, POLICY, a_person, a_policy
from tests.harness import Gate, a_gate, proxy_login

MORE = """\
carriers: [translate.test]
terms:
  - {block: [grow a dragon], for: pupils, reason: harm}
safe_search:
  for: pupils
  rules:
    - {sites: [search.test], parameters: {safe: strict}}
"""
SITES: dict[str, str | None] = {
    "bet.test": "gambling",
    "search.test": "search",
    "school.test": "education",
    "translate.test": None,
}
BET = "http%3A%2F%2Fbet.test%2F"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=line"
CIRCUMVENTION = "  circumvention: {everyone: not_allowed, locked: true}\n"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    policy = POLICY.replace("path, address", "url, address").replace("access:\n", f"access:\n{CIRCUMVENTION}")
    with a_gate(policy + MORE, sites=SITES) as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    if "gate" in request.fixturenames:
        gate: Gate = request.getfixturevalue("gate")
        gate.origin.forget()


def sent(gate: Gate, url: str, body: str, *more: str, kind: str = FORM) -> int:
    options = ("-X", "POST", "-H", f"Content-Type: {kind}", "--data-binary", body)
    return gate.curl(url, *options, *more, user="anna").status


def in_parts(name: str, value: str) -> str:
    head = f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n--line--\r\n"


@pytest.mark.parametrize(
    ("url", "body", "kind"),
    [
        ("http://translate.test/t", f"hl=en&u={BET}", FORM),
        ("https://translate.test/t", f"u={BET}", f"{FORM}; charset=utf-8"),
        ("http://translate.test/t", in_parts("u", "http://bet.test/"), PARTS),
        ("http://translate.test/t", '{"to": [{"url": "http:\\/\\/bet.test\\/x"}]}', "application/json"),
        ("http://translate.test/t", "u=http://bet.test/\r\nx=1", "text/plain"),
        ("http://unheard-of.test/go", f"url={BET}&b=4", FORM),
        ("http://unheard-of.test/go", in_parts("url", "http://bet.test/"), PARTS),
        ("http://search.test/search", "q=Grow+a+DRAGON", FORM),
        ("https://school.test/find?q=cats", "q=grow%20a%20dragon", FORM),
        ("http://school.test/find", in_parts("q", "grow a dragon"), PARTS),
    ],
)
def test_what_a_form_asks_for_counts(gate: Gate, url: str, body: str, kind: str) -> None:
    assert sent(gate, url, body, kind=kind) == 403
    assert gate.origin.connections == 0
    row = gate.last_row(kind="request", verdict="block")
    assert row["url"] == url  # and nothing of what was sent


def test_over_http_2_it_is_the_same(gate: Gate) -> None:
    assert sent(gate, "https://translate.test/t", f"u={BET}", "--http2") == 403
    assert sent(gate, "https://translate.test/t", "u=http://school.test/", "--http2") == 200
    assert [seen.body for seen in gate.origin.seen] == [b"u=http://school.test/"]


@pytest.mark.parametrize(
    ("url", "body", "kind"),
    [
        ("http://translate.test/t", "u=http%3A%2F%2Fschool.test%2F", FORM),
        ("http://translate.test/t", "text=is+bet.test+a+word&sl=en", FORM),
        ("http://unheard-of.test/wall", f"message=who+knows+{BET}&name=anna", FORM),
        ("http://unheard-of.test/x", '{"url": "http://bet.test/"}', "application/json"),
        ("http://school.test/essay", "text=how+to+grow+a+dragon&p=grow+a+dragon", FORM),
        ("http://school.test/", f"url={BET}", FORM),  # a list knows it for no proxy
        ("http://unheard-of.test/up", in_parts("file", "x" * 70_000), PARTS),
        ("http://school.test/up", "x" * 70_000, FORM),
    ],
)
def test_everything_else_arrives_as_it_was_sent(gate: Gate, url: str, body: str, kind: str) -> None:
    assert sent(gate, url, body, kind=kind) == 200
    assert gate.origin.seen[-1].body.decode() == body
    assert gate.last_row(kind="request", verdict="allow")["ended"]


def test_a_search_by_post_is_as_safe_as_any(gate: Gate) -> None:
    assert sent(gate, "http://search.test/find", "q=x&s%61fe=off&safe=images") == 200

    seen = gate.origin.seen[-1]
    assert (seen.path, seen.body) == ("/find?safe=strict", b"q=x&safe=strict")
    assert seen.fields["content-length"] == "15"


def test_a_form_that_searches_for_nothing_is_not_written_into(gate: Gate) -> None:
    assert sent(gate, "http://search.test/login", "name=anna&word=x") == 200
    assert gate.origin.seen[-1].body == b"name=anna&word=x"
    assert sent(gate, "http://search.test/find", in_parts("safe", "off"), kind=PARTS) == 415


def test_what_is_searched_for_by_post_is_recorded_as_any_search_is() -> None:
    url = parse_url("https://html.duckduckgo.com/html")
    what = Happening("e1", NOON, "request", a_person(), "127.0.0.9", "POST", url)
    what.searched = with_form(url, "q=roman+britain&kl=uk-en", a_policy())
    row = Rows("gate-1").opened(what, Outcome(Reason.UNLISTED_ALLOWED), a_policy())
    assert (row["terms"], row["url"]) == ("roman britain", "https://html.duckduckgo.com/html")


def test_a_form_without_a_length_is_refused_where_it_counts(gate: Gate) -> None:
    chunked = ("-H", "Transfer-Encoding: chunked")
    assert sent(gate, "http://translate.test/t", f"u={BET}", *chunked) == 400
    assert sent(gate, "http://unheard-of.test/t", f"u={BET}", *chunked) == 400
    assert sent(gate, "http://translate.test/t", "u=" + "x" * 70_000) == 400
    assert sent(gate, "http://translate.test/t", "u=x", "-H", "Content-Encoding: gzip") == 400
    assert gate.origin.connections == 0


def test_who_leaves_before_the_form_is_whole_has_a_row(gate: Gate) -> None:
    head = b"POST http://translate.test/left HTTP/1.1\r\nHost: translate.test\r\n" + proxy_login("anna")
    with gate.connect() as client:
        client.sendall(head + f"Content-Type: {FORM}\r\nContent-Length: 99\r\n\r\nu=htt".encode())
        time.sleep(0.3)

    row = gate.last_row(kind="request", url="http://translate.test/left")
    assert (row["verdict"], row["rule"]) == ("block", "its form never came")
    assert gate.origin.connections == 0


def test_two_forms_on_one_connection_are_judged_apart(gate: Gate) -> None:
    def asked(body: str) -> bytes:
        head = "POST http://translate.test/two HTTP/1.1\r\nHost: translate.test\r\n"
        login = proxy_login("anna").decode()
        return f"{head}{login}Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    said = gate.raw(asked("u=http://school.test/"), asked(f"u={BET}"))

    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"403"]
    assert [seen.body for seen in gate.origin.seen] == [b"u=http://school.test/"]


def is_awaited(url: str, policy: Policy | None = None, **fields: str) -> bool:
    policy, address = policy or a_policy(), parse_url(url)
    decision = judge_url(address, a_person(), policy, lambda _: (), NOON)
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return awaited(read_head(pairs), "POST", address, decision, policy)


def test_only_forms_where_they_say_something_are_waited_for() -> None:
    assert is_awaited("https://a.test/", Content_Type=FORM, Content_Length="5")
    assert is_awaited("https://www.startpage.com/do/search", Content_Type=FORM, Content_Length="5")
    assert is_awaited("https://translate.google.com/x", Content_Type="application/json", Content_Length="5")
    assert not is_awaited("https://a.test/", Content_Type="application/json", Content_Length="5")
    assert not is_awaited("https://a.test/", Content_Type=FORM, Content_Length="0")
    assert not is_awaited("https://a.test/", Content_Length="5")
    assert not is_awaited("https://www.gov.uk/", Content_Type=FORM, Content_Length="5")


def test_a_form_of_two_kinds_is_refused() -> None:
    head = read_head(
        [(b"Content-Type", FORM.encode()), (b"content-type", b"text/css"), (b"Content-Length", b"5")]
    )
    url = parse_url("https://a.test/")
    decision = judge_url(url, a_person(), a_policy(), lambda _: (), NOON)
    with pytest.raises(BadRequest):
        awaited(head, "POST", url, decision, a_policy())
