"""Nobody agrees with himself, and whoever holds the file sees it: the rules, from sealed entries alone."""

import random
from typing import Any

import pytest

from audit_log.offline.verify_changes import check
from tests.audit_log.honest import Honest, found
from tests.builders import NOON
from tests.change_control.school import KEY

Acts = list[tuple[str, str, str, dict[str, Any]]]  # event, actor, object, detail
STAFF = {"person": "p_t", "new": True, "set": {"role": "staff"}}
NEW = {"person": "p_c", "new": True, "set": {"role": "coordinator"}, "code": True}


def a_school(*acts: tuple[Any, ...]) -> dict[str, Any]:
    """The answer about a log, sealed and signed as it should be, in which these things happened."""
    school = Honest(random.Random(1), KEY, NOON)  # noqa: S311  # not a secret
    found(school)
    for event, actor, object_id, *detail in acts:
        school.seal(event, actor, object_id, detail[0] if detail else {})
    return check(school.export()[0])


def broken(answer: dict[str, Any]) -> list[str]:
    assert not answer["faults"], answer["faults"]
    return [f"{each['entry']}: {each['says']}" for each in answer["broken"]]


def told(answer: dict[str, Any], title: str) -> list[str]:
    return [str(line) for each in answer["sections"] if each["title"] == title for line in each["lines"]]


LONG_AGO = "2026-01-01T00:00:00.000000Z"
OF_B = {"person": "p_b", "new": False, "code": False}


def let_in(*people: dict[str, Any]) -> list[Any]:
    """Two entries by which two people agree on these."""
    return [
        (f"people:{verb}", who, "x1", {"people": people})
        for verb, who in (("propose", "p_a"), ("approve", "p_b"))
    ]


