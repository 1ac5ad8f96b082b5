"""Cases in the window's school, for its tests."""

from typing import Any

from audit_log.incident_model import Incident
from change_control.incidents import Told, report
from tests.audit_api.school import School
from tests.builders import NOON

AT = "/api/v1/incidents"
SECRET = "https://hidden-place.test/path?q=1"


def a_case(
    school: School, kind: str = "pupil-circumvention", about: str | None = "anna", **more: Any
) -> Incident:
    """Opened by a rule unless `source` says otherwise."""
    person = school.person(about).id if about else None
    return report(school.desk, Told(**{"source": "rule", "kind": kind, "person": person} | more), NOON)


def a_staff_case(school: School, about: str = "sam", **more: Any) -> Incident:
    """Seen by the headteacher alone, until one more is named."""
    return a_case(school, "staff-personal-channels", about, **more)


def posted(school: School, username: str, id_: str, path: str, **body: Any) -> dict[str, Any]:
    """The case as it is after that."""
    answer = school.as_(username).post(f"{AT}/{id_}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["case"]
    return found


def stepped(school: School, id_: str, act: str, by: tuple[str, str] = ("cora", "hedy"), **facts: Any) -> Any:
    """Asked for by the first and signed by the second."""
    asked = posted(school, by[0], id_, "steps", act=act, reason="as we saw in the log", **facts)
    return posted(school, by[1], id_, f"steps/{asked['steps'][-1]['id']}/sign")
