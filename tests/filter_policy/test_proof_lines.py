"""Which lines bear out what a bundle holds, and how it is told when they do not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from filter_policy.model import Opening, Person, Role
from filter_policy.proof_lines import (
    Line,
    Lines,
    LinesFault,
    check_openings,
    check_people,
    check_unblocks,
    line_of,
    lists_line,
    policy_line,
    shut_by,
)
from tests.builders import NOON, a_person, a_policy, a_teacher, an_unblock

AT = "2026-11-24T12:00:00.000000Z"
Said = tuple[str, str, str, Mapping[str, Any]]  # event, actor, object, detail


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def spelled(when: datetime) -> str:
    return when.isoformat()


def the_log(*said: Said) -> Lines:
    """Entries 1, 2, ... in this order."""
    return Lines.in_order(
        Line(seq, event, actor, about, AT, detail)
        for seq, (event, actor, about, detail) in enumerate(said, 1)
    )


def by_two(kind: str, about: str, detail: Mapping[str, Any]) -> tuple[Said, Said]:
    return (
        (f"{kind}:propose", "p_terry", about, detail),
        (f"{kind}:approve", "p_hedy", about, {**detail, "proposed_by": "p_terry"}),
    )


def told(check: Callable[[], object]) -> str:
    with pytest.raises(LinesFault) as fault:
        check()
    return str(fault.value)


ENTRY = {"seq": 7, "event": "a:b", "actor": "p_a", "object": "o1", "at": AT, "detail": {"x": 1}, "role": ""}


def test_an_entry_is_read_as_a_line() -> None:
    assert line_of(7, ENTRY) == Line(7, "a:b", "p_a", "o1", AT, {"x": 1})


@pytest.mark.parametrize("change", [{"seq": 8}, {"event": 5}, {"actor": None}, {"object": []}, {"at": 1.5}])
def test_an_entry_of_another_form_is_none(change: dict[str, Any]) -> None:
    assert told(lambda: line_of(7, {**ENTRY, **change})) == "entry 7 is none"


def test_lines_count_in_their_order_however_they_are_brought() -> None:
    older, newer = Line(1, "a:b", "p", "o", AT, {}), Line(2, "a:b", "q", "o", AT, {})
    for lines in (Lines.in_order([older, newer]), Lines.in_order([newer, older])):
        assert lines.all == [older, newer]
        assert lines.of == {("a:b", "o"): newer}
        assert lines.last(frozenset({"a:b", "c:d"})) == newer
        assert lines.last(frozenset({"c:d"})) is None


# What two people must have agreed on: here an unblock, and so with everything else.
UNBLOCK = {
    "sites": ["bet.test"], "classes": ["6B"], "filter_groups": [], "people": [],
    "starts_at": spelled(at(-60)), "ends_at": spelled(at(60)), "windows": [],
}  # fmt: skip
PROPOSED, APPROVED = by_two("unblock", "u1", UNBLOCK)
NOBODY = "approves what no person proposed"


def unblocks_in(*said: Said) -> str:
    """What is said of the unblock; nothing, where it is proven."""
    try:
        check_unblocks(the_log(*said), [an_unblock("bet.test")])
    except LinesFault as fault:
        return str(fault)
    return ""


def approved(actor: str = "p_hedy", **changes: Any) -> Said:
    return ("unblock:approve", actor, "u1", {**UNBLOCK, "proposed_by": "p_terry", **changes})


def used(**changes: Any) -> Said:
    return ("break-glass:use", "p_terry", "b1", {"for": "approve", "proposal": "u1", **changes})


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([PROPOSED, APPROVED], ""),
        ([PROPOSED], "no entry approved unblock u1"),
        ([APPROVED], f"entry 1 {NOBODY}"),
        ([APPROVED, PROPOSED], f"entry 1 {NOBODY}"),
        ([PROPOSED, approved(proposed_by="p_else")], f"entry 2 {NOBODY}"),
        ([PROPOSED, approved("system")], f"entry 2 {NOBODY}"),
        (
            [("unblock:propose", "system", "u1", UNBLOCK), approved(proposed_by="system")],
            f"entry 2 {NOBODY}",
        ),
        ([("policy:propose", "p_terry", "u1", UNBLOCK), APPROVED], f"entry 2 {NOBODY}"),
        ([PROPOSED, approved("p_terry")], "entry 2: one person proposed and approved"),
        (
            [PROPOSED, approved("break-glass")],
            "entry 2 was approved by break-glass, and no entry says who used it",
        ),
        ([PROPOSED, approved("break-glass"), used()], ""),
        (
            [PROPOSED, approved("break-glass"), used(**{"for": "reset"})],
            "entry 2 was approved by break-glass, and no entry says who used it",
        ),
        (
            [PROPOSED, approved("break-glass"), ("people:use", "p_terry", "b1", used()[3])],
            "entry 2 was approved by break-glass, and no entry says who used it",
        ),
        (
            [PROPOSED, approved("break-glass"), used(proposal="u2")],
            "entry 2 was approved by break-glass, and no entry says who used it",
        ),
        ([PROPOSED, approved(classes=["6A"])], "entry 2 approves something else than entry 1 proposed"),
        (
            [("unblock:propose", "p_terry", "u1", {**UNBLOCK, "note": "x"}), APPROVED],
            "entry 2 approves something else than entry 1 proposed",
        ),
        (
            [PROPOSED, APPROVED, ("unblock:revoke", "p_hedy", "u1", {})],
            "unblock u1 was over with entry 3",
        ),
        ([PROPOSED, APPROVED, ("unblock:end", "system", "u1", {})], "unblock u1 was over with entry 3"),
        ([PROPOSED, APPROVED, ("unblock:end", "system", "u2", {})], ""),
        ([("unblock:end", "system", "u1", {}), PROPOSED, APPROVED], ""),
    ],
)
def test_two_people_must_have_agreed_and_nobody_taken_it_back(said: list[Said], says: str) -> None:
    assert unblocks_in(*said) == says


WINDOW = (at(0), at(40))


@pytest.mark.parametrize(
    ("changes", "its"),
    [
        ({"classes": frozenset({"6A"})}, "classes"),
        ({"classes": frozenset({"6B", "6A"})}, "classes"),
        ({"filter_groups": frozenset({"staff"})}, "filter_groups"),
        ({"people": frozenset({"p_anna"})}, "people"),
        ({"starts_at": at(-61)}, "starts_at"),
        ({"ends_at": at(61)}, "ends_at"),
        ({"windows": (WINDOW,)}, "windows"),
    ],
)
def test_what_an_unblock_has_that_was_not_approved_is_named(changes: dict[str, Any], its: str) -> None:
    lines = the_log(PROPOSED, APPROVED)

    says = told(lambda: check_unblocks(lines, [an_unblock("bet.test", **changes)]))

    assert says == f"unblock u1 is not what entry 2 approved: its {its}"


def test_an_unblock_is_as_approved_in_whatever_order_it_is_written() -> None:
    detail = {
        **UNBLOCK, "sites": ["b.test", "a.test"], "classes": ["6B", "6A"], "filter_groups": ["z", "y"],
        "people": ["p_b", "p_a"], "windows": [[spelled(each) for each in WINDOW]],
    }  # fmt: skip
    groups, people = frozenset({"y", "z"}), frozenset({"p_a", "p_b"})
    both = frozenset({"6A", "6B"})
    unblock = an_unblock(
        "a.test", "b.test", classes=both, filter_groups=groups, people=people, windows=(WINDOW,)
    )

    check_unblocks(the_log(*by_two("unblock", "u1", detail)), [unblock])


def test_lines_from_before_there_were_windows_prove_an_unblock_without_any() -> None:
    older = {name: value for name, value in UNBLOCK.items() if name not in ("windows", "people")}

    check_unblocks(the_log(*by_two("unblock", "u1", older)), [an_unblock("bet.test")])


def test_a_companion_is_open_only_where_the_second_person_says_so() -> None:
    asked = {**UNBLOCK, "companions": ["cdn.test"]}
    propose, approve = by_two("unblock", "u1", asked)
    agreed = {**approve[3], "agreed": {"sites": ["bet.test"], "companions": ["cdn.test"]}}
    both = an_unblock("bet.test", "cdn.test")

    check_unblocks(the_log(propose, approve), [an_unblock("bet.test")])
    assert told(lambda: check_unblocks(the_log(propose, approve), [both])).endswith("its sites")
    check_unblocks(the_log(propose, ("unblock:approve", "p_hedy", "u1", agreed)), [both])


TEXT = "the policy"
HASH = sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        (by_two("policy", "a", {"policy_sha256": HASH}), 2),
        ([("policy:tighten", "p_terry", "a", {"policy_sha256": HASH})], 1),
        ([("school:found", "system", "a", {"policy_sha256": HASH})], 1),
        ([("school:found", "system", "a", {}), ("policy:tighten", "p_t", "b", {"policy_sha256": HASH})], 2),
    ],
)
def test_the_last_line_about_a_policy_brought_it_into_force(said: list[Said], entry: int) -> None:
    assert policy_line(the_log(*said), TEXT).seq == entry


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([], "no entry brought this policy into force"),
        ([("school:found", "system", "a", {})], "no entry brought this policy into force"),
        (
            [
                ("policy:tighten", "p_t", "a", {"policy_sha256": HASH}),
                ("policy:tighten", "p_t", "b", {"policy_sha256": "0" * 64}),
            ],
            "no entry brought this policy into force",
        ),
        (by_two("policy", "a", {"policy_sha256": HASH})[1:], f"entry 1 {NOBODY}"),
    ],
)
def test_a_policy_that_no_line_brought_is_not_proven(said: list[Said], says: str) -> None:
    assert told(lambda: policy_line(the_log(*said), TEXT)) == says


LISTS = {"generation": "g1", "sealed_lists": ["iwf"]}
TIGHTENED: Said = ("policy:tighten", "p_t", "a", {"policy_sha256": HASH})


def lists_in(*said: Said, lists: str = "g1", sealed: tuple[str, ...] = ("iwf",)) -> int:
    lines = the_log(*said)
    return lists_line(lines, policy_line(lines, TEXT), lists, frozenset(sealed)).seq


@pytest.mark.parametrize(
    "said",
    [
        by_two("lists", "l", LISTS),
        [("lists:update", "system", "l", LISTS)],
        [("lists:confirm", "p_t", "l", LISTS)],
        [("lists:rollback", "p_t", "l", {**LISTS, "loosening": False})],
        [("lists:tighten", "p_t", "l", LISTS)],
    ],
)
def test_the_last_line_about_lists_brought_them_into_force(said: list[Said]) -> None:
    founded: Said = ("school:found", "system", "s", {"found_lists": {"generation": "g0"}})
    assert lists_in(founded, TIGHTENED, *said) == 2 + len(said)


def test_lists_of_the_founding_are_those_that_its_line_names() -> None:
    founded: Said = ("school:found", "system", "s", {"policy_sha256": HASH, "found_lists": LISTS})
    again: Said = ("school:found", "system", "s", {"policy_sha256": HASH})

    assert lists_in(founded) == 1
    assert lists_in(founded, TIGHTENED) == 1
    assert lists_in(founded, again) == 1


def test_in_logs_of_the_first_format_the_line_of_the_policy_names_the_lists() -> None:
    older: Said = ("policy:tighten", "p_t", "a", {"policy_sha256": HASH, "lists": "g1"})

    assert lists_in(older, sealed=()) == 1
    assert told(lambda: lists_in(older)) == "no entry brought these lists into force"


ONE_MAY_NOT = "entry 2 opens more of the lists than one person may"


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([("lists:update", "system", "l", {**LISTS, "generation": "g2"})], None),
        ([("lists:update", "system", "l", {**LISTS, "sealed_lists": []})], None),
        ([("lists:update", "system", "l", {**LISTS, "sealed_lists": ["iwf", "x"]})], None),
        ([("lists:update", "system", "l", {"generation": "g1"})], None),
        (by_two("lists", "l", LISTS)[1:], f"entry 2 {NOBODY}"),
        ([("lists:confirm", "p_t", "l", {**LISTS, "loosening": True})], ONE_MAY_NOT),
        ([("lists:update", "system", "l", {**LISTS, "loosening": True})], ONE_MAY_NOT),
        ([("lists:update", "p_t", "l", LISTS)], ONE_MAY_NOT),
        ([("lists:tighten", "system", "l", LISTS)], ONE_MAY_NOT),
    ],
)
def test_lists_that_no_line_brought_are_not_proven(said: list[Said], says: str | None) -> None:
    expected = says or "no entry brought these lists into force"
    assert told(lambda: lists_in(TIGHTENED, *said)) == expected


OPENING = Opening("o1", "p_tess", frozenset({"6B"}), NOON, at(45))
OPENED = {"classes": ["6B"], "starts_at": spelled(NOON), "ends_at": spelled(at(45))}
OPEN: Said = ("opening:open", "p_tess", "o1", OPENED)
SHUT = "opening o1 was shut before that, and an entry says so"


def openings_in(opening: Opening, *said: Said) -> str:
    try:
        check_openings(the_log(*said), [opening])
    except LinesFault as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"ends_at": at(5)}, ""),
        ({"ends_at": at(46)}, "opening o1 is not what entry 1 opened"),
        ({"starts_at": at(-1)}, "opening o1 is not what entry 1 opened"),
        ({"classes": frozenset({"6B", "6A"})}, "opening o1 is not what entry 1 opened"),
        ({"opened_by": "p_terry"}, "no entry of theirs made opening o1"),
        ({"id": "o2"}, "no entry of theirs made opening o2"),
    ],
)
def test_an_opening_is_as_its_line_says_or_ends_sooner(changes: dict[str, Any], says: str) -> None:
    assert openings_in(replace(OPENING, **changes), OPEN) == says


def test_an_opening_without_an_end_is_none() -> None:
    endless: Said = ("opening:open", "p_tess", "o1", {**OPENED, "ends_at": None})
    assert openings_in(OPENING, endless) == "opening o1 is not what entry 1 opened"


def closed(minutes: int) -> Said:
    return ("opening:close", "p_tess", "o1", {"ends_at": spelled(at(minutes))})


def person(set_: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"person": "p_tess", "new": False, "set": set_, "code": False, **changes}


@pytest.mark.parametrize(
    "said",
    [
        [closed(20)],
        [closed(20), closed(30)],
        [closed(30), closed(20)],
        [("person:suspend", "p_h", "p_tess", {"openings": ["o1"]}), closed(20)],
    ],
)
def test_an_opening_that_was_shut_ends_when_it_was_first_shut(said: list[Said]) -> None:
    until = at(20) if all(event == "opening:close" for event, *_ in said) else NOON

    assert openings_in(replace(OPENING, ends_at=until), OPEN, *said) == ""
    assert openings_in(replace(OPENING, ends_at=until + timedelta(minutes=1)), OPEN, *said) == SHUT


def test_who_loses_a_role_or_class_loses_what_they_had_opened() -> None:
    tightened: Said = ("people:tighten", "p_h", "x", {"people": [person({"role": "pupil"})]})

    assert openings_in(OPENING, OPEN, tightened) == SHUT
    assert openings_in(replace(OPENING, ends_at=NOON), OPEN, tightened) == ""
    assert openings_in(OPENING, tightened, OPEN) == ""  # opened since


@pytest.mark.parametrize(
    ("event", "detail", "shut"),
    [
        ("opening:close", {}, ["it"]),
        ("person:suspend", {"openings": ["o1", "o2"]}, ["o1", "o2"]),
        ("person:end", {"openings": ["o1"]}, ["o1"]),
        ("person:end", {}, []),
        ("opening:open", {"openings": ["o1"]}, []),
        *(
            (event, {"people": [person({word: None}), person({}, person="p_x")]}, ["o1"])
            for event in ("people:approve", "people:tighten")
            for word in ("role", "classes", "agreement_signed", "starts_at", "ends_at")
        ),
        ("people:approve", {"people": [person({"filter_groups": []})]}, []),
        ("people:approve", {"people": [person({"role": "staff"}, new=True)]}, []),
        ("people:approve", {"people": [person({"role": "staff"}, person="p_else")]}, []),
        ("people:propose", {"people": [person({"role": "staff"})]}, []),
    ],
)
def test_each_line_says_which_openings_it_shuts(event: str, detail: dict[str, Any], shut: list[str]) -> None:
    opened = {"p_tess": ["o1"], "p_x": ["o2"]}
    assert list(shut_by(event, "it", detail, opened)) == shut


# Who everybody is.
ANNA = a_person(classes=("6A", "6B"), starts_at=NOON, ends_at=at(60))
ROW = {
    "role": "pupil", "filter_groups": ["upper-ks2"], "classes": ["6B", "6A"], "agreement_signed": True,
    "starts_at": AT, "ends_at": spelled(at(60)), "suspended_from": None, "suspended_until": None,
}  # fmt: skip


def people_by(actors: str, *rows: dict[str, Any], about: str = "x") -> list[Said]:
    said = {"people": [{"person": "p_anna", "new": True, "code": False, **row} for row in rows]}
    if actors == "two":
        return list(by_two("people", about, said))
    return [("people:tighten", "p_terry", about, said)]


CAME = people_by("two", {"set": ROW})


def people_in(who: Person, *said: Said) -> str:
    try:
        check_people(the_log(*said), [who], a_policy())
    except LinesFault as fault:
        return str(fault)
    return ""


def not_agreed(its: str) -> str:
    return f"account p_anna is not what was agreed on: its {its}"


@pytest.mark.parametrize(
    ("changes", "its"),
    [
        ({"role": Role.STAFF}, "role"),
        ({"role": None}, "role"),
        ({"filter_groups": ("staff",)}, "filter_groups"),
        ({"filter_groups": ("upper-ks2", "staff")}, "filter_groups"),
        ({"classes": ("6A",)}, "classes"),
        ({"agreement_signed": False}, "agreement_signed"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": at(1)}, "starts_at"),
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": at(61)}, "ends_at"),
        ({"suspended_from": NOON}, "suspended_from"),
        ({"suspended_until": NOON}, "suspended_until"),
    ],
)
def test_an_account_is_as_it_was_agreed_on(changes: dict[str, Any], its: str) -> None:
    assert people_in(ANNA, *CAME) == ""
    assert people_in(replace(ANNA, **changes), *CAME) == not_agreed(its)


def test_an_account_that_no_line_brought_is_not_proven() -> None:
    assert people_in(ANNA) == "no entry brought account p_anna"
    assert people_in(ANNA, *CAME[1:]) == f"entry 1 {NOBODY}"


def test_what_was_shut_since_must_be_shut() -> None:
    suspended: Said = ("person:suspend", "p_t", "p_anna", {"from": AT, "until": spelled(at(30))})
    ended: Said = ("person:end", "p_t", "p_anna", {"ends_at": AT})
    erased: Said = ("erasure:approve", "p_t", "e1", {"person": "p_anna"})
    away = replace(ANNA, suspended_from=NOON, suspended_until=at(30))

    assert people_in(away, *CAME, suspended) == ""
    assert people_in(ANNA, *CAME, suspended) == not_agreed("suspended_from")
    assert people_in(replace(away, suspended_until=None), *CAME, suspended) == not_agreed("suspended_until")
    assert people_in(replace(ANNA, ends_at=NOON), *CAME, ended) == ""
    assert people_in(ANNA, *CAME, ended) == not_agreed("ends_at")
    assert people_in(ANNA, *CAME, erased) == not_agreed("filter_groups")
    nobody = replace(ANNA, filter_groups=(), classes=(), agreement_signed=False, starts_at=None)
    assert people_in(nobody, *CAME, erased) == ""


@pytest.mark.parametrize(
    "said",
    [
        ("person:suspend", "p_t", "p_anna", {"from": AT, "until": None}),
        ("person:end", "p_t", "p_anna", {"ends_at": AT}),
        ("erasure:approve", "p_t", "e1", {"person": "p_anna"}),
        ("people:tighten", "p_t", "x", {"people": [person({"classes": []}, person="p_anna")]}),
    ],
)
def test_who_was_only_ever_shut_out_has_no_account(said: Said) -> None:
    assert people_in(a_person(), said) == not_agreed("role")


def test_a_change_leaves_the_rest_as_it_was_and_an_arrival_does_not() -> None:
    tightened = people_by("one", {"set": {"classes": ["6B"]}, "new": False})
    again = people_by("two", {"set": {"role": "pupil"}, "new": True}, about="y")

    assert people_in(replace(ANNA, classes=("6B",)), *CAME, *tightened) == ""
    assert people_in(ANNA, *CAME, *tightened) == not_agreed("classes")
    assert people_in(a_person(groups=()), *CAME, *again) == ""


def test_a_code_is_given_by_two_people_alone() -> None:
    rows = {"set": ROW, "code": True}

    assert people_in(ANNA, *people_by("two", rows)) == ""
    assert people_in(ANNA, *people_by("one", rows)) == (
        "entry 1: one person gave somebody the power to approve"
    )


def founded(**row: Any) -> Said:
    return ("school:found", "system", "s", {"people": [{"person": "p_tess", "role": "staff", **row}]})


def test_founders_are_in_the_groups_that_the_line_names_or_in_those_of_their_role() -> None:
    tess, is_not = a_teacher(), "account p_tess is not what was agreed on: its filter_groups"

    assert people_in(tess, founded()) == ""
    assert people_in(tess, founded(filter_groups=["staff"])) == ""
    assert people_in(tess, founded(filter_groups=["guests"])) == is_not
    assert people_in(replace(tess, filter_groups=("upper-ks2",)), founded()) == is_not
    assert people_in(replace(tess, filter_groups=("guests",)), founded(role="guest")) != ""
    guest = replace(tess, role=Role.GUEST, filter_groups=("guests", "staff", "gone"))
    assert people_in(guest, founded(role="guest")) == ""  # a group that the policy lost opens nothing
