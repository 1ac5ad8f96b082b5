"""Which lines bear out policy, lists and unblocks of a bundle, and what is said when none does."""

from hashlib import sha256
from typing import Any

import pytest

from filter_policy.proof_lines import (
    Line,
    Lines,
    LinesFault,
    check_unblocks,
    line_of,
    lists_line,
    policy_line,
)
from tests.builders import an_unblock
from tests.filter_policy.lining import AT, NOBODY, Said, at, by_two, spelled, the_log, told

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
    founding: Said = ("school:found", "system", "s", {"policy_sha256": HASH})
    assert lists_in(founding, older, sealed=()) == 2
    nobodys: Said = ("person:enrol", "p_t", "p_t", {"found_lists": LISTS})
    assert lists_in(nobodys, older, sealed=()) == 2
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
