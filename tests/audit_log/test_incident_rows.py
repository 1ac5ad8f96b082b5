"""Whatever somebody writes into one value of the tables of incidents, on either database: the other cases are
read as ever, and nothing but FoldError says of the one that it cannot be.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from audit_api.incident_figures import _counted, _tasks
from audit_api.webhook import _waiting
from audit_log.case_purging import cases_over
from audit_log.db import reading, writing
from audit_log.fault import Fault
from audit_log.incident_fold import FoldError
from audit_log.incident_holds import holding
from audit_log.incident_model import Incident
from audit_log.incident_rows import case_rows, file_content
from audit_log.incidents import (
    devices_shut,
    entries_of,
    forget_cases,
    incident_ids,
    incident_of,
    open_about,
    open_cases,
    readable,
)
from audit_log.people import Registered, add_person
from audit_log.seal import stamp
from audit_log.tables import incident, incident_entry, incident_file
from change_control.case_orders import orders_in_force
from change_control.desk import Actor
from change_control.incident_tasks import tasks_waiting
from change_control.incidents import Told, report_in, write
from change_control.sealing import Change
from filter_policy.model import Role
from tests.builders import NOON

Unguarded = Callable[[Engine], None]
CORA, HEDY = Actor("p_cora", "coordinator"), Actor("p_hedy", "headteacher")
LATER = NOON + timedelta(days=400)
ON_SQLITE = ("CAST(x'ff41' AS TEXT)", "x'00ff'", "'zzz'", "-5", "NULL", "'2026-13-45 00:00:00'")
FACTS = (
    *("'[1]'", "'{}'", '\'{"kind":["x"],"person":{}}\'', '\'{"text":"\\ud800"}\''),
    "'" + "[" * 30_000 + "'",
)
ON_POSTGRESQL = {
    "timestamptz": ("'infinity'", "'-infinity'", "'0044-03-15 00:00:00+00 BC'", "'9999-12-31 23:59:59+00'"),
    "bytea": ("'\\x00ff'", "''"),
    "bool": ("true",),
    "int4": ("-5",),
    "varchar": ("'zzz'", "''"),
    "text": ("'zzz'", "'[1]'", '\'{"kind":["x"]}\'', '\'{"text":"\\ud800"}\'', "'" + "[" * 30_000 + "'"),
}
TABLES = (incident, incident_entry, incident_file)


def a_case(made: Change, person: str, name: str) -> Incident:
    """With everything that a case can say; closed long ago where its name says so."""
    case = report_in(made, Told("hand", "bullying", person, text=name, happened_at=NOON, joins=False))
    case = write(made, case, "note", CORA, {"text": "seen"})
    case = write(made, case, "file", CORA, {"id": f"f_{name}", "name": "a.png", "size": 1, "sha256": "0"})
    made.conn.execute(insert(incident_file).values(id=f"f_{name}", incident_id=case.id, content=b"x"))
    case = write(made, case, "task", CORA, {"id": "t1", "kind": "parents", "due": stamp(NOON)})
    range_ = {"id": "e1", "from": stamp(NOON), "to": stamp(NOON), "person": person}
    case = write(made, case, "evidence", CORA, range_)
    shut = {"device": "10.0.0.5", "ends_at": stamp(NOON + timedelta(days=5)), "reason": "now"}
    return write(made, case, "isolate", CORA, shut, f"i_{name}")


@pytest.fixture
def cases(engine: Engine, without_guards: Unguarded) -> tuple[Engine, Incident, Incident]:
    """The one that goes on, and the one to be damaged."""
    without_guards(engine)
    with writing(engine) as conn:
        if engine.dialect.name == "postgresql":
            for each in ("incident", "incident_entry"):
                conn.execute(text(f"ALTER TABLE {each} DISABLE TRIGGER USER"))
        for each in ("anna", "ben"):
            add_person(conn, Registered(f"p_{each}", each, "Somebody", Role.PUPIL, (), NOON))
        made = Change(conn, NOON)
        return engine, a_case(made, "p_ben", "good"), a_case(made, "p_anna", "bad")


def damages(conn: Connection) -> Iterator[tuple[str, str, str]]:
    """Table, column, and what is written there."""
    for table in TABLES:
        for column in table.c:
            if conn.dialect.name == "sqlite":
                some = (*ON_SQLITE, *(FACTS if column.name == "facts" else ()))
            else:
                asked = text(
                    "SELECT udt_name FROM information_schema.columns WHERE table_schema = current_schema()"
                    " AND table_name = :table AND column_name = :column"
                )
                kind = conn.scalar(asked, {"table": table.name, "column": column.name})
                some = ON_POSTGRESQL[str(kind)]
            yield from ((table.name, column.name, each) for each in some)


def damage(conn: Connection, table: str, column: str, what: str, bad: Incident) -> bool:
    """Of one row. Whether the database took it."""
    key = {"incident": "id = :case", "incident_entry": "seq = :seq", "incident_file": "incident_id = :case"}
    seq = conn.scalar(
        select(incident_entry.c.seq).where(
            incident_entry.c.incident_id == bad.id,
            incident_entry.c.act == {"facts": "report", "seq": "note"}.get(column, "isolate"),
        )
    )
    changed = text(f"UPDATE {table} SET {column} = {what} WHERE {key[table]}".replace(":[", r"\:["))  # noqa: S608  # ours
    values = {"case": bad.id} if "case" in key[table] else {"seq": seq}
    try:
        with conn.begin_nested():
            return bool(conn.execute(changed, values).rowcount)
    except DBAPIError:  # a database refuses some of it by itself
        return False


def goes_on(conn: Connection, good: Incident) -> None:
    """All that reads many cases finds this one."""
    assert good in open_cases(conn)
    assert good in readable(conn, [id_ for _, id_ in incident_ids(conn, 10)])[0]
    assert good.id in [id_ for _, id_ in incident_ids(conn, 1, is_open=True, person="p_ben")]
    assert incident_of(conn, good.id) == good
    assert open_about(conn, "p_ben", "bullying") == good
    assert open_about(conn, "p_anna", "bullying") != good
    assert good.id in [each.id for each in case_rows(conn)[0]]
    assert good.id in [each.id for each in _counted(conn)]
    assert len(_tasks(conn, [good.id])) == 1
    assert good.id in [each.incident.id for each in tasks_waiting(conn)]
    assert "i_good" in [each.isolated.id for each in devices_shut(conn)]
    assert "i_good" in [each.id for each in orders_in_force(conn, NOON)]
    assert good.id.encode() in b"".join(each.body for each in _waiting(conn, 0)[1])
    assert good.id not in cases_over(conn, LATER.date())
    assert file_content(conn, "f_good") == b"x"
    try:
        assert good.id in [each.id for each in holding(conn)]
    except Fault as fault:  # then nothing is removed, since what is held is not known
        assert "make no case" in fault.says


def test_one_damaged_value_leaves_all_other_cases_as_they_are(
    cases: tuple[Engine, Incident, Incident],
) -> None:
    engine, good, bad = cases
    took = set()
    with engine.connect() as conn:
        wanted = list(damages(conn))
    for table, column, what in wanted:
        with engine.connect() as conn:
            undo = conn.begin()
            try:
                if damage(conn, table, column, what, bad):
                    took.add((table, column))
                    goes_on(conn, good)
                    read_or_told(conn, bad)
            except Exception as error:
                raise AssertionError(f"{table}.{column} = {what[:40]}") from error
            finally:
                undo.rollback()
    assert len(took) >= 17  # of 20 columns; an id that is text of itself may stay


def read_or_told(conn: Connection, bad: Incident) -> None:
    try:
        found = incident_of(conn, bad.id)
        assert found is None or found.id == bad.id
        entries_of(conn, bad.id)
    except FoldError:
        assert readable(conn, [bad.id]) == ([], [bad.id])


def test_what_is_damaged_in_the_table_of_cases_joins_no_report_of_somebody_else(
    cases: tuple[Engine, Incident, Incident],
) -> None:
    engine, good, _ = cases
    with engine.connect() as conn, conn.begin():
        conn.execute(text("UPDATE incident SET person_id = 'p_anna' WHERE id = :id"), {"id": good.id})
        found = open_about(conn, "p_anna", "bullying")
        assert found is not None
        assert found.person_id == "p_anna"


def test_what_was_erased_is_not_kept_in_mind(cases: tuple[Engine, Incident, Incident]) -> None:
    engine, good, _ = cases
    with reading(engine) as conn:
        first = incident_of(conn, good.id)
        assert incident_of(conn, good.id) is first  # the same lines, and read once
        forget_cases()
        assert incident_of(conn, good.id) is not first


def test_a_case_that_leaves_somebody_out_is_joined_by_nothing(engine: Engine) -> None:
    with writing(engine) as conn:
        add_person(conn, Registered("p_anna", "anna", "Somebody", Role.PUPIL, (), NOON))
        made = Change(conn, NOON)
        report_in(made, Told("staff", "bullying", "p_anna", exclude=frozenset({"p_hedy"})))
        assert open_about(conn, "p_anna", "bullying") is None