ASKED = ("unblock:propose", "p_a", "u1")
STEP = ("incident:ask", "p_a", "s1", {"incident": "i1", "facts": "aa"})
SIGNED = ("incident:sign", "p_b", "s1", {"incident": "i1", "facts": "aa"})
FORBIDDEN: dict[str, tuple[Acts | list[Any], str]] = {
    "agreed to by who asked": (
        [ASKED, ("unblock:approve", "p_a", "u1", {"proposed_by": "p_a"})],
        "3: the unblock u1 is agreed to by the one who asked for it",
    ),
    "a step of an incident signed by one person": (
        [STEP, ("incident:sign", "p_a", "s1", {"incident": "i1", "facts": "aa"})],
        "3: the step of an incident s1 is agreed to by the one who asked for it",
    ),
    "a step of an incident that nobody asked for": (
        [STEP, ("incident:withdraw", "p_b", "s1", {"incident": "i1", "facts": "bb"}), SIGNED],
        "4: the step of an incident s1 is agreed to, and no entry before proposes it",
    ),
    "a step of an incident signed under other words": (
        [STEP, ("incident:sign", "p_b", "s1", {"incident": "i1", "facts": "cc"})],
        "3: the step of an incident s1 is agreed to otherwise than it was asked for: its facts",
    ),
    "a disclosure agreed to by who asked": (
        [("disclosure:propose", "p_a", "d1"), ("disclosure:approve", "p_a", "d1", {"proposed_by": "p_a"})],
        "3: the disclosure d1 is agreed to by the one who asked for it",
    ),
    "asked for by nobody": (
        [("policy:approve", "p_b", "x1")],
        "2: the policy x1 is agreed to, and no entry before proposes it",
    ),
    "asked for by the system": (
        [("lists:hold", "system", "l1", {"loosening": True}), ("lists:approve", "p_b", "l1")],
        "3: the lists l1 came into force, and one person alone is behind it",
    ),
    "agreed to after it lapsed": (
        [ASKED, ("unblock:lapse", "system", "u1"), ("unblock:approve", "p_b", "u1")],
        "4: the unblock u1 is agreed to, though it waited no more",
    ),
    "agreed to as somebody else's": (
        [ASKED, ("unblock:approve", "p_b", "u1", {"proposed_by": "p_c"})],
        "3: the unblock u1 is agreed to as if somebody else had asked for it",
    ),
    "agreed to by the system": (
        [ASKED, ("unblock:approve", "system", "u1")],
        "3: the unblock u1 came into force, and no person agreed to it",
    ),
    "a second founding": (
        [("school:found", "system", "x1", {"people": [NEW]})],
        "2: the school was founded a second time, which brings a policy that nobody agreed to",
    ),
    "an account that nobody made": (
        [ASKED, ("unblock:approve", "p_z", "u1")],
        "3: somebody acts whose account no entry brings: p_z",
    ),
    "an account of one person's making": (
        [("people:tighten", "p_a", "x1", {"people": [NEW]})],
        "2: one person alone gave an account what it had not: p_c",
    ),
    "a role of one person's giving": (
        [
            ("people:propose", "p_a", "x1", {"people": [STAFF]}),
            ("people:approve", "p_b", "x1", {"people": [STAFF]}),
            ("people:tighten", "p_a", "x2", {"people": [{"person": "p_t", "set": {"role": "coordinator"}}]}),
        ],
        "4: one person alone gave an account what it had not: p_t",
    ),
    "an unblock by one person": (
        [("unblock:tighten", "p_a", "u1")],
        "2: the unblock u1 came into force, and one person alone is behind it",
    ),
    "a list that opens, by one": (
        [
            ("lists:hold", "system", "l1", {"loosening": True}),
            ("lists:confirm", "p_a", "l1", {"loosening": True}),
        ],
        "3: the lists l1 open something, and came into force without two people",
    ),
    "an update that opens": (
        [("lists:update", "system", "l1", {"loosening": True})],
        "2: the lists l1 open something, and came into force without two people",
    ),
    "an update by a person": (
        [("lists:update", "p_a", "l1", {"loosening": False})],
        "2: the lists l1 came as an update that the system did not make",
    ),
    "a confirmation of nothing": (
        [("lists:confirm", "p_a", "l1", {"loosening": False})],
        "2: the lists l1 were let in, and no update was held",
    ),
    "an opening under another policy": (
        [("opening:open", "p_a", "o1", {"policy": "x9"})],
        "2: something was opened for a class under a policy that was not in force",
    ),
    "a review of one's own": (
        [("policy:tighten", "p_a", "x1", {}), ("review:sign", "p_a", "r1", {"about": 2, "agrees": True})],
        "3: entry 2 is reviewed by somebody whom it is about",
    ),
    "a review of nothing": (
        [("review:sign", "p_a", "r1", {"about": 1, "agrees": True})],
        "2: a review is signed, and there is nothing that it could be about",
    ),
    "a code that nobody made": (
        [("break-glass:use", "p_a", "e1", {"id": "e1", "for": "approve", "proposal": "u1"})],
        "2: a break-glass code was used that no two people made, or that was used before",
    ),
    "a code used in silence": (
        [ASKED, ("unblock:approve", "break-glass", "u1", {"used_by": "p_a"})],
        "3: something was agreed to with a break-glass code, and no entry tells of its use",
    ),
    "other sites than were asked for": (
        [
            (*ASKED, {"sites": ["maths.test"]}),
            ("unblock:approve", "p_b", "u1", {"sites": ["bets.test"], "proposed_by": "p_a"}),
        ],
        "3: the unblock u1 is agreed to otherwise than it was asked for: its sites",
    ),
    "another person than was asked for": (
        [
            ("people:propose", "p_a", "x1", {"people": [STAFF]}),
            ("people:approve", "p_b", "x1", {"people": [NEW]}),
        ],
        "3: the people x1 is agreed to otherwise than it was asked for: its people",
    ),
    "agreed to by who had left": (
        [
            ("person:end", "p_a", "p_b", {"ends_at": LONG_AGO, "openings": []}),
            ASKED,
            ("unblock:approve", "p_b", "u1"),
        ],
        "4: somebody acts whose account had ended or was suspended: p_b",
    ),
    "agreed to by who was suspended": (
        [
            ("person:suspend", "p_a", "p_b", {"from": LONG_AGO, "until": None, "openings": []}),
            ASKED,
            ("unblock:approve", "p_b", "u1"),
        ],
        "4: somebody acts whose account had ended or was suspended: p_b",
    ),
    "agreed to by who was to leave": (
        [
            *let_in(STAFF, {**OF_B, "set": {"ends_at": LONG_AGO}}),
            ASKED,
            ("unblock:approve", "p_b", "u1"),
        ],
        "5: somebody acts whose account had ended or was suspended: p_b",
    ),
    "a policy asked for by staff": (
        [*let_in(STAFF), ("policy:propose", "p_t", "x2")],
        "4: somebody acts as p_t, and is no such person by the entries before",
    ),
    "a review by staff": (
        [
            *let_in(STAFF),
            ("policy:tighten", "p_a", "x2", {}),
            ("review:sign", "p_t", "r1", {"about": 4, "agrees": True}),
        ],
        "5: somebody acts as p_t, and is no such person by the entries before",
    ),
    "an update that a person held": (
        [("lists:hold", "p_a", "l1", {"loosening": False})],
        "2: the lists l1 came as an update that the system did not make",
    ),
    "a log seen that is not this one": (
        [("change-log:seen", "p_b", "1", {"size": 1, "root": "A" * 43 + "="})],
        "2: what somebody confirmed here to have seen, 1 entries, is not what is here",
    ),
}


