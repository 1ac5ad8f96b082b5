"""A case is what its sealed lines make of it, on either database; verify names what is not."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, text, update

from audit_log.change_log import verify
from audit_log.db import reading, writing
from audit_log.incident_model import ERASED_KIND, Incident
from audit_log.incidents import Sealed, incident_of
from audit_log.sealed_lines import PURGE_CASES
from audit_log.tables import incident, incident_entry, incident_file
from change_control.desk import SYSTEM, Actor
from change_control.incidents import Told, report_in, write
from change_control.sealing import Change
from tests.builders import NOON

Unguarded = Callable[[Engine], None]
CORA, HEDY = Actor("p_cora", "coordinator"), Actor("p_hedy", "headteacher")
SECRET = "what a child told us"
PICTURE = b"a picture"
ENTRY = incident_entry.c


@pytest.fixture
def log(engine: Engine, without_guards: Unguarded) -> Engine:
    """Two cases; whoever owns the database has taken its guards away."""
    without_guards(engine)
    with writing(engine) as conn:
        if engine.dialect.name == "postgresql":
            for name in ("incident", "incident_entry"):
                conn.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        made = Change(conn, NOON)
        report_in(made, Told("hand", "bullying", text="another"))
        case = report_in(made, Told("hand", "bullying", text="of nobody we know"))
        case = write(made, case, "note", CORA, {"text": SECRET})
        digest = {"sha256": hashlib.sha256(PICTURE).hexdigest(), "size": len(PICTURE)}
        case = write(made, case, "file", CORA, {"id": "f1", "name": "a.png", **digest})
        conn.execute(insert(incident_file).values(id="f1", incident_id=case.id, content=PICTURE))
    return engine


def the_case(log: Engine) -> Incident:
    with reading(log) as conn:
        id_ = conn.scalar(text("SELECT incident_id FROM incident_entry WHERE seq = 2"))
        found = incident_of(conn, str(id_))
    assert found is not None
    return found


def told(log: Engine) -> tuple[int | None, str]:
    with reading(log) as conn:
        found = verify(conn)
    assert SECRET not in found.says
    return found.first_bad, found.says


def do(log: Engine, *statements: Any) -> tuple[int | None, str]:
    with writing(log) as conn:
        for each in statements:
            conn.execute(each)
    return told(log)


def test_cases_that_agree_with_their_lines_are_whole(log: Engine) -> None:
    assert told(log)[0] is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"facts": '{"text":"nothing happened"}'}, "not what was sealed"),
        ({"salt": b"x" * 16}, "not what was sealed"),
        ({"facts": None}, "not what was sealed"),
        ({"facts": None, "salt": None}, "gone, and no entry says"),
        ({"actor_id": "p_terry"}, "the person was changed"),
        ({"act": "look"}, "the act was changed"),
        ({"at": NOON + timedelta(days=9)}, "the time was changed"),
        ({"object_id": "x"}, "the object was changed"),
        ({"incident_id": "x"}, "the number was changed"),
    ],
)
def test_an_edited_entry_is_named_by_its_number(
    log: Engine, changed: Mapping[str, object], named: str
) -> None:
    seq, says = do(log, update(incident_entry).where(ENTRY.seq == 3).values(changed))
    assert (seq, named in says) == (3, True), says


def test_an_entry_less_or_more_or_in_another_place_is_named(log: Engine) -> None:
    moved = (
        update(incident_entry).where(ENTRY.seq == old).values(seq=new)
        for old, new in ((2, 77), (3, 2), (77, 3))
    )
    assert do(log, *moved)[0] == 2
    moved = (
        update(incident_entry).where(ENTRY.seq == old).values(seq=new)
        for old, new in ((2, 77), (3, 2), (77, 3))
    )
    assert do(log, *moved)[0] is None
    row = {
        "seq": 77,
        "incident_id": the_case(log).id,
        "act": "note",
        "object_id": "x",
        "actor_id": "p",
        "at": NOON,
    }
    assert do(log, insert(incident_entry).values(row))[0] == 5
    assert do(log, delete(incident_entry).where(ENTRY.seq.in_((3, 77))))[0] == 3


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"state": "closed"}, "state"),
        ({"kind": "pupil-circumvention"}, "kind"),
        ({"lane": "illegal"}, "lane"),
        ({"restricted": True}, "restricted"),
        ({"person_id": "p_anna"}, "person_id"),
        ({"closed_at": NOON}, "closed_at"),
        ({"opened_at": NOON + timedelta(days=1)}, "opened_at"),
    ],
)
def test_an_edited_case_is_named_with_what_was_changed(
    log: Engine, changed: Mapping[str, object], named: str
) -> None:
    case = the_case(log)
    seq, says = do(log, update(incident).where(incident.c.id == case.id).values(changed))
    assert (seq, f"its {named} was changed" in says) == (4, True), says


def test_a_case_less_or_more_is_named(log: Engine) -> None:
    case = the_case(log)
    more = {
        "state": "reported",
        "kind": "x",
        "lane": "illegal",
        "restricted": False,
        "opened_at": NOON,
        "changed_at": NOON,
    }
    assert do(log, insert(incident).values(id="new", **more))[0] == 5
    gone = (delete(incident).where(incident.c.id.in_(["new", case.id])),)
    assert do(log, *gone)[0] == 4


@pytest.mark.parametrize(
    "changes",
    [
        update(incident_file).values(content=b"another!!"),
        update(incident_file).values(incident_id="x"),
        delete(incident_file),
    ],
    ids=["edited", "moved", "gone"],
)
def test_a_file_that_is_not_what_was_attached_is_named(log: Engine, changes: Any) -> None:
    assert do(log, changes)[0] == 4


def test_a_file_that_nobody_attached_is_named(log: Engine) -> None:
    assert do(log, insert(incident_file).values(id="f2", incident_id="x", content=b"x"))[0] == 5


def closed(log: Engine) -> Incident:
    case = the_case(log)
    with writing(log) as conn:
        made = Change(conn, NOON)
        facts = {"act": "close", "reason": "done", "outcome": "no-concern", "incident": case.id}
        case = write(made, case, "ask", CORA, facts, "s1")
        step = case.steps[-1]
        return write(made, case, "sign", HEDY, Sealed(step.salt, step.sealed), "s1")


def erased(log: Engine, case: Incident, before: str, *, says_so: bool = True) -> tuple[int | None, str]:
    with writing(log) as conn:
        if says_so:
            detail = {"before": before, "cases": [case.id]}
            Change(conn, NOON + timedelta(days=900)).seal(PURGE_CASES, SYSTEM, "incidents", detail)
    return do(
        log,
        update(incident_entry).where(ENTRY.incident_id == case.id).values(salt=None, facts=None),
        update(incident).where(incident.c.id == case.id).values(kind=ERASED_KIND, person_id=None),
        delete(incident_file),
    )


def test_facts_may_be_gone_where_a_line_says_that_their_time_was_over(log: Engine) -> None:
    assert erased(log, closed(log), "2026-12-24")[0] is None


def test_of_an_erased_case_no_lane_can_be_written_either(log: Engine) -> None:
    case = closed(log)
    erased(log, case, "2026-12-24")
    _, says = do(log, update(incident).where(incident.c.id == case.id).values(lane="illegal"))
    assert "its lane was changed" in says


def test_facts_may_not_be_gone_without_a_line_nor_of_a_case_that_was_open(log: Engine) -> None:
    case = closed(log)
    seq, says = erased(log, case, "2026-11-24")  # it was closed that day
    assert (seq, "was not closed by then" in says) == (7, True), says


def test_a_line_alone_erases_nothing(log: Engine) -> None:
    case = closed(log)
    with writing(log) as conn:
        detail = {"before": "2026-12-24", "cases": [case.id]}
        Change(conn, NOON + timedelta(days=900)).seal(PURGE_CASES, SYSTEM, "incidents", detail)
    assert told(log) == (
        7,
        "What was said in the incident of entry 2 was removed by entry 7, and it is there.",
    )
