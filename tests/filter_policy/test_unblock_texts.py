"""A teacher is told what is wrong with a request, word for word, and gets just what was asked."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from filter_lists.names import NameFault, Url, parse_site
from filter_policy.model import Listing
from filter_policy.unblock_windows import parse_instant
from filter_policy.unblocking import (
    AskError,
    UnblockAsk,
    parse_ask,
    parse_sites,
    refusal,
    refusal_of,
    site_asked,
)
from tests.builders import NOON, a_policy
from tests.filter_policy.test_unblocking import ASK

TEXTS = Path(__file__).with_name("unblock_texts.yaml").read_text(encoding="utf-8")
TOLD: list[dict[str, Any]] = yaml.safe_load(TEXTS)
DAY = timedelta(days=1)


def asked(**changes: object) -> UnblockAsk:
    return parse_ask({**ASK, **changes}, a_policy(), NOON)


def faults(without: Iterable[str] = (), **changes: object) -> dict[str, str]:
    whole = {name: value for name, value in ASK.items() if name not in without}
    with pytest.raises(AskError) as error:
        parse_ask({**whole, **changes}, a_policy(), NOON)
    assert str(error.value) == "; ".join(f"{field}: {why}" for field, why in error.value.faults.items())
    return error.value.faults


@pytest.mark.parametrize("told", TOLD)
def test_every_fault_of_a_request_is_told_as_a_teacher_reads_it(told: dict[str, Any]) -> None:
    assert faults(told.get("without", ()), **told["ask"]) == told["faults"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sites": [f"s{n}.test" for n in range(51)]}, {"sites": "51 sites; one request may name 50"}),
        ({"companions": ["a.test"] * 31}, {"companions": "31 sites; one request may name 30"}),
        ({"reason": "x" * 2001}, {"reason": "has 2001 characters; at most 2000 are kept"}),
        ({"reason": "\ud800"}, {"reason": "holds characters that cannot be kept"}),
        ({"tried": "é\udfff"}, {"tried": "holds characters that cannot be kept"}),
        (
            {"for": {"classes": ["6B"] * 101}},
            {"for.classes": "a list of at most 100 names, each of at most 64 characters"},
        ),
    ],
)  # fmt: skip
def test_too_much_is_told_with_how_much_is_allowed(changes: dict[str, Any], says: dict[str, str]) -> None:
    assert faults(**changes) == says


def test_as_much_as_is_allowed_is_understood() -> None:
    assert len(asked(sites=[f"s{n}.test" for n in range(50)]).sites) == 50
    assert len(asked(companions=[f"s{n}.test" for n in range(30)]).companions) == 30
    names = [str(n) for n in range(99)] + ["x" * 64]
    assert asked(**{"for": {"people": names}}).people == frozenset(names)
    assert asked(reason="x" * 2000, tried="é").reason == "x" * 2000
    assert asked(ends_at="2027-01-05T10:00:00Z").ends_at == NOON + 42 * DAY - timedelta(hours=2)
    assert asked(ends_at="2026-11-24T12:00:00.000001Z").ends_at > NOON
    last = NOON + 366 * DAY
    assert asked(starts_at=last.isoformat(), ends_at=(last + DAY).isoformat()).starts_at == last


def test_a_request_holds_just_what_was_asked() -> None:
    found = asked(
        sites=["a.test/x", " *.b.test ", "a.test/x"],
        companions=["img.test", "a.test/x/y", "deep.b.test", "img.test"],
        reason="  why  ",
        objective=" to learn ",
        tried="nothing",
        **{"for": {"classes": [" 6B "], "filter_groups": ["staff"], "people": ["p_1"]}},
    )

    assert found == UnblockAsk(
        sites=(parse_site("a.test/x"), parse_site("b.test")),
        classes=frozenset({"6B"}),
        filter_groups=frozenset({"staff"}),
        people=frozenset({"p_1"}),
        starts_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
        ends_at=datetime(2026, 11, 24, 13, tzinfo=UTC),
        subject="History",
        reason="why",
        companions=(parse_site("img.test"),),
        objective="to learn",
        tried="nothing",
    )


def test_windows_say_from_when_until_when() -> None:
    days = [f"2026-11-{day}T10:00:00+00:00" for day in (25, 26)], [f"2026-11-{day}T11:00" for day in (25, 26)]
    windows = [{"starts_at": starts, "ends_at": ends} for starts, ends in zip(*days, strict=True)]
    rest = {name: value for name, value in ASK.items() if name not in ("starts_at", "ends_at")}
    found = parse_ask({**rest, "windows": windows}, a_policy(), NOON)

    first, last = datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert (found.starts_at, found.ends_at) == (first, last)
    hour = timedelta(hours=1)
    assert found.windows == ((first, first + hour), (last - hour, last))
    assert asked(windows=[]).windows == ()


def test_what_nobody_may_agree_to_is_told_by_its_site_and_kind() -> None:
    seen: list[Url] = []

    def lookup(url: Url) -> list[Listing]:
        seen.append(url)
        kinds = {"a.test": "education", "bad.test": "child-sexual-abuse", "shut.test": "pornography"}
        return [Listing("unheard-of", "l", url.host), Listing(kinds[url.host], "l", url.host)]

    def told(**changes: object) -> str | None:
        return refusal(asked(**changes), a_policy(), lookup)

    locked = "shut.test/x is listed as pornography, which the policy locks; no unblock opens it"
    assert told(sites=["a.test"], companions=["shut.test/x"]) == locked
    assert told(sites=["bad.test"]) == "bad.test is on a list of illegal content; nothing opens it"
    assert told(sites=["a.test/y"], companions=[]) is None
    assert seen[-1] == Url("https", "a.test", 443, "/y")
    assert refusal_of(parse_site("shut.test/x"), a_policy(), lookup) == locked


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.0.0.0/8", "a range of addresses cannot be unblocked; name the site"),
        ("10.0.0.1", "an address cannot be unblocked; name the site"),
        ("*.co.uk", "this is not one site but the ending of many"),
    ],
)
def test_a_site_that_cannot_be_asked_for_is_named(text: str, why: str) -> None:
    with pytest.raises(NameFault) as error:
        site_asked(text)
    assert str(error.value) == f"{text!r}: {why}"


def test_what_is_no_list_of_sites_gives_none() -> None:
    found: dict[str, str] = {}
    assert parse_sites("a.test", found) == ()
    assert parse_sites(["uk", "a.test"], {}) == (parse_site("a.test"),)
    assert set(found) == {"sites"}


def test_a_time_may_have_a_zone_or_be_school_time() -> None:
    table, found = a_policy().timetable, dict[str, str]()
    instant = datetime(2026, 7, 1, 9, tzinfo=UTC)
    for value in ("2026-07-01T10:00", "2026-07-01T09:00Z", instant, "2026-07-01T11:00+02:00"):
        assert parse_instant(value, "at", table, found) == instant
    assert not found
    assert parse_instant("0001-01-01T00:00:00+14:00", "at", table, found) is None
    assert found == {"at": "this time is out of range"}
