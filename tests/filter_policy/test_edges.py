"""The last that still counts and the first that does not, of forms that the deciding part looks for."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from filter_lists.names import parse_url
from filter_policy.bundle import Account
from filter_policy.circumvention import DNS, anywhere
from filter_policy.narrowing import Wanted, narrowed
from filter_policy.readings import readings
from filter_policy.terms import searched
from tests.builders import NOON, a_person
from tests.filter_policy.test_narrowing import bundle_of

HOUR = timedelta(hours=1)


def question(
    *, flags: int = 1, high: int = 0, asked: int = 1, answers: bytes = b"\0\0", rest: int = 9
) -> str:
    raw = bytes([0, 0, flags, 0, high, asked]) + answers + bytes(rest)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (question(), True),
        (question(rest=8), False),
        (question(asked=4), True),
        (question(asked=5), False),
        (question(asked=0), False),
        (question(high=1), False),
        (question(flags=7), True),
        (question(flags=8), False),
        (question(flags=0x80), False),
        (question(answers=b"\0\1"), False),
        (question(answers=b"\1\0"), False),
        (f"*{question()}", False),
    ],
)
def test_a_question_of_the_dns_is_told_from_other_bytes(text: str, seen: bool) -> None:
    assert anywhere(parse_url(f"https://a.test/x?dns={text}")) == (DNS if seen else None)


@pytest.mark.parametrize(
    ("was", "now", "ends"),
    [(NOON, NOON + HOUR, NOON), (NOON + HOUR, NOON, NOON), (NOON, None, NOON), (None, NOON, NOON)],
)
def test_of_two_ends_of_a_password_and_of_a_guest_the_earlier_stays(
    was: object, now: object, ends: object
) -> None:
    for field in ("password_ends_at", "ends_at"):
        old, new = (replace(a_person(), **{field: end}) for end in (was, now))  # type: ignore[arg-type]  # by name
        base = Wanted((Account(old, "x"),), (), ())
        (kept,) = narrowed(bundle_of(base), Wanted((Account(new, "x"),), (), ())).accounts
        assert getattr(kept.person, field) == ends


def test_an_address_within_an_address_is_read_with_all_else_as_it_was() -> None:
    url = parse_url("http://[::ffff:203.0.113.7]:8080/a/B?c=d")
    plain = [each for each in readings(url) if each.url.host == "203.0.113.7"]
    whole = [each for each in plain if each.url == url._replace(host="203.0.113.7")]
    assert whole
    assert whole[-1].strict
    assert {(each.url.scheme, each.url.port, each.url.query) for each in plain} == {("http", 8080, "c=d")}


def test_a_plus_in_a_path_that_searches_is_a_space() -> None:
    assert "make a bomb" in searched(parse_url("https://a.test/search/make+a+bomb"))
    assert (
        searched(parse_url("https://a.test/?q=%ff"))[0] == searched(parse_url("https://a.test/?q=%C3%BF"))[0]
    )
