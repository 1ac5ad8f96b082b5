"""What a line of a case says is of the type that its readers rely on, or the line is told to be odd."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.incident_fold import ACTS, FoldError, fold
from audit_log.incident_model import Incident, IncidentEntry
from audit_log.incident_types import NEEDED, TYPES, moment, require_types
from audit_log.seal import stamp
from tests.builders import NOON

REPORT = {
    "source": "rule",
    "kind": "bullying",
    "about": "pupil",
    "lane": "inappropriate",
    "restricted": False,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TIME = stamp(NOON)
SOUND: dict[str, dict[str, Any]] = {
    "report": REPORT,
    "note": {"text": "seen"},
    "classify": {"kind": "bullying", "person": "p_anna"},
    "evidence": {"id": "e1", "from": TIME, "to": TIME, "person": "p_anna"},
    "file": {"id": "f1", "name": "a", "size": 1, "sha256": "0"},
    "task": {"id": "t1", "kind": "parents", "due": TIME},
    "ask": {"act": "mode", "device": "d", "sites": [], "people": [], "starts_at": TIME, "ends_at": TIME},
    "isolate": {"device": "10.0.0.5", "ends_at": TIME},
}


def entry(number: int, act: str, facts: Any) -> IncidentEntry:
    return IncidentEntry(number, "c1", act, "c1", "p_cora", NOON, facts)


@given(st.data())
def test_whatever_stands_in_a_line_a_case_of_the_right_types_comes_of_it_or_a_fold_error(
    data: st.DataObject,
) -> None:
    act = data.draw(st.sampled_from(sorted(ACTS)))
    names = sorted({*TYPES, *SOUND.get(act, {})})
    odd = data.draw(st.dictionaries(st.sampled_from(names), ANYTHING, max_size=2))
    lines = [entry(1, "report", REPORT), entry(2, act, SOUND.get(act, {}) | odd)]
    try:
        case = fold(lines)
    except FoldError:
        return
    assert_typed(case)


def assert_typed(case: Incident) -> None:
    """As the pages, the queue and the clock use it."""
    assert all(isinstance(each, str) for each in (case.kind, case.about, case.id))
    assert all(each is None or isinstance(each, str) for each in (case.person_id, case.role, case.device))
    later = NOON + timedelta(days=1)
    assert all(isinstance(each.due_at <= later, bool) for each in case.tasks)
    assert all(each.from_at <= later or each.to_at > later for each in case.evidence)
    assert all(isinstance(each.ends_at <= later, bool) for each in case.isolated)
    "".join(note.text for note in case.notes).encode()
    assert isinstance(case.restricted, bool)
    hash((case.kind, case.person_id, case.excluded, case.members))


@pytest.mark.parametrize("said", ["", "soon", "2026-11-24", "2026-11-24T12:00:00", 5, "0001-01-01T00:00Z"])
def test_a_moment_has_a_zone_and_a_year(said: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of any words
        moment(said)
    assert moment(TIME) == NOON


@pytest.mark.parametrize("act", sorted(NEEDED))
def test_a_step_without_what_its_readers_need_is_odd(act: str) -> None:
    with pytest.raises(ValueError, match="not of its type"):
        require_types("ask", {"act": act})


def test_half_a_character_anywhere_is_odd_and_nothing_of_it_is_told() -> None:
    with pytest.raises(ValueError, match="no text") as told:
        require_types("note", {"more": [{"deep": "secret\ud800"}]})
    assert "secret" not in str(told.value)
