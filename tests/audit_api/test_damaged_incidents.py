"""Somebody writes into the tables of incidents past us: the console, the queue, the figures, the rules, the
gates and the nights go on with all other cases.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text

from audit_log.db import reading
from audit_log.tables import sighting_waiting
from change_control.errors import ChangeError
from change_control.incident_devices import isolate
from change_control.incident_files import attach
from change_control.incident_rules import take_in
from change_control.incidents import ask_step, note
from change_control.publish import publish
from change_control.retention import purge
from filter_policy.bundle import current_bundle, read_bundle
from tests.audit_api.cases import a_case
from tests.audit_api.school import School
from tests.builders import NOON
from tests.change_control.aging import without_guards
from tests.change_control.noticed import noticed

NO_TEXT, BYTES, DEEP = "CAST(x'ff41' AS TEXT)", "x'00ff'", "'" + "[" * 30_000 + "'"
IN_THE_TABLE_OF_CASES = [
    *(("incident", "id", each) for each in (NO_TEXT, "'zzz'")),
    *(("incident", name, NO_TEXT) for name in ("state", "kind", "lane", "person_id")),
    *(("incident", name, "'soon'") for name in ("opened_at", "changed_at", "closed_at", "restricted")),
]
IN_A_LINE = [
    *(("incident_entry", name, NO_TEXT) for name in ("incident_id", "act", "object_id", "actor_id", "salt")),
    *(("incident_entry", name, "'soon'") for name in ("at", "facts")),
    *(("incident_entry", "facts", each) for each in (DEEP, BYTES, '\'{"kind":["x"],"person":{}}\'')),
    ("incident_file", "content", NO_TEXT),
    ("incident_file", "incident_id", BYTES),
]
WHICH = {"incident": "id = :id", "incident_entry": "seq = :seq", "incident_file": "incident_id = :id"}


@pytest.mark.parametrize("damages", [IN_THE_TABLE_OF_CASES, IN_A_LINE], ids=["cases", "lines"])
def test_one_damaged_value_stops_nothing_for_all_other_cases(
    school: School, damages: list[tuple[str, str, str]]
) -> None:
    desk, cora = school.desk, school.actor("cora")
    good = a_case(school, "bullying", "anna")
    shut = isolate(desk, cora, good.id, "10.0.0.5", 24, "now", NOON).isolated[-1].id
    bad = a_case(school, "bullying", "pim")
    ask_step(desk, cora, bad.id, "investigate", {"reason": "as we saw"}, NOON)
    note(desk, cora, bad.id, "seen", NOON)
    attach(desk, cora, bad.id, "a.png", b"x", "", NOON)
    with reading(desk.engine) as conn:
        asked = text("SELECT seq FROM incident_entry WHERE incident_id = :id ORDER BY seq")
        key = {"id": bad.id, "seq": conn.scalar(asked, {"id": bad.id})}
    browser, _ = school.browser("cora")
    for number, (table, column, what) in enumerate(damages):
        with desk.engine.connect() as conn, conn.begin():
            without_guards(conn)
            where = f"FROM {table} WHERE {WHICH[table]}"
            rowid = conn.scalar(text(f"SELECT rowid {where}"), key)  # names of ours
            was = conn.scalar(text(f"SELECT quote({column}) {where}"), key)
            damaged = f"UPDATE {table} SET {column} = {what} WHERE rowid = {rowid}"  # noqa: S608  # our own words
            conn.execute(text(damaged.replace(":[", r"\:[").replace(":{", r"\:{")))
        named = f"{table}.{column} = {what[:30]}"
        for path in ("/", "/incidents", "/filtering-log"):
            assert browser.get(path).status_code == 200, named
        queue = school.as_("cora").get("/api/v1/incidents/queue")
        assert good.id in queue.text, named
        assert school.as_("gail").get("/api/v1/incidents/figures").status_code == 200, named
        noticed(desk, "ben", NOON + timedelta(hours=3 * number))
        take_in(desk, NOON)
        with reading(desk.engine) as conn:
            assert conn.execute(sighting_waiting.select()).first() is None, named
        publish(desk)
        bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
        assert shut in [each.id for each in bundle.policy.isolations], named
        try:
            purge(desk, NOON)
        except ChangeError as error:  # what cannot be believed removes nothing, and says so
            assert error.code == "refused", named
        mended = f"UPDATE {table} SET {column} = {was} WHERE rowid = {rowid}"  # noqa: S608  # our own words
        with desk.engine.connect() as conn, conn.begin():
            conn.execute(text(mended.replace(":", r"\:")))
