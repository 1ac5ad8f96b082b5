"""Who got which role is told of adults by name, and pupils are counted."""

from typing import Any

import pytest

from tests.audit_api.test_sentences import told


def row(person: str, *, new: bool = False, **values: object) -> dict[str, Any]:
    return {"person": person, "new": new, "set": values, "named": False, "passwords": [], "code": False}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (row("p_tess", role="coordinator"), "Tess Taylor becomes coordinator"),
        (row("p_tess", filter_groups=["a", "b"]), "Tess Taylor has the groups a and b"),
        (row("p_tess", classes=[]), "Tess Taylor has no classes"),
        (row("p_tess", agreement_signed=False), "Tess Taylor has not signed the agreement"),
        (row("p_tess", suspended_from=None), "Tess Taylor is no longer suspended"),
        ({**row("p_tess"), "passwords": ["proxy"]}, "Tess Taylor gets a new password"),
        (row("p_tess", new=True, role="governor"), "a new account for Tess Taylor (governor)"),
        (row("p_not_yet", new=True, role="governor"), "a new account (governor)"),
        (row("p_not_yet", new=True, role="pupil"), "1 new pupil"),
        (row("p_gone", role="coordinator"), "changes to 1 other person"),
        (row("p_anna", role="staff"), "changes to 1 pupil"),
    ],
)
def test_what_changes_for_somebody_is_told(changed: dict[str, Any], says: str) -> None:
    said = told("people:propose", {"people": [changed]})

    assert said == f"Terry Tyler (technician) proposed for the register: {says}."


def test_pupils_are_counted_and_never_named() -> None:
    rows = [row(f"p_{number}", new=True, role="pupil") for number in range(12)]
    said = told("people:propose", {"people": [*rows, row("p_anna", classes=["6A"])]})

    assert said.endswith(": 12 new pupils; changes to 1 pupil.")
    assert "Anna" not in said


def test_of_very_many_adults_the_first_are_named() -> None:
    said = told("people:propose", {"people": [row("p_tess", role="staff")] * 23})

    assert (said.count("Tess Taylor"), said.endswith("; 3 more adults.")) == (20, True)
