"""A referral to the police says why by one of the seeds' own causes, to whom, and what nobody left out."""

import pytest

from change_control.desk import Desk
from change_control.incident_referral_codes import CODES, refer
from tests.builders import NOON
from tests.change_control.incident_school import a_case, step
from tests.change_control.school import refused, the


def test_there_is_a_code_for_each_cause_of_the_seeds() -> None:
    assert [says[-5:-1] for says in CODES.values()] == [f"A{line}" for line in range(400, 406)]


@pytest.mark.parametrize(
    ("code", "to", "reference", "reason", "fields"),
    [
        ("murder", "", "", "", {"code", "to", "reason"}),
        ("grooming", "the police", "x" * 201, "seen", {"reference"}),
        ("grooming", " ", "", "seen", {"to"}),
        ("grooming", "the police", "\0", "\0", {"reference", "reason"}),
    ],
)
def test_every_field_at_fault_is_told_at_once(  # noqa: PLR0917  # as the verb
    code: str, to: str, reference: str, reason: str, fields: set[str], desk: Desk
) -> None:
    case = a_case(desk).id
    told = refused(
        "bad-input", lambda: refer(desk, the(desk, "cora"), case, code, to, reference, reason, NOON)
    )
    assert set(told.fields) == fields


def test_a_closed_case_is_opened_again_before_it_is_referred(desk: Desk) -> None:
    case = step(desk, a_case(desk), "close", outcome="no-concern")
    args = ("grooming", "the police", "", "seen")
    refused("wrong-state", lambda: refer(desk, the(desk, "cora"), case.id, *args, NOON))
    assert refer(desk, the(desk, "hedy"), step(desk, case, "reopen").id, *args, NOON).referrals


def test_who_chose_no_reason_is_told_in_words(desk: Desk) -> None:
    case = a_case(desk).id
    found = refused(
        "bad-input", lambda: refer(desk, the(desk, "cora"), case, "", "the police", "", "x", NOON)
    )
    assert found.fields == {"code": "choose one of the reasons in the list"}
