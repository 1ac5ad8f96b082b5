"""What an open case of what may be illegal holds: no live address of it is shown, whoever asks."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from audit_log.incident_model import Incident
from change_control.incident_evidence import add_evidence
from change_control.incidents import Told, report
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School
from tests.audit_api.served import rows_in, served, streamed
from tests.builders import NOON

LIVE = "live-address.test"
LATER = "another-day.test"
WORDS = "where-to-find-it"


@pytest.fixture
def held(school: School) -> Incident:
    anna = school.person("anna")
    of_site = {"host": LIVE, "url": f"https://{LIVE}/a?q={WORDS}", "entry": LIVE, "rule": f"sites.{LIVE}/a"}
    row = a_row(anna, NOON - timedelta(minutes=9), opened_in=1, search_terms=WORDS, **of_site)
    before = a_row(anna, NOON - timedelta(hours=5), opened_in=1, host=LATER, url=f"https://{LATER}/")
    store(school.desk.engine, [row, before])
    seal_up_to(school.desk.engine, 1)
    case = report(school.desk, Told("hand", "pupil-illegal-material", anna.id), NOON)
    return add_evidence(school.desk, school.actor("cora"), case.id, {"event": row["event_id"]}, NOON)


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        ("terry", {}),
        ("gail", {}),
        ("cora", {"person": "anna"}),
        ("hedy", {"names": "yes"}),
        ("cora", {"host": LIVE}),
    ],
)
@pytest.mark.usefixtures("held")
def test_no_reader_of_the_log_is_shown_one(school: School, who: str, wanted: dict[str, str]) -> None:
    client, asked = school.as_(who), wanted | ({} if who == "gail" else {"purpose": "as asked for"})
    for path in ("", "/export"):
        answer = client.get(f"/api/v1/filtering-log{path}", params=asked)
        assert answer.status_code == 200, answer.text
        for secret in (LIVE, WORDS):
            assert secret not in answer.text
        assert "category-not-allowed" in answer.text
        assert (LATER in answer.text) is ("host" not in wanted)


@pytest.mark.usefixtures("held")
def test_nor_is_whoever_watches_it_grow(school: School) -> None:
    with (
        served(school) as at,
        streamed(school, f"{at}/api/v1/filtering-log/tail", "cora", person="anna", purpose="x") as answer,
    ):
        rows = rows_in(answer)
        row = a_row(school.person("anna"), NOON - timedelta(minutes=1), opened_in=2, host=LIVE, url=LIVE)
        store(school.desk.engine, [row])
        seal_up_to(school.desk.engine, 2)
        found = next(rows)
    assert (found["who"], found["host"], found["url"]) == ("Anna Akhtar", None, None)


@pytest.mark.usefixtures("held")
def test_nor_does_it_leave_the_school_with_what_is_kept_about_a_person(school: School) -> None:
    anna = school.person("anna").id
    answer = school.as_("cora").get(
        f"/api/v1/people/{anna}/access", params={"purpose": "asked for", "format": "zip"}
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        told: Any = "".join(packed.read(name).decode() for name in packed.namelist())
    assert LATER in told
    assert LIVE not in told
    assert WORDS not in told
    assert json.dumps(None) in told
