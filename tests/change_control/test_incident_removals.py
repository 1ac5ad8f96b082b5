"""Removal of access is signed by two, enforced by the gates, and ended by the clock (S184)."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit_log.db import reading, writing
from audit_log.offline.verify_changes import check
from audit_log.sessions import create_session, find_session
from change_control.desk import Desk
from change_control.incidents import ask_step, classify, join, sign_step
from change_control.proposals import approve, propose_people
from change_control.reviews import open_reviews
from change_control.tightening import suspend
from filter_lists.names import parse_url
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.decide import decide
from filter_policy.model import Reason, Request
from tests.audit_log.exports import export_of
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import KEY, a_row, events_of, is_whole, log_of, refused, somebody, the

DAY = timedelta(days=1)
ROW = ["head-of-year", "technical-support", "parents", "removal-of-access", "further-sanction"]


def in_force(desk: Desk) -> Bundle:
    return read_bundle(desk.state, current_bundle(desk.state) or "")


def reason_of(desk: Desk, username: str, url: str, now: datetime) -> Reason:
    """As a gate that has what is published would answer."""
    bundle = in_force(desk)
    person = replace(bundle.accounts[username].person, password_ends_at=None)  # nobody has chosen one here
    return decide(Request(person, parse_url(url)), bundle.policy, now).reason


def at_sanction(desk: Desk, kind: str = "pupil-circumvention", about: str | None = "anna") -> str:
    case = step(desk, a_case(desk, kind, about), "investigate")
    case = step(desk, case, "substance", substance=True)
    return step(desk, case, "act", responses=["internal"]).id


def asked(desk: Desk, case: str, until: str, by: str = "cora") -> str:
    raw = {"reason": "as agreed", "actions": ROW, "removal": {"until": until}}
    return ask_step(desk, the(desk, by), case, "sanction", raw, NOON).steps[-1].id


def test_a_signed_removal_suspends_at_the_gate_and_ends_by_the_clock(desk: Desk) -> None:
    case, until = at_sanction(desk), NOON + 7 * DAY
    waiting = asked(desk, case, until.isoformat())
    assert reason_of(desk, "anna", "https://www.gov.uk/", NOON) is not Reason.SUSPENDED
    sign_step(desk, the(desk, "hedy"), case, waiting, NOON)
    assert reason_of(desk, "anna", "https://www.gov.uk/", NOON) is Reason.SUSPENDED
    assert reason_of(desk, "anna", "https://www.gov.uk/", until - timedelta(seconds=1)) is Reason.SUSPENDED
    assert reason_of(desk, "anna", "https://www.gov.uk/", until) is Reason.SITE_ALLOWED
    assert reason_of(desk, "ben", "https://www.gov.uk/", NOON) is Reason.SITE_ALLOWED
    assert is_whole(desk)


def test_the_line_of_it_names_the_person_by_id_and_no_case(desk: Desk) -> None:
    case = at_sanction(desk)
    sign_step(desk, the(desk, "hedy"), case, asked(desk, case, (NOON + DAY).isoformat()), NOON)
    (line,) = [each for each in log_of(desk) if each.event == "person:suspend"]
    assert line.object_id == somebody(desk, "anna").id
    assert case not in str((line.detail, line.texts))
    with reading(desk.engine) as conn:  # and somebody else looks at it, as at any suspension
        assert [each.about_seq for each in open_reviews(conn)] == [line.seq]


def test_whoever_is_suspended_is_signed_out(desk: Desk) -> None:
    case = at_sanction(desk, "pupil-circumvention", "gus")
    with writing(desk.engine) as conn:
        token, _ = create_session(conn, desk.session_key, somebody(desk, "gus").id, NOON)
    sign_step(desk, the(desk, "hedy"), case, asked(desk, case, (NOON + DAY).isoformat()), NOON)
    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, token, NOON + timedelta(seconds=1)) is None


def test_a_longer_suspension_in_force_stays_as_it_is(desk: Desk) -> None:
    case = at_sanction(desk)
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "at once", NOON)
    sign_step(desk, the(desk, "hedy"), case, asked(desk, case, (NOON + DAY).isoformat()), NOON)
    assert events_of(desk).count("person:suspend") == 1
    assert in_force(desk).accounts["anna"].person.suspended_until is None


def test_two_teachers_alone_remove_nobody_s_access(desk: Desk) -> None:
    """They may ask for steps; but one of the two must lead the case."""
    case = at_sanction(desk)
    new = [a_row("tom", "staff", "staff", [])]
    approve(
        desk, the(desk, "hedy"), propose_people(desk, the(desk, "cora"), new, "new", NOON).id, "yes", NOON
    )
    for each in ("tess", "tom"):
        join(desk, the(desk, "hedy"), case, somebody(desk, each).id, NOON)
    waiting = asked(desk, case, (NOON + DAY).isoformat(), by="tess")
    says = refused("wrong-role", lambda: sign_step(desk, the(desk, "tom"), case, waiting, NOON)).says
    assert "leads the case" in says
    assert "person:suspend" not in events_of(desk)


def test_it_stands_in_the_name_of_whoever_may_suspend(desk: Desk) -> None:
    case = at_sanction(desk)
    join(desk, the(desk, "hedy"), case, somebody(desk, "tess").id, NOON)
    sign_step(desk, the(desk, "tess"), case, asked(desk, case, (NOON + DAY).isoformat()), NOON)
    (line,) = [each for each in log_of(desk) if each.event == "person:suspend"]
    assert (line.actor, line.role) == (somebody(desk, "cora").id, "coordinator")
    desk.engine.dispose()
    with closing(sqlite3.connect(desk.state / "schoolgate.sqlite")) as raw:  # as a governor takes it home
        answer = check(export_of(raw, KEY.public_key()))
    assert (answer["status"], answer["broken"]) == (0, [])


def test_a_removal_has_an_end_that_is_to_come_and_somebody_it_is_of(desk: Desk) -> None:
    case = at_sanction(desk)
    for until, code in (
        ("", "bad-input"),
        ("some day", "bad-input"),
        (NOON.isoformat(), "bad-input"),
        ((NOON + 400 * DAY).isoformat(), "bad-input"),
    ):
        refused(code, lambda until=until: asked(desk, case, until))  # type: ignore[misc]  # bound at once
    raw = {"reason": "r", "actions": ROW}
    refused("bad-input", lambda: ask_step(desk, the(desk, "cora"), case, "sanction", raw, NOON))
    nobody = at_sanction(desk, "pupil-circumvention", None)
    refused("bad-input", lambda: asked(desk, nobody, (NOON + DAY).isoformat()))


def test_a_removal_whose_end_passed_is_signed_by_nobody(desk: Desk) -> None:
    case = at_sanction(desk)
    waiting = asked(desk, case, (NOON + DAY).isoformat())
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case, waiting, NOON + DAY))


def test_a_time_without_a_zone_is_school_time(desk: Desk) -> None:
    case = at_sanction(desk)
    sign_step(desk, the(desk, "hedy"), case, asked(desk, case, "2027-06-01T09:00"), NOON)
    assert in_force(desk).accounts["anna"].person.suspended_until == datetime(2027, 6, 1, 8, tzinfo=UTC)


def test_the_end_of_a_case_can_remove_access_as_well(desk: Desk) -> None:
    case = at_sanction(desk)
    found = step(desk, a_case(desk), "close", outcome="dealt-with", removal={"until": "2026-12-01T09:00"})
    assert (found.id, case_of(desk, found).state) == (case, "closed")
    assert in_force(desk).accounts["anna"].person.suspended_from == NOON


def test_nobody_is_suspended_for_whom_the_case_was_when_it_was_asked(desk: Desk) -> None:
    case = at_sanction(desk)
    waiting = asked(desk, case, (NOON + DAY).isoformat())
    classify(desk, the(desk, "cora"), case, {"person": somebody(desk, "ben").id}, NOON)
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case, waiting, NOON))
    classify(
        desk, the(desk, "cora"), case, {"person": somebody(desk, "anna").id, "kind": "pupil-files"}, NOON
    )
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case, waiting, NOON))
    assert "person:suspend" not in events_of(desk)
