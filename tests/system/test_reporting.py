"""From what happens at the gate to the coordinator's queue, and from a block page to a report: all real."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

import httpx2
import pytest

from audit_api.rates import Rates
from audit_api.reporting import OF_ONE_ADDRESS
from audit_log.db import reading
from audit_log.incident_model import Incident
from audit_log.incidents import open_cases
from tests.system.school import School, wait_for

pytestmark = pytest.mark.system
SECONDS = 5.0  # from the event to the queue
REPORT = re.compile(r'href="([^"]*/report\?ref=([0-9A-Z]{3}-[0-9A-Z]{3}))"')
FORM = re.compile(r'name="form" value="([^"]+)"')


def cases(school: School) -> list[Incident]:
    with reading(school.desk.engine) as conn:
        return open_cases(conn)


def has_opened(school: School, kind: str) -> bool:
    return kind in [case.kind for case in cases(school)]


def queue_of(client: httpx2.Client) -> list[str]:
    answer = client.get("/api/v1/incidents")
    assert answer.status_code == 200, answer.text
    return [row["kind"] for row in answer.json()["rows"]]


def test_what_the_gate_noticed_is_in_the_queue_within_five_seconds(school: School) -> None:
    with school.api("cora") as cora:
        for username, kind in (("amy", "pupil-illegal-material"), ("tess", "staff-illegal-material")):
            begun = time.monotonic()
            assert school.status(username, "https://illegal-example.test/") == 403
            wait_for(partial(has_opened, school, kind), kind, SECONDS)
            assert time.monotonic() - begun < SECONDS
        found = {case.kind: case for case in cases(school)}
        assert found["pupil-illegal-material"].person_id == school.actor("amy").person_id
        assert found["staff-illegal-material"].restricted
        assert queue_of(cora) == ["pupil-illegal-material"]
        assert "illegal-example" not in str(found)


def test_a_child_reports_from_the_block_page_and_nobody_signs_in(school: School) -> None:
    blocked = school.browse("ben", "https://bets.test/")
    link = REPORT.search(blocked.text)
    assert link
    wait_for(lambda: school.rows(reference=link[2]), "the row")
    with httpx2.Client(proxy=school.proxy(None), trust_env=False, timeout=20) as anybody:
        page = anybody.get(link[1])
        form = FORM.search(page.text)
        assert form
        said = {"form": form[1], "ref": link[2], "happened": "saw", "text": "it opened by itself"}
        done = anybody.post(link[1].partition("?")[0], data=said)
    assert (done.status_code, done.headers["location"]) == (303, "/report/thanks")
    (case,) = [each for each in cases(school) if each.kind == "unsorted"]
    assert case.person_id == school.actor("ben").person_id
    assert case.reports[0].self_reported
    wait_for(lambda: school.rows(host="127.0.0.1"), "the row of the report")
    assert {row["person_id"] for row in school.rows(host="127.0.0.1")} == {None}


@contextmanager
def only(school: School, reports: int) -> Iterator[None]:
    """So many of one device, and quickly answered."""
    window = school.app.state.window
    before = window.rates, window.reporting.seconds
    window.rates = Rates(clock=lambda: 0.0, factor=reports / OF_ONE_ADDRESS.burst)
    window.reporting.seconds = 0.01
    try:
        yield
    finally:
        window.rates, window.reporting.seconds = before


def reported_from(school: School, device: str, text: str, **claims: str) -> int:
    """By way of the gate."""
    to = f"http://127.0.0.1:{school.api_port}/report"
    form = FORM.search(httpx2.get(to, trust_env=False).text)
    assert form
    said = urlencode({"form": form[1], "happened": "grown-up", "text": text})
    fields = {"Content-Type": "application/x-www-form-urlencoded"} | claims
    client = http.client.HTTPConnection("127.0.0.1", school.port, timeout=20, source_address=(device, 0))
    client.request("POST", to, said, fields)
    status = client.getresponse().status
    client.close()
    return status


def test_each_device_behind_the_gate_has_a_limit_of_its_own(school: School) -> None:
    with only(school, 3):
        assert [reported_from(school, "127.0.0.5", f"a{number}") for number in range(4)] == [
            303,
            303,
            303,
            429,
        ]
        assert reported_from(school, "127.0.0.6", "b") == 303


def test_no_device_is_another_by_saying_so(school: School) -> None:
    with only(school, 2):
        mine = [reported_from(school, "127.0.0.7", f"c{number}") for number in range(2)]
        assert mine == [303, 303]
        for name in ("X-Forwarded-For", "x_forwarded_for", "Forwarded"):
            claim = {name: "for=127.0.0.8" if name == "Forwarded" else "127.0.0.8"}
            assert reported_from(school, "127.0.0.7", f"d {name}", **claim) == 429
        assert reported_from(school, "127.0.0.9", "e", **{"X-Forwarded-For": "127.0.0.7"}) == 303
