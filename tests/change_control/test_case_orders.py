"""What cases order reaches the gates with its proof; what somebody rewrote of it opens nothing."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from structlog.testing import capture_logs

from audit_log.case_purging import erase_cases
from audit_log.db import reading, writing
from audit_log.incident_model import Incident
from audit_log.sealed_lines import PURGE_CASES
from audit_log.tables import incident_entry
from change_control.case_orders import LOOKED_BACK, MOST_DAYS_AHEAD, orders_in_force
from change_control.desk import SYSTEM, Desk
from change_control.incident_devices import isolate
from change_control.incidents import note, sign_step, to_illegal, withdraw_step
from change_control.investigations import ask_mode, end_mode
from change_control.openings import open_for_class
from change_control.publish import publish
from change_control.sealing import change
from change_control.tightening import suspend
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.bundle_proof import prove, public_key, read_proof
from filter_policy.case_orders import ISOLATE, MODE, MOST_DAYS, RELEASE
from tests.builders import NOON
from tests.change_control.incident_school import a_case, step
from tests.change_control.school import somebody, the

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHUT, LOOK = "10.0.3.17", "10.0.3.30"
ENTRY = incident_entry.c
GUARDS = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'incident_entry'")
ODD = '{"device": "x", "ends_at": "2026-11-25T12:00:00Z"}'


def in_force(desk: Desk) -> Bundle:
    name, key = current_bundle(desk.state) or "", public_key(desk.state)
    assert key is not None
    found = read_bundle(desk.state, name)
    prove(desk.state, name, found, key)  # as a gate does it
    return found


def devices(desk: Desk) -> tuple[list[str], list[str]]:
    """Shut off, and looked into."""
    policy = in_force(desk).policy
    return [each.device for each in policy.isolations], [each.device for each in policy.investigations]


def an_isolation(desk: Desk, hours: int = 48) -> Incident:
    return isolate(desk, the(desk, "cora"), a_case(desk).id, SHUT, hours, "as it is", NOON)


def a_mode(desk: Desk, now: datetime = NOON) -> Incident:
    case = step(desk, a_case(desk, "bullying"), "investigate")
    raw = {"device": LOOK, "sites": ["porn.test"], "minutes": 60, "reason": "what was shown"}
    asked = ask_mode(desk, the(desk, "cora"), case.id, raw, now)
    return sign_step(desk, the(desk, "hedy"), case.id, asked.steps[-1].id, now)


def test_what_cases_order_is_published_with_the_lines_that_seal_it(desk: Desk) -> None:
    shut, looked = an_isolation(desk), a_mode(desk)

    assert devices(desk) == ([SHUT], [LOOK])
    (look,) = in_force(desk).policy.investigations
    assert (look.incident_id, look.people) == (
        looked.id, frozenset({somebody(desk, "cora").id, somebody(desk, "hedy").id}),
    )  # fmt: skip
    proof = read_proof(desk.state, current_bundle(desk.state) or "")
    used = [json.loads(line.entry)["event"] for line in proof.lines]
    assert {"incident:isolate", "incident:ask", "incident:sign"} <= set(used)
    assert "incident:report" not in used
    step(desk, shut, "release", isolation=shut.isolated[0].id)
    assert devices(desk) == ([], [LOOK])


@pytest.mark.parametrize(
    "ends",
    [
        lambda desk, case: end_mode(desk, the(desk, "cora"), case.id, case.steps[-1].id, NOON),
        lambda desk, case: to_illegal(desk, the(desk, "cora"), case.id, "a picture", NOON),
        lambda desk, case: (
            step(desk, case, "substance", substance=False),
            step(desk, case, "close", outcome="no-concern"),
        ),
    ],
)
def test_what_ends_a_case_or_its_mode_ends_it_at_the_gates(
    desk: Desk, ends: Callable[[Desk, Incident], object]
) -> None:
    case = a_mode(desk)
    ends(desk, case)
    assert devices(desk) == ([], [])
    assert desk.published.unproven is None


def test_a_case_that_is_opened_again_opens_nothing_that_was_open_before(desk: Desk) -> None:
    case = a_mode(desk)
    step(desk, case, "substance", substance=False)
    step(desk, case, "close", outcome="no-concern")
    step(desk, case, "reopen")

    assert devices(desk) == ([], [])
    assert desk.published.unproven is None


def test_only_what_may_still_order_something_is_read(desk: Desk) -> None:
    an_isolation(desk, 24)
    a_mode(desk)
    with reading(desk.engine) as conn:
        now = [each.act for each in orders_in_force(conn, NOON)]
        later = [each.act for each in orders_in_force(conn, NOON + 2 * HOUR)]
        last = [each.act for each in orders_in_force(conn, NOON + LOOKED_BACK - HOUR)]
        gone = orders_in_force(conn, NOON + LOOKED_BACK)
    assert (now, later, last, gone) == ([ISOLATE, MODE], [ISOLATE], [ISOLATE], ())
    assert MOST_DAYS_AHEAD > 1


@pytest.mark.parametrize("days", [1, MOST_DAYS - 1, MOST_DAYS, 2 * MOST_DAYS, 3 * MOST_DAYS])
def test_a_device_that_was_shut_off_long_ago_hinders_nothing(desk: Desk, days: int) -> None:
    """Nor one that was let go; whatever was sealed since, and whether the gates hear of that."""
    case = an_isolation(desk)
    step(desk, case, "release", isolation=case.isolated[0].id)
    isolate(desk, the(desk, "cora"), case.id, "10.0.3.18", 1, "as it is", NOON)
    later = NOON + days * DAY
    note(desk, the(desk, "cora"), case.id, "nothing new", later)
    desk.log_lines.forget()
    publish(desk)

    assert desk.published.unproven is None
    an_other = isolate(desk, the(desk, "cora"), case.id, "10.0.3.19", 1, "as it is", later)
    assert desk.published.unproven is None
    assert an_other.isolated[-1].device in devices(desk)[0]


def test_what_was_said_in_a_case_may_go_and_with_it_what_shut_a_device_off(desk: Desk) -> None:
    case = an_isolation(desk, 1)
    step(desk, case, "close", outcome="no-concern")
    with change(desk, NOON + 2 * DAY) as made:
        made.seal(PURGE_CASES, SYSTEM, "incidents", {"before": "2026-11-26", "cases": [case.id]})
        for name in made.conn.scalars(GUARDS).all():
            made.conn.execute(text(f"DROP TRIGGER {name}"))
        erase_cases(made.conn, [case.id])

    assert devices(desk) == ([], [])
    assert desk.published.unproven is None


# -- what somebody rewrote


def entries(conn: Connection, act: str, **values: Any) -> None:
    conn.execute(update(incident_entry).where(ENTRY.act == act).values(values))


def gone(conn: Connection, act: str) -> None:
    conn.execute(delete(incident_entry).where(ENTRY.act == act))


def as_if_signed(conn: Connection, by: str) -> None:
    """The second line of a step that only one has signed."""
    asked = conn.execute(select(incident_entry).where(ENTRY.act == "ask").order_by(ENTRY.seq.desc())).first()
    assert asked is not None
    row = {**asked._mapping, "act": "sign", "seq": asked.seq + 1000, "actor_id": by}
    conn.execute(insert(incident_entry).values(row))


def tampered(desk: Desk, change: Callable[[Connection], object]) -> str:
    """What the publisher says of it. The gates have a proven bundle all the same."""
    with writing(desk.engine) as conn:
        for name in conn.scalars(GUARDS).all():
            conn.execute(text(f"DROP TRIGGER {name}"))
        change(conn)
    with capture_logs() as logs:
        publish(desk)
    return next((str(each["why"]) for each in logs if each["event"] == "bundle.not_proven"), "")


def test_a_device_whose_row_was_removed_stays_shut_off(desk: Desk) -> None:
    an_isolation(desk)
    said = tampered(desk, lambda conn: gone(conn, "isolate"))

    assert "is not shut off" in said
    assert devices(desk) == ([SHUT], [])
    assert desk.published.unproven is not None


def test_a_device_whose_row_was_edited_stays_shut_off(desk: Desk) -> None:
    an_isolation(desk)
    other = json.dumps({"device": "10.9.9.9", "ends_at": "2026-11-24T12:00:01Z", "reason": ""})
    said = tampered(desk, lambda conn: entries(conn, "isolate", facts=other))

    assert "is not what an entry sealed" in said
    assert SHUT in devices(desk)[0]


@pytest.mark.parametrize("facts", ["{", "[]", "[" * 20_000, ODD, None])
def test_a_row_that_cannot_be_read_lets_no_device_go(desk: Desk, facts: str | None) -> None:
    an_isolation(desk)
    a_mode(desk)
    assert tampered(desk, lambda conn: entries(conn, "isolate", facts=facts))
    assert SHUT in devices(desk)[0]


def test_a_release_that_nobody_signed_lets_no_device_go(desk: Desk) -> None:
    case = an_isolation(desk)
    step(desk, case, "release", isolation=case.isolated[0].id)
    again = isolate(desk, the(desk, "cora"), case.id, SHUT, 24, "again", NOON)

    def forged(conn: Connection) -> None:
        facts = {"act": RELEASE, "incident": case.id, "isolation": again.isolated[-1].id, "reason": "r"}
        for seq, act, who in ((9001, "ask", "p_1"), (9002, "sign", "p_2")):
            conn.execute(
                insert(incident_entry).values(
                    seq=seq, incident_id=case.id, act=act, object_id="forged", actor_id=who, at=NOON,
                    salt=b"s", facts=json.dumps(facts),
                )
            )  # fmt: skip

    assert tampered(desk, forged) == "no two entries signed step forged"
    assert devices(desk) == ([SHUT], [])


def test_an_end_whose_row_was_removed_opens_nothing_again(desk: Desk) -> None:
    case = a_mode(desk)
    end_mode(desk, the(desk, "cora"), case.id, case.steps[-1].id, NOON)
    said = tampered(desk, lambda conn: gone(conn, "end"))

    assert "was over with entry" in said
    assert devices(desk) == ([], [])


def test_a_case_for_the_police_whose_row_was_removed_is_looked_into_by_nobody(desk: Desk) -> None:
    case = a_mode(desk)
    to_illegal(desk, the(desk, "cora"), case.id, "a picture", NOON)
    said = tampered(desk, lambda conn: gone(conn, "illegal"))

    assert "nothing of its case is looked into since entry" in said
    assert devices(desk) == ([], [])


def test_a_step_that_was_taken_back_and_signed_after_its_row_was_removed_opens_nothing(desk: Desk) -> None:
    case = step(desk, a_case(desk, "bullying"), "investigate")
    raw = {"device": LOOK, "sites": ["porn.test"], "minutes": 60, "reason": "what was shown"}
    asked = ask_mode(desk, the(desk, "cora"), case.id, raw, NOON).steps[-1].id
    withdraw_step(desk, the(desk, "cora"), case.id, asked, "not needed", NOON)
    tampered(desk, lambda conn: gone(conn, "withdraw"))
    with capture_logs() as logs:
        sign_step(desk, the(desk, "hedy"), case.id, asked, NOON)

    assert any("was taken back with entry" in str(each.get("why")) for each in logs)
    assert devices(desk) == ([], [])


def test_an_investigation_that_was_edited_is_shut(desk: Desk) -> None:
    a_mode(desk)

    def longer(conn: Connection) -> None:
        for row in conn.execute(select(incident_entry).where(ENTRY.act.in_(("ask", "sign")))).all():
            if '"act":"mode"' in row.facts:
                facts = row.facts.replace(LOOK, "10.9.9.9")
                changed = update(incident_entry).where(ENTRY.seq == row.seq)
                conn.execute(changed.values(facts=facts))

    assert "is not what entry" in tampered(desk, longer)
    assert devices(desk) == ([], [])


def test_one_signature_with_another_written_beside_it_opens_nothing(desk: Desk) -> None:
    case = step(desk, a_case(desk, "bullying"), "investigate")
    raw = {"device": LOOK, "sites": ["porn.test"], "minutes": 60, "reason": "what was shown"}
    ask_mode(desk, the(desk, "cora"), case.id, raw, NOON)

    hedy = somebody(desk, "hedy").id
    assert tampered(desk, lambda conn: as_if_signed(conn, hedy)).startswith("no two entries signed step")
    assert devices(desk) == ([], [])


FORGED = {
    "object_id": "'i9'", "at": "'2026-11-24 12:00:00'", "salt": "x'00'",
    "facts": """'{"device":"10.9.9.9","ends_at":"2026-11-25T12:00:00Z"}'""",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": """'{"device":"10.9.9.9","ends_at":"9999-12-31T23:59:59-14:00"}'"""},
        {"facts": """CAST('{"device":"10.9.9.9","ends_at":"2026-11-25T12:00:00Z"}' AS BLOB)"""},
        {"at": "'9999-12-31 23:59:59'"},
        {"at": "'tomorrow'"},
        {"salt": "'text'"},
        {"object_id": "x'ff'"},
        {"incident_id": "CAST(x'ff' AS TEXT)"},
        {"incident_id": "x'ff'"},
    ],
)
def test_no_line_that_somebody_wrote_keeps_from_the_gates_what_is_shut(
    desk: Desk, changes: dict[str, str]
) -> None:
    case = an_isolation(desk)
    row = {"incident_id": f"'{case.id}'"} | FORGED | changes

    def forged(conn: Connection) -> None:
        conn.execute(
            text(
                f"INSERT INTO incident_entry (seq, act, actor_id, {', '.join(row)})"  # noqa: S608  # our own words
                f" VALUES (9001, 'isolate', 'p_1', {', '.join(row.values())})"
            )
        )

    tampered(desk, forged)
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "as agreed", NOON)

    assert SHUT in devices(desk)[0]
    assert in_force(desk).accounts["anna"].person.suspended_from == NOON


def test_while_nothing_is_proven_a_device_is_still_shut_off(desk: Desk) -> None:
    """What only shuts reaches the gates whatever somebody wrote into the database."""
    open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)
    case = a_mode(desk)
    end_mode(desk, the(desk, "cora"), case.id, case.steps[-1].id, NOON)
    assert tampered(desk, lambda conn: gone(conn, "end"))
    an_isolation(desk)

    assert devices(desk) == ([SHUT], [])
    assert desk.published.unproven is not None