def test_what_two_people_signed_of_an_incident_or_a_disclosure_breaks_no_rule() -> None:
    """Staff may ask for a disclosure."""
    of_staff = [*let_in({**STAFF, "person": "staff"}), ("disclosure:propose", "staff", "d1")]
    agreed = ("disclosure:approve", "p_b", "d1", {"proposed_by": "staff"})
    assert broken(a_school(*of_staff, agreed, STEP, SIGNED)) == []


@pytest.mark.parametrize("name", list(FORBIDDEN))
def test_what_no_two_people_agreed_on_is_named(name: str) -> None:
    acts, says = FORBIDDEN[name]
    answer = a_school(*acts)

    assert says in broken(answer)
    assert answer["status"] == 1
    assert " BUT " in answer["headline"]


def test_a_role_that_was_never_given_agrees_to_nothing() -> None:
    staff = STAFF
    let_in = [
        ("people:propose", "p_a", "x1", {"people": [staff]}),
        ("people:approve", "p_b", "x1", {"people": [staff]}),
    ]
    answer = a_school(*let_in, ASKED, ("unblock:approve", "p_t", "u1"))

    assert broken(answer) == ["5: somebody acts as p_t, and is no such person by the entries before"]


OTHERS: Acts = [("person:end", "p_d", "p_b", {})]
CODE = [("break-glass:propose", "p_a", "e1"), ("break-glass:approve", "p_b", "e1", {"proposed_by": "p_a"})]
USE = ("break-glass:use", "p_a", "e1", {"id": "e1", "for": "approve", "proposal": "u1", "proposed_by": "p_a"})
AGREED = ("unblock:approve", "break-glass", "u1", {"proposed_by": "p_a", "used_by": "p_a"})


def test_a_use_of_the_envelope_is_told_with_who_has_looked_at_it() -> None:
    answer = a_school(*CODE, ASKED, USE, AGREED, ("review:sign", "p_b", "r1", {"about": 5, "agrees": True}))

    assert broken(answer) == []
    (line,) = told(answer, "The break-glass code")
    assert " by P_A to agree alone to an unblock (u1) (entry 5). 1 of 2 others" in line
    assert "have looked at it (signed by P_B)." in line


def test_an_envelope_works_once() -> None:
    answer = a_school(*CODE, ASKED, USE, AGREED, USE)

    assert broken(answer) == [
        "7: a break-glass code was used that no two people made, or that was used before"
    ]


def test_an_account_that_came_back_by_the_envelope_opens_nothing_before_two_others_looked() -> None:
    use = ("break-glass:use", "break-glass", "e1", {"id": "e1", "for": "code", "person": "p_a"})
    answer = a_school(*CODE, use, ASKED)

    says = "somebody whose account came back by a break-glass code acts before others looked at that"
    assert broken(answer) == [f"5: {says}"]


