"""The school's case system is told, by a real server on loopback: signed, in order, until it is taken."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from audit_api.alarms import alarms
from audit_api.mail import Ways
from audit_api.reader import Reader
from audit_api.webhook import KEPT, LATE, Calling, progress, signature
from audit_api.window import Visit
from change_control.incident_reports import StaffReport, report_by_staff
from change_control.incidents import to_illegal
from change_control.proposals import approve, propose_policy
from schoolgate.demo.authority import ExampleAuthority
from tests.audit_api.school import School
from tests.builders import NOON, POLICY
from tests.change_control.incident_school import a_case, step

SECRET = "nine-quiet-rivers-run"


@dataclass
class CaseSystem:
    """What it was told, and what it answers."""

    url: str = ""
    status: int = 204
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.told]


@contextmanager
def a_case_system(certificate: Path) -> Iterator[CaseSystem]:
    system = CaseSystem()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if system.status == 204:
                system.told.append(({key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(system.status)
            self.send_header("Location", system.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    system.url = f"https://localhost:{server.server_port}/cases?of=school"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def system(school: School, tmp_path: Path) -> Iterator[CaseSystem]:
    authority = ExampleAuthority()
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    school.app.state.window.ways = Ways(webhook_secret=SECRET, webhook_ca=tmp_path / "ca.pem")
    with a_case_system(authority.write_site(["localhost"], tmp_path)) as made:
        agree(school, made.url)
        yield made


def agree(school: School, url: str) -> None:
    text = f"{POLICY}incidents: {{webhook: '{url}'}}\n"
    asked = propose_policy(school.desk, school.actor("terry"), text, "the case system", NOON)
    approve(school.desk, school.actor("hedy"), asked.id, "as agreed", NOON)


def look(school: School, now: datetime = NOON) -> None:
    Calling(school.app.state.window).look(now)


def said_to(school: School, username: str, now: datetime) -> str:
    person = school.person(username)
    reader = Reader(person.id, username, person.name, person.role, False, "", "")
    return " ".join(each.says for each in alarms(Visit(school.app.state.window, reader, now)))


def test_a_case_is_told_when_it_opens_and_when_it_moves(school: School, system: CaseSystem) -> None:
    look(school)  # from here on
    case = a_case(school.desk, "bullying", "anna", text="behind the gym")
    look(school)
    step(school.desk, case, "investigate")
    to_illegal(school.desk, school.actor("cora"), case.id, "a picture", NOON)
    look(school)

    assert [(each["state"], each["lane"]) for each in system.bodies] == [
        ("reported", "inappropriate"),
        ("investigation", "inappropriate"),
        ("investigation", "illegal"),
    ]
    assert all(set(each) == {"id", "kind", "lane", "state", "at"} for each in system.bodies)
    assert system.bodies[0] == {
        "id": case.id, "kind": "bullying", "lane": "inappropriate", "state": "reported",
        "at": "2026-11-24T12:00:00.000000Z",
    }  # fmt: skip
    headers, body = system.told[0]
    at = headers["schoolgate-timestamp"]
    assert headers["schoolgate-signature"] == f"sha256={signature(SECRET, at, body)}"
    everything = b"".join(body for _, body in system.told)
    assert school.person("anna").id.encode() not in everything
    assert b"gym" not in everything


def test_what_is_about_staff_or_leaves_somebody_out_is_never_told(school: School, system: CaseSystem) -> None:
    look(school)
    a_case(school.desk, "staff-disrepute", "tess")
    a_case(school.desk, "bullying", "terry")
    left_out = StaffReport("bullying", "not for her", "ben", "cora")
    report_by_staff(school.desk, school.actor("tess"), left_out, NOON)
    look(school)
    assert system.told == []


def test_what_is_not_taken_is_sent_again_in_its_order_and_nothing_twice(
    school: School, system: CaseSystem
) -> None:
    calling = Calling(school.app.state.window)
    calling.look(NOON)
    first = a_case(school.desk, "bullying", "anna")
    system.status = 500
    calling.look(NOON)
    second = a_case(school.desk, "bullying", "ben")
    system.status = 204
    calling.look(NOON + timedelta(seconds=4))
    assert system.told == []  # not yet
    calling.look(NOON + timedelta(seconds=5))
    calling.look(NOON + timedelta(seconds=6))
    look(school)  # another process

    assert [each["id"] for each in system.bodies] == [first.id, second.id]


@pytest.mark.parametrize("status", [301, 307, 302])
def test_nothing_is_sent_where_nobody_agreed_to(school: School, system: CaseSystem, status: int) -> None:
    look(school)
    a_case(school.desk, "bullying", "anna")
    system.status = status
    look(school)
    found = progress(school.desk.state)

    assert found is not None
    assert found.why == f"it leads elsewhere ({status}), where nobody agreed to"


def test_a_certificate_of_nobody_we_trust_is_told_nothing(school: School, system: CaseSystem) -> None:
    window = school.app.state.window
    window.ways = replace(window.ways, webhook_ca=None)
    look(school)
    a_case(school.desk, "bullying", "anna")
    look(school)
    found = progress(school.desk.state)
    assert found is not None
    assert "certificate" in found.why
    assert system.told == []


def test_when_nothing_is_taken_for_long_the_console_says_so(school: School, system: CaseSystem) -> None:
    look(school)
    a_case(school.desk, "bullying", "anna")
    system.status = 503
    look(school)
    assert "case system" not in said_to(school, "cora", NOON + LATE)
    later = NOON + LATE + timedelta(minutes=1)
    assert "case system is not told of incidents: it answered 503" in said_to(school, "cora", later)
    assert "case system" not in said_to(school, "gail", later)
    system.status = 204
    look(school, later)
    assert "case system" not in said_to(school, "cora", later)


def test_without_a_secret_nothing_is_sent_and_the_console_says_so(school: School, system: CaseSystem) -> None:
    school.app.state.window.ways = Ways()
    look(school)
    a_case(school.desk, "bullying", "anna")
    look(school)

    assert system.told == []
    assert "no webhook_secret" in said_to(school, "terry", NOON)


def test_a_server_that_is_away_holds_up_no_change(school: School) -> None:
    agree(school, "https://localhost:1/")
    school.app.state.window.ways = Ways(webhook_secret=SECRET)
    look(school)
    a_case(school.desk, "bullying", "anna")
    look(school)
    found = progress(school.desk.state)
    assert found is not None
    assert found.why == "it cannot be reached, or broke off"


def test_where_no_address_is_agreed_on_nothing_is_kept(school: School, system: CaseSystem) -> None:
    look(school)
    assert (school.desk.state / KEPT).exists()
    asked = propose_policy(school.desk, school.actor("terry"), POLICY, "no more", NOON)
    approve(school.desk, school.actor("hedy"), asked.id, "as agreed", NOON)
    a_case(school.desk, "bullying", "anna")
    look(school)

    assert not (school.desk.state / KEPT).exists()
    assert system.told == []


def test_a_place_that_somebody_made_unreadable_begins_anew(school: School, system: CaseSystem) -> None:
    look(school)
    a_case(school.desk, "bullying", "anna")
    (school.desk.state / KEPT).write_text('{"seq": 999999999, "failing_since": null, "why": ""}')
    look(school)
    (school.desk.state / KEPT).write_text("[")
    look(school)
    a_case(school.desk, "bullying", "ben")
    look(school)

    assert len(system.told) == 1
