"""Those who must know at once are told at once, by a worker that nobody waits for and that raises nothing."""

import socket
import time

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from audit_api.mail import MailServer, Ways
from audit_api.telling_people import tell_at_once
from tests.audit_api.mailed import HOST, Mailbox, a_mail_server
from tests.audit_api.school import School
from tests.audit_api.test_checkpoint_delivery import with_addresses

TOLD = ["hedy@school.test", "cora@school.test", "gail@home.test", "gil@home.test"]


def told(school: School, ways: Ways) -> list[EventDict]:
    """What was logged when everything was sent."""
    window = school.app.state.window
    window.ways = ways
    with capture_logs() as logs:
        tell_at_once(window, "Break-glass was used", "Terry Tyler used the sealed envelope at 12:00.\n")
        window.mailing.shutdown(wait=True)
    return [each for each in logs if str(each["event"]).startswith("people.")]


def test_headteacher_coordinator_and_governors_are_each_told(school: School) -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as server:
        logs = told(with_addresses(school), Ways(mail=server, console="https://filter.school.test"))

    assert mailbox.told == TOLD
    assert mailbox.letters[0][1]["Subject"] == "[Schoolgate] Break-glass was used"
    said = mailbox.text()
    assert said.startswith("Terry Tyler used the sealed envelope at 12:00.")
    assert "https://filter.school.test/" in said
    assert logs == [{"event": "people.told", "log_level": "info", "people": 4}]


def test_who_cannot_be_told_is_counted_and_not_named(school: School) -> None:
    mailbox = Mailbox({"hedy@school.test": "550 <hedy@school.test> unknown"})
    with a_mail_server(mailbox) as server:
        logs = told(with_addresses(school), Ways(mail=server))

    assert mailbox.told == TOLD[1:]
    failed, rest = logs
    assert (failed["event"], failed["people"], rest["people"]) == ("people.telling_failed", 1, 3)
    assert "@" not in str(logs)


def test_a_mail_server_that_is_away_is_logged_and_raises_nothing(school: School) -> None:
    with a_mail_server(Mailbox()) as server:
        pass
    (failed,) = told(with_addresses(school), Ways(mail=server))
    assert failed["event"] == "people.telling_failed"
    assert "cannot be reached" in failed["why"]


@pytest.mark.parametrize("away", ["server", "address"])
def test_without_a_server_or_an_address_it_is_logged_that_nobody_was_told(school: School, away: str) -> None:
    server = MailServer(HOST, 9, "filter@school.test", "none")
    where = school if away == "address" else with_addresses(school)
    (failed,) = told(where, Ways(mail=None if away == "server" else server))
    assert failed["event"] == "people.telling_failed"
    assert {"server": "mail_host", "address": "notify"}[away] in failed["why"]


def test_nobody_waits_for_a_mail_server_that_does_not_answer(school: School) -> None:
    with_addresses(school)
    with socket.create_server((HOST, 0)) as silent:
        server = MailServer(HOST, silent.getsockname()[1], "f@school.test", "none")
        school.app.state.window.ways = Ways(mail=server)
        begun = time.monotonic()
        tell_at_once(school.app.state.window, "Break-glass was used", "now")
        assert time.monotonic() - begun < 1
    school.app.state.window.mailing.shutdown(wait=True)


def test_a_window_that_is_closing_raises_nothing(school: School) -> None:
    window = school.app.state.window
    window.mailing.shutdown()
    with capture_logs() as logs:
        tell_at_once(window, "Break-glass was used", "now")
    assert [each["event"] for each in logs] == ["people.telling_failed"]


def test_a_database_that_is_away_raises_nothing(school: School) -> None:
    engine = school.desk.engine
    database = school.desk.state / "schoolgate.sqlite"
    engine.dispose()
    database.rename(school.desk.state / "away")
    database.mkdir()
    (failed,) = told(school, Ways())
    assert failed["why"] == "OperationalError"