def test_what_one_person_shut_is_counted_with_what_nobody_has_looked_at() -> None:
    answer = a_school(
        ("policy:tighten", "p_a", "x1", {"loosening": False}),
        ("person:suspend", "p_a", "p_gone"),
        ("review:sign", "p_b", "r1", {"about": 2, "agrees": True}),
    )

    assert answer["status"] == 0
    lines = told(answer, "One person, at once")
    assert lines[0] == "One person shut something at once: 2 times. Looked at by others since: 1."
    assert lines[1].endswith("entry 3.")


def test_who_does_not_agree_is_told_until_he_does() -> None:
    shut = ("policy:tighten", "p_a", "x1", {"loosening": False})
    no, yes = (("review:sign", "p_b", "r1", {"about": 2, "agrees": agrees}) for agrees in (False, True))

    assert told(a_school(shut, no), "Worth a question")[0] == "P_B does not agree with what entry 2 did."
    assert not any("does not agree" in line for line in told(a_school(shut, no, yes), "Worth a question"))


@pytest.mark.parametrize(
    ("left", "stays"), [([], True), ([("person:end", "p_a", "p_b", {})], True), (OTHERS, False)]
)
def test_a_no_is_over_when_others_than_the_writer_made_its_account_end(left: Acts, *, stays: bool) -> None:
    made = [*let_in({**NEW, "person": "p_c", "code": True}, {**NEW, "person": "p_d"})]
    shut: list[Any] = [("policy:tighten", "p_a", "x2", {"loosening": False})]
    no, yes = (
        ("review:sign", who, "r1", {"about": 4, "agrees": agrees, "gone": gone})
        for who, agrees, gone in (("p_b", False, []), ("p_c", True, ["p_b"]))
    )
    answer = a_school(*made, *shut, no, *left, yes)

    assert any("does not agree" in line for line in told(answer, "Worth a question")) == stays


def test_an_account_acts_again_when_its_suspension_is_over() -> None:
    over = {**OF_B, "set": {"suspended_from": None, "suspended_until": None}}
    suspended = ("person:suspend", "p_a", "p_b", {"from": LONG_AGO, "until": None})
    brief = ("person:suspend", "p_a", "p_b", {"from": LONG_AGO, "until": "2026-01-02T00:00:00.000000Z"})
    again = ("people:tighten", "p_a", "x2", {"people": [over]})
    for shut in ([brief], [suspended, again]):
        assert broken(a_school(*shut, ASKED, ("unblock:approve", "p_b", "u1"))) == []


def test_looks_by_name_are_counted_by_who_looked() -> None:
    by_name = [
        ("filtering-log:read", "p_a", "everybody"),
        ("filtering-log:tail", "p_a", "x", {"by_name": True}),
    ]
    answer = a_school(*by_name, ("filtering-log:export", "p_b", "x", {"by_name": False}))

    assert told(answer, "Looked at by name") == [
        "P_A read, took out or watched somebody's browsing by name: 2 times."
    ]


def test_an_account_that_agrees_with_who_proposed_it_is_worth_a_question() -> None:
    made = [
        ("people:propose", "p_a", "x1", {"people": [NEW]}),
        ("people:approve", "p_b", "x1", {"people": [NEW]}),
    ]
    answer = a_school(*made, ASKED, ("unblock:approve", "p_c", "u1"))

    asked = [line for line in told(answer, "Worth a question") if "itself proposed" in line]
    assert asked == ["P_A asked and p_c agreed 1 time, and the account of p_c was itself proposed by P_A."]


@pytest.mark.parametrize("asks", [True, False])
def test_what_was_shut_before_anybody_was_asked_to_look_waits_for_nobody(asks: bool) -> None:
    """An older version opened no reviews, and nobody can sign what was never opened."""
    old = [("person:suspend", "p_a", "p_gone"), ("person:end", "p_b", "p_gone")]
    new = [("person:suspend", "p_a", "p_gone", {"review": True}), ("person:suspend", "p_a", "p_gone")]

    lines = told(a_school(*old, *(new if asks else [])), "One person, at once")

    before = "Before anybody was asked to look at such things, one person shut something: 2 times."
    assert before in lines
    assert ("Not yet looked at by others: entries 4, 5." in lines) == asks
    assert len(lines) == (3 if asks else 1)
