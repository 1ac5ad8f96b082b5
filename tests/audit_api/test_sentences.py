"""Every kind of line is told in a sentence, and no pupil is named in one."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit_api.names import Names
from audit_api.sentences import TELL, people_in, sentence
from audit_log.change_log import Entry
from audit_log.people import Registered
from change_control.proposals import KINDS
from change_control.roles import MAY
from filter_policy.model import Role

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def somebody(id_: str, name: str, role: Role, *classes: str) -> Registered:
    return Registered(id_, id_, name, role, (), AT, classes)


KNOWN = {
    each.id: each
    for each in (
        somebody("p_tess", "Tess Taylor", Role.STAFF, "6B"),
        somebody("p_terry", "Terry Tyler", Role.TECHNICIAN),
        somebody("p_anna", "Anna Akhtar", Role.PUPIL, "6B"),
    )
}
UNBLOCK = {
    "sites": ["bet.test", "maths.test"],
    "classes": ["6A"],
    "filter_groups": ["upper-ks2"],
    "people": ["p_anna"],
    "starts_at": "2026-11-24T10:00:00Z",
    "ends_at": "2026-11-24T11:00:00Z",
    "proposed_by": "p_tess",
}
WHAT = (
    "bet.test and maths.test for class 6A, the group upper-ks2 and a pupil of 6B,"
    " Tuesday 24 November 2026, 10:00 to 11:00"
)


def told(event: str, detail: dict[str, Any], actor: str = "p_terry", object_id: str = "x") -> str:
    entry = Entry(1, AT, event, actor, "technician", object_id, detail, {}, "", "", "")
    assert set(people_in(entry)) >= {actor}
    return sentence(entry, Names(KNOWN, pupils=False), ZoneInfo("Europe/London"))


TWO_PEOPLE = {"people": [{"person": "p_anna", "new": True}, {"person": "p_tess", "new": False}]}
CHANGED = {"before": 2000, "after": 1000, "opened": 1000, "shut": 5}
GONE = {"before": 60, "after": 0, "opened": 60, "shut": 0}
LISTS = {"proposed_by": "p_tess", "changes": [{"list_id": "ut1", **CHANGED}, {"list_id": "old", **GONE}]}
WHICH = "the list old goes (60 entries) and the list ut1 (1,000 entries gone, 5 come)"
OPENED = {"classes": ["6B"], "ends_at": "2026-11-24T12:30:00Z"}


@pytest.mark.parametrize(
    ("event", "detail", "says"),
    [
        ("unblock:propose", UNBLOCK, f"asked to open {WHAT}."),
        ("unblock:approve", UNBLOCK, f"approved the request of Tess Taylor (staff) to open {WHAT}."),
        (
            "policy:approve",
            UNBLOCK,
            "agreed to the policy that Tess Taylor (staff) proposed. It is in force.",
        ),
        ("people:propose", TWO_PEOPLE, "proposed for the register: a change for Tess Taylor; 1 new pupil."),
        (
            "opening:open",
            OPENED,
            "gave class 6B what needs staff permission until 12:30, Tuesday 24 November 2026.",
        ),
        ("filtering-log:read", {"about": "p_anna"}, "looked at what a pupil of 6B browsed."),
        ("filtering-log:read", {"about": None}, "looked at the filtering log with names."),
        ("filtering-log:read", {"about": "class 6B", "rows": 1}, "looked at what class 6B browsed (1 row)."),
        (
            "filtering-log:export",
            {"about": None, "by_name": False, "rows": 1200},
            "exported 1,200 rows of the filtering log without names.",
        ),
        (
            "filtering-log:export",
            {"about": "class 6B", "people": ["p_anna", "p_tess"], "by_name": True, "rows": 2},
            "exported 2 rows of the filtering log of a pupil of 6B and Tess Taylor with names.",
        ),
        (
            "filtering-log:tail",
            {"about": None, "by_name": True},
            "began to watch the filtering log with names as it grows.",
        ),
        (
            "illegal-list:probe",
            {"lists": ["ctiru", "iwf"], "hash": "sealed:1"},
            "tried an address that is on a list of illegal content (ctiru and iwf).",
        ),
        ("lists:propose", LISTS, f"proposed other lists: {WHICH}."),
        (
            "lists:approve",
            LISTS,
            f"agreed to the lists that Tess Taylor (staff) proposed: {WHICH}. They are in force.",
        ),
        ("lists:decline", LISTS, "said no to the lists that Tess Taylor (staff) proposed."),
        ("lists:decline", {"proposed_by": "system"}, "said no to an update of the lists that was held."),
        ("lists:withdraw", LISTS, "took back their proposal of other lists."),
        ("lists:confirm", LISTS, f"let in an update of the lists that was held: {WHICH}."),
        ("lists:rollback", LISTS, f"went back to earlier lists: {WHICH}."),
        ("password:change", {"which": "proxy"}, "changed their browsing password."),
    ],
)
def test_a_line_is_told_in_plain_english(event: str, detail: dict[str, Any], says: str) -> None:
    assert told(event, detail) == f"Terry Tyler (technician) {says}"


def test_what_the_clock_did_is_told_without_an_actor() -> None:
    says = f"Nobody answered in time: the request of Tess Taylor (staff) to open {WHAT} lapsed."

    assert told("unblock:lapse", UNBLOCK, "system") == says


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            "lists:update",
            f"The lists were updated, within what two people agreed on: {WHICH}.",
        ),
        ("lists:hold", "An update of the lists is held, since it goes further than was agreed on: "),
        ("lists:withdraw", "An update of the lists that was held is no longer needed: "),
    ],
)
def test_what_the_schedule_did_with_lists_is_told_without_an_actor(event: str, says: str) -> None:
    assert told(event, LISTS, "system").startswith(says)


@pytest.mark.parametrize(
    ("event", "what"),
    [
        ("lists:lapse", "the lists that Tess Taylor (staff) proposed lapsed"),
        ("policy:lapse", "the policy that Tess Taylor (staff) proposed lapsed"),
        (
            "people:lapse",
            "what Tess Taylor (staff) proposed for the register lapsed: changes to 1 pupil",
        ),
    ],
)
def test_a_proposal_that_nobody_answered_is_told_to_have_lapsed(event: str, what: str) -> None:
    detail = {"proposed_by": "p_tess", "people": [{"person": "p_anna", "new": False}]}

    assert told(event, detail, "system") == f"Nobody answered in time: {what}."


def test_an_event_without_a_sentence_is_told_as_it_is() -> None:
    assert told("something:new", {}) == "Terry Tyler (technician): something new (x)."


def test_every_event_that_change_control_seals_has_a_sentence() -> None:
    by_the_clock = {f"{kind}:lapse" for kind in KINDS} | {"unblock:end"}

    assert not (set(MAY) | by_the_clock) - set(TELL)


@pytest.mark.parametrize("event", TELL)
def test_no_sentence_names_a_pupil_or_fails_on_a_bare_line(event: str) -> None:
    assert "Anna" not in told(event, {**UNBLOCK, "people": []}, "p_anna", "p_anna")
    assert told(event, {}, "system", "p_gone")[0].isupper()


ODD_DETAILS: tuple[dict[str, Any], ...] = (
    {"starts_at": "0001-01-01T00:00:00Z", "ends_at": "9999-12-31T23:59:59Z"},
    {"starts_at": "soon", "ends_at": "2026-11-24T10:00:00"},
    {"people": [{}, 1, None], "sites": 7, "classes": None},
    {"people": "p_anna", "about": 5, "until": "9999-12-31T23:59:59-12:00", "which": []},
)


@pytest.mark.parametrize("detail", ODD_DETAILS)
@pytest.mark.parametrize("event", TELL)
def test_no_line_is_too_odd_to_be_told(event: str, detail: dict[str, Any]) -> None:
    assert told(event, detail)
