"""What staff and anybody report: who may read it, whom it leaves out, and what it becomes part of."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from audit_log.db import reading, writing
from audit_log.incident_model import Incident, Lane, Place
from audit_log.incidents import entries_of, open_cases
from audit_log.people import change_person
from change_control.desk import Desk
from change_control.incident_reports import (
    ABOUT_A_GROWN_UP,
    GROWN_UP,
    HEAD,
    OTHER,
    SAW,
    SEPARATE,
    UNKIND,
    Said,
    StaffReport,
    leaders,
    report_by_staff,
    report_publicly,
)
from change_control.incident_rights import Looker, View, view_of
from change_control.incident_rules import take_in
from change_control.incidents import classify
from tests.audit_api.logged import a_row, store
from tests.builders import NOON
from tests.change_control.incident_school import a_case, step
from tests.change_control.noticed import ILLEGAL, noticed
from tests.change_control.school import log_of, refused, somebody, the


def told(desk: Desk, by: str = "tess", **what: Any) -> Incident:
    return report_by_staff(desk, the(desk, by), StaffReport(**{"text": "as I saw it"} | what), NOON)


def seen_by(desk: Desk, case: Incident) -> set[str]:
    looks = {name: Looker(somebody(desk, name).id, somebody(desk, name).role) for name in PEOPLE}
    return {name for name, looker in looks.items() if view_of(case, looker) is View.ALL}


PEOPLE = ("cora", "hedy", "terry", "tess", "gail")


def test_staff_report_a_pupil_to_the_leaders(desk: Desk) -> None:
    case = told(desk, kind="bullying", person="anna", place="off-site", happened_at=NOON - timedelta(days=2))

    assert (case.person_id, case.place, case.kind) == (somebody(desk, "anna").id, Place.OFF_SITE, "bullying")
    assert case.reports[0].by == somebody(desk, "tess").id
    assert seen_by(desk, case) == {"cora", "hedy"}


def test_a_technician_reports_a_breach_and_works_on_it(desk: Desk) -> None:
    assert seen_by(desk, told(desk, "terry", kind="technical-breach")) == {"cora", "hedy", "terry"}


def test_a_leader_who_is_reported_or_left_out_learns_nothing(desk: Desk) -> None:
    about_cora = told(desk, kind="staff-professional-standing", person="Cora Somebody")
    assert seen_by(desk, about_cora) == {"hedy"}
    about_hedy = told(desk, kind="staff-professional-standing", person="hedy")
    assert seen_by(desk, about_hedy) == {"cora"}
    without_cora = told(desk, kind="bullying", person="anna", exclude="cora")
    assert seen_by(desk, without_cora) == {"hedy"}


def test_a_report_that_nobody_could_read_is_refused_and_leaves_nothing(desk: Desk) -> None:
    before = len(log_of(desk))
    for person, exclude in (("tess", "hedy"), ("hedy", "cora")):
        said = StaffReport("staff-disrepute", "x", person, exclude)
        error = refused("bad-input", partial(report_by_staff, desk, the(desk, "gail"), said, NOON))
        assert "exclude" in error.fields
    assert len(log_of(desk)) == before


def test_leaving_somebody_out_shuts_nobody_out_of_a_case_they_work_on(desk: Desk) -> None:
    first = told(desk, kind="bullying", person="anna")
    second = told(desk, kind="bullying", person="anna", exclude="hedy")
    assert first.id != second.id
    third = told(desk, "terry", kind="bullying", person="ben")
    assert told(desk, kind="bullying", person="ben").id == third.id


def test_every_fault_of_a_report_is_told_at_once(desk: Desk) -> None:
    said = StaffReport("bullying", " ", "nobody-here", "terry", "moon", NOON + timedelta(days=1), "ZZZ-ZZZ")
    error = refused("bad-input", lambda: report_by_staff(desk, the(desk, "tess"), said, NOON))

    assert set(error.fields) == {"text", "person", "exclude", "place", "happened_at", "reference"}
    odd = StaffReport("gossip", "x")
    assert set(refused("bad-input", lambda: report_by_staff(desk, the(desk, "tess"), odd, NOON)).fields) == {
        "kind"
    }


def test_who_reports_himself_opens_a_case_of_his_own_and_says_so(desk: Desk) -> None:
    known = told(desk, "gail", kind="staff-careless-data", person="tess")
    own = told(desk, "tess", kind="staff-careless-data", person="tess")

    assert own.id != known.id
    assert own.reports[0].self_reported
    assert not known.reports[0].self_reported


def test_a_name_that_two_people_have_is_no_name(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        conn.execute(text("UPDATE person SET name = 'Ben Somebody' WHERE username = 'anna'"))
    error = refused("bad-input", lambda: told(desk, person="ben somebody"))

    assert error.fields == {"person": "is the name of several people; give the user name"}


def test_what_was_seen_by_accident_joins_what_the_gate_noticed(desk: Desk) -> None:
    row = noticed(desk, "anna", **ILLEGAL)
    take_in(desk, NOON)
    case = report_publicly(desk, Said(SAW, reference=row["reference"].lower()), NOON)

    assert (case.kind, case.lane, len(case.reports)) == ("pupil-illegal-material", Lane.ILLEGAL, 2)
    assert case.reports[1].self_reported


def test_a_code_in_the_text_leads_to_its_row_and_an_unknown_one_is_kept(desk: Desk) -> None:
    row = a_row(somebody(desk, "anna"), NOON)
    store(desk.engine, [row])
    by_hand = report_publicly(desk, Said(UNKIND, f"it said {row['reference']}, and he laughed"), NOON)
    assert (by_hand.reports[0].event_id, by_hand.person_id) == (row["event_id"], None)
    unknown = report_publicly(desk, Said(OTHER, "help", reference="abc-def"), NOON)
    assert "The code on the page was ABC-DEF" in unknown.reports[0].text


def test_a_flood_becomes_part_of_one_case_and_nothing_of_it_is_lost(desk: Desk) -> None:
    for number in range(SEPARATE + 5):
        report_publicly(desk, Said(OTHER, f"lie {number}"), NOON + timedelta(seconds=number))
        report_publicly(desk, Said(GROWN_UP, f"lie {number}"), NOON + timedelta(seconds=number))
    with reading(desk.engine) as conn:
        found = open_cases(conn)

    for kind in ("unsorted", ABOUT_A_GROWN_UP):
        of_kind = [case for case in found if case.kind == kind]
        assert len(of_kind) == SEPARATE
        assert {report.text for case in of_kind for report in case.reports} == {
            f"lie {number}" for number in range(SEPARATE + 5)
        }
    later = report_publicly(desk, Said(OTHER, "true"), NOON + timedelta(hours=2))
    assert len(later.reports) == 1


def test_what_is_about_the_headteacher_is_for_the_coordinator_and_not_for_them(desk: Desk) -> None:
    case = report_publicly(desk, Said(HEAD, "she shouts at me"), NOON)
    assert (case.restricted, case.person_id, case.role) == (True, None, "headteacher")
    assert seen_by(desk, case) == {"cora"}
    sorted_anew = classify(desk, the(desk, "cora"), case.id, {"place": "on-site"}, NOON)
    assert seen_by(desk, sorted_anew) == {"cora"}
    whose = {"person": somebody(desk, "hedy").id}
    assert seen_by(desk, classify(desk, the(desk, "cora"), case.id, whose, NOON)) == {"cora"}


def test_where_there_is_no_coordinator_the_headteacher_reads_what_is_about_them(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, "cora").id, ends_at=NOON)
    assert seen_by(desk, report_publicly(desk, Said(HEAD, "she shouts at me"), NOON)) >= {"hedy"}


def test_a_flood_about_the_headteacher_shows_them_nothing_and_buries_nothing_of_others(desk: Desk) -> None:
    for number in range(SEPARATE + 2):
        report_publicly(desk, Said(HEAD, f"lie {number}"), NOON + timedelta(seconds=number))
    other = [
        report_publicly(desk, Said(GROWN_UP, word), NOON + timedelta(minutes=1)) for word in ("one", "two")
    ]
    with reading(desk.engine) as conn:
        found = open_cases(conn)

    assert [seen_by(desk, case) for case in other] == [{"hedy"}, {"hedy"}]
    assert {case.id for case in other} == {other[0].id}  # the second became part of the first
    assert len(found) == SEPARATE + 1
    assert {report.text for case in found if case.excluded for report in case.reports} == {
        f"lie {number}" for number in range(SEPARATE + 2)
    }


def test_what_the_gate_noticed_never_joins_a_case_that_a_leader_is_left_out_of(desk: Desk) -> None:
    for about in ("anna", ""):
        told(desk, kind="pupil-circumvention", person=about, exclude="hedy")
    noticed(desk, "anna")
    noticed(desk, None)
    take_in(desk, NOON)
    with reading(desk.engine) as conn:
        by_rule = [case for case in open_cases(conn) if case.reports[-1].source == "rule"]

    assert len(by_rule) == 2
    assert [seen_by(desk, case) >= {"cora", "hedy"} for case in by_rule] == [True, True]


def test_a_case_that_somebody_damaged_loses_no_report(desk: Desk) -> None:
    damaged = a_case(desk, "bullying", "anna")
    with writing(desk.engine) as conn:
        guards = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for guard in guards:
            conn.execute(text(f"DROP TRIGGER {guard}"))
        conn.execute(text("UPDATE incident_entry SET facts = '[]'"))
    case = told(desk, kind="bullying", person="anna")
    assert case.id != damaged.id
    noticed(desk, "anna")
    assert take_in(desk, NOON) == 1


def test_a_case_whose_only_reader_has_left_is_joined_by_nothing(desk: Desk) -> None:
    unread = told(desk, kind="bullying", person="anna", exclude="cora")
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, "hedy").id, ends_at=NOON)
    again = told(desk, kind="bullying", person="anna")

    assert again.id != unread.id
    assert seen_by(desk, again) >= {"cora"}


def test_a_case_that_is_closed_is_joined_by_nothing(desk: Desk) -> None:
    first = told(desk, kind="bullying", person="anna")
    step(desk, first, "close", outcome="no-concern")

    assert told(desk, kind="bullying", person="anna").id != first.id


def test_the_sealed_line_of_a_report_says_neither_who_nor_what(desk: Desk) -> None:
    case = told(desk, kind="bullying", person="anna", text="behind the gym")
    line = log_of(desk)[-1]
    with reading(desk.engine) as conn:
        (entry,) = entries_of(conn, case.id)

    assert line.actor == entry.actor_id == "system"
    assert set(line.detail) == {"incident", "facts", "to"}
    for secret in (somebody(desk, "tess").id, somebody(desk, "anna").id, "gym", "bullying"):
        assert secret not in json.dumps(line.sealed)


def test_everybody_who_leads_could_be_left_out(desk: Desk) -> None:
    assert [each.username for each in leaders(desk, NOON)] == ["cora", "hedy"]
