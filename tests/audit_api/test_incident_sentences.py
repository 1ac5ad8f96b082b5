"""What is told of incidents: that somebody did something to one, and nothing of what it is about."""

import pytest

from audit_api.incident_sentences import TELL
from audit_log.incident_fold import ACTS
from tests.audit_api.cases import a_case, posted, stepped
from tests.audit_api.school import School
from tests.audit_api.test_sentences import told


def test_every_act_has_a_sentence_and_every_sentence_an_act() -> None:
    assert set(TELL) == {f"incident:{act}" for act in ACTS}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_a_line_is_told_with_the_number_of_its_case(act: str) -> None:
    says = told(f"incident:{act}", {"incident": "abcd1234", "facts": "0" * 64})
    assert "incident abcd1234" in says
    assert ("Terry Tyler (technician)" in says) == (act != "report")


@pytest.mark.parametrize(
    ("act", "to", "says"),
    [
        ("report", "reported", "Incident ab was opened by a report."),
        ("report", "", "Another report joined incident ab."),
        ("sign", "closed", "signed a step of incident ab as the second of two. It is closed."),
    ],
)
def test_where_a_case_came_to_is_told(act: str, to: str, says: str) -> None:
    assert says in told(f"incident:{act}", {"incident": "ab", "facts": "0"} | ({"to": to} if to else {}))


def test_the_change_log_tells_of_a_case_without_its_kind_and_anybodys_name(school: School) -> None:
    case = a_case(school, text="told by a friend", by=school.person("ben").id)
    stepped(school, case.id, "investigate")
    posted(school, "cora", case.id, "notes", text="about her purple telephone")
    rows = school.as_("gail").get("/api/v1/changes", params={"limit": 1000}).text
    for word in ("Anna", "Ben Brown", "circumvention", "friend", "purple", "as we saw"):
        assert word not in rows
    assert f"Cora Clark (coordinator) added a note to incident {case.id}." in rows
