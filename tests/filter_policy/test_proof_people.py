"""Each account is as two people agreed on, less what has been shut since."""

from dataclasses import replace
from typing import Any

import pytest

from filter_policy.model import Person, Role
from filter_policy.proof_lines import LinesFault, check_people
from tests.builders import NOON, a_person, a_policy, a_teacher
from tests.filter_policy.lining import AT, NOBODY, Said, at, by_two, person_row, spelled, the_log

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
        ("people:tighten", "p_t", "x", {"people": [person_row({"classes": []}, person="p_anna")]}),
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
