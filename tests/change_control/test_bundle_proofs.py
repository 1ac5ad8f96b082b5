"""Whatever reaches the gates was agreed on: rows that somebody rewrote are not published, what shuts is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, update
from structlog.testing import capture_logs

from audit_log.change_log import append
from audit_log.db import reading, writing
from audit_log.people import Registered, add_person, change_person
from audit_log.tables import checkpoint, opening, person, proposal
from change_control.bundle_proofs import LogLines
from change_control.desk import Desk
from change_control.openings import close_opening, open_for_class
from change_control.proposals import approve, propose_people, revoke
from change_control.publish import KEPT, is_published, publish
from change_control.tightening import end_person, suspend
from filter_policy.bundle import Bundle, current_bundle, name_current, read_bundle
from filter_policy.bundle_proof import ProofFault, Proven, proof_path, prove, public_key, read_proof
from filter_policy.model import Role
from tests.builders import NOON, POLICY
from tests.change_control.listed import LISTS, Listed
from tests.change_control.school import KEY, asked_by, copy_of, events_of, somebody, the

LATER = NOON + timedelta(hours=1)


def in_force(desk: Desk) -> Bundle:
    return read_bundle(desk.state, current_bundle(desk.state) or "")


def proven(desk: Desk) -> Proven:
    """As a gate does it."""
    name, key = current_bundle(desk.state) or "", public_key(desk.state)
    assert key == KEY.public_key()
    return prove(desk.state, name, read_bundle(desk.state, name), key)


@pytest.fixture(scope="session")
def busy_school(school: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With something open, and some people changed since; made once."""
    desk = copy_of(school, tmp_path_factory.mktemp("busy") / "state")
    asked = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)
    open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)
    moved = propose_people(desk, the(desk, "cora"), [{"username": "ben", "classes": ["6C"]}], "moved", NOON)
    if moved.state != "approved":
        approve(desk, the(desk, "terry"), moved.id, "yes", NOON)
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "an incident", NOON)
    taken_back = asked_by(desk, "tess", "racism-history.test")
    approve(desk, the(desk, "terry"), taken_back, "fine", NOON)
    revoke(desk, the(desk, "cora"), taken_back, "no longer", NOON)
    desk.engine.dispose()
    return desk.state


@pytest.fixture
def busy(busy_school: Path, tmp_path: Path) -> Iterator[Desk]:
    desk = copy_of(busy_school, tmp_path / "state")
    yield desk
    desk.engine.dispose()


def test_all_that_is_open_is_proven_by_its_lines(busy: Desk) -> None:
    found = proven(busy)
    proof = read_proof(busy.state, current_bundle(busy.state) or "")
    used = [json.loads(line.entry)["event"] for line in proof.lines]

    assert (found.size, found.narrows) == (len(events_of(busy)), None)
    assert {"school:found", "unblock:approve", "unblock:propose", "opening:open", "person:suspend"} <= set(
        used
    )
    assert len(used) < len(events_of(busy))


def test_a_process_that_starts_anew_proves_the_same(busy: Desk) -> None:
    before = read_proof(busy.state, current_bundle(busy.state) or "")

    publish(replace(busy, log_lines=LogLines()))

    assert read_proof(busy.state, current_bundle(busy.state) or "") == before


def test_a_proof_that_is_gone_is_written_again(busy: Desk) -> None:
    publish(busy)
    assert is_published(busy)
    proof_path(busy.state, current_bundle(busy.state) or "").unlink()
    assert not is_published(busy)

    publish(busy)

    assert proven(busy).size == len(events_of(busy))


def test_lists_are_proven_whoever_brought_them(listed: Listed) -> None:
    listed.updates({"bets": ["new.test"]})
    publish(listed.desk)
    assert proven(listed.desk).narrows is None
    asked = listed.proposes("terry", {"bets": ["newer.test"]}, LISTS)
    approve(listed.desk, the(listed.desk, "hedy"), asked.id, "", NOON)

    assert proven(listed.desk).lists_entry == len(events_of(listed.desk))


Tamper = Callable[[Desk, Connection], object]


def another_policy(_desk: Desk, conn: Connection) -> None:
    text = POLICY.replace("everyone: not_allowed}", "everyone: allowed}")
    is_policy = (proposal.c.kind == "policy") & (proposal.c.state == "approved")
    old = conn.execute(proposal.select().where(is_policy)).mappings().one()
    conn.execute(update(proposal).where(is_policy).values(payload={**old["payload"], "text": text}))


def another_site(_desk: Desk, conn: Connection) -> None:
    is_unblock = (proposal.c.kind == "unblock") & (proposal.c.state == "approved")
    old = conn.execute(proposal.select().where(is_unblock)).mappings().one()
    conn.execute(update(proposal).where(is_unblock).values(payload={**old["payload"], "sites": ["bet.test"]}))


def an_opening(desk: Desk, conn: Connection) -> None:
    row = {"id": "o_1", "opened_by": somebody(desk, "tess").id, "classes": ["6A"], "reason": "r"}
    conn.execute(insert(opening).values(**row, starts_at=NOON, ends_at=LATER))


def a_longer_opening(_desk: Desk, conn: Connection) -> None:
    conn.execute(update(opening).values(ends_at=NOON + timedelta(days=9)))


def another_account(_desk: Desk, conn: Connection) -> None:
    add_person(conn, Registered("p_mal", "mal", "Mal", Role.HEADTEACHER, ("staff",), NOON))


def more_groups(desk: Desk, conn: Connection) -> None:
    change_person(conn, somebody(desk, "ben").id, filter_groups=["staff", "upper-ks2"])


def another_role(desk: Desk, conn: Connection) -> None:
    change_person(conn, somebody(desk, "ben").id, role="technician")


def no_suspension(desk: Desk, conn: Connection) -> None:
    conn.execute(update(person).where(person.c.id == somebody(desk, "anna").id).values(suspended_from=None))


def a_revoked_unblock(_desk: Desk, conn: Connection) -> None:
    put_back = {"state": "approved", "ended_by": None, "ended_at": None}
    conn.execute(update(proposal).where(proposal.c.state == "revoked").values(put_back))


TAMPERING: tuple[Tamper, ...] = (
    another_policy, another_site, an_opening, a_longer_opening, another_account, more_groups, another_role,
    no_suspension, a_revoked_unblock,
)  # fmt: skip


def tampered(desk: Desk, tamper: Tamper) -> None:
    with writing(desk.engine) as conn:
        tamper(desk, conn)


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_row_that_nobody_agreed_on_reaches_no_gate_and_what_shuts_does(busy: Desk, tamper: Tamper) -> None:
    before = in_force(busy)
    tampered(busy, tamper)

    with capture_logs() as alarms:
        end_person(busy, the(busy, "terry"), somebody(busy, "gail").id, "has left", NOON)

    bundle = in_force(busy)
    assert "bundle.not_proven" in {each["event"] for each in alarms}
    assert proven(busy).narrows is not None
    assert bundle.accounts["gail"].person.ends_at == NOON
    assert bundle.policy_text == before.policy_text
    assert set(bundle.policy.unblocks) <= set(before.policy.unblocks)
    assert set(bundle.policy.openings) <= set(before.policy.openings)
    assert "mal" not in bundle.accounts
    assert "ben" not in bundle.accounts or bundle.accounts["ben"] == before.accounts["ben"]
    assert bundle.accounts["anna"].person.suspended_from == NOON


def closed(desk: Desk) -> None:
    with reading(desk.engine) as conn:
        made = conn.execute(opening.select()).one().id
    close_opening(desk, the(desk, "cora"), made, NOON)


def suspended_for_a_while(desk: Desk) -> None:
    suspend(desk, the(desk, "terry"), somebody(desk, "tess").id, None, "an incident", NOON)
    asked = propose_people(
        desk, the(desk, "cora"), [{"username": "tess", "suspended": False}], "it was not her", NOON
    )
    approve(desk, the(desk, "terry"), asked.id, "yes", NOON)


def ended(desk: Desk) -> None:
    end_person(desk, the(desk, "terry"), somebody(desk, "tess").id, "has left", NOON)


def of_another_class(desk: Desk) -> None:
    asked = propose_people(desk, the(desk, "cora"), [{"username": "tess", "classes": ["6C"]}], "moved", NOON)
    if asked.state != "approved":
        approve(desk, the(desk, "terry"), asked.id, "yes", NOON)


@pytest.mark.parametrize("shuts", [closed, suspended_for_a_while, ended, of_another_class])
def test_an_opening_that_was_shut_is_not_opened_by_its_row(busy: Desk, shuts: Callable[[Desk], None]) -> None:
    shuts(busy)
    assert in_force(busy).policy.openings == ()
    tampered(busy, lambda _, conn: conn.execute(update(opening).values(ends_at=NOON + timedelta(minutes=45))))

    with capture_logs() as alarms:
        publish(busy)

    assert "bundle.not_proven" in {each["event"] for each in alarms}
    assert in_force(busy).policy.openings == ()
    assert proven(busy).narrows is None  # what is in force is what was proven before


def test_a_narrower_bundle_of_before_does_not_come_back(busy: Desk) -> None:
    tampered(busy, more_groups)
    found = []
    with capture_logs():
        for who in ("gus", "anna", "gail"):
            end_person(busy, the(busy, "terry"), somebody(busy, who).id, "has left", NOON)
            found.append((current_bundle(busy.state) or "", proven(busy)))
    (first, wider), _, (last, tighter) = found

    assert tighter.follows(wider)
    assert not wider.follows(tighter)
    name_current(busy.state, first)
    with capture_logs():
        suspend(busy, the(busy, "terry"), somebody(busy, "tess").id, None, "an incident", NOON)
    assert current_bundle(busy.state) not in {first, last}
    assert proven(busy).follows(tighter)


def test_what_was_put_right_is_proven_again(busy: Desk) -> None:
    tampered(busy, more_groups)
    with capture_logs():
        publish(busy)
    with writing(busy.engine) as conn:
        change_person(conn, somebody(busy, "ben").id, filter_groups=["upper-ks2"])

    with capture_logs() as alarms:
        suspend(busy, the(busy, "terry"), somebody(busy, "gus").id, None, "an incident", NOON)

    assert alarms == []
    assert proven(busy).narrows is None


def test_a_log_that_is_signed_no_more_still_lets_things_be_shut(busy: Desk) -> None:
    with writing(busy.engine) as conn:
        ahead = {"size": len(events_of(busy)) + 50, "made_at": NOON, "note": "?", "frontier": b""}
        conn.execute(insert(checkpoint).values(ahead))
    asked = in_force(busy).policy.unblocks[0].id

    with capture_logs():
        revoke(busy, the(busy, "cora"), asked, "moved", NOON)
        suspend(busy, the(busy, "terry"), somebody(busy, "ben").id, LATER, "an incident", NOON)

    assert proven(busy).narrows is not None
    assert in_force(busy).policy.unblocks == ()
    assert in_force(busy).accounts["ben"].person.suspended_until == LATER


def test_a_line_that_another_program_wrote_proves_nothing(busy: Desk) -> None:
    anna, before = somebody(busy, "anna").id, current_bundle(busy.state)
    with writing(busy.engine) as conn:
        said = {"people": [], "proposed_by": "p_x"}
        append(
            conn, at=NOON, event="people:approve", actor="p_y", role="technician", object_id="x", detail=said
        )
        change_person(conn, anna, suspended_from=None)

    with capture_logs():
        publish(busy)

    assert current_bundle(busy.state) == before
    assert in_force(busy).accounts["anna"].person.suspended_from == NOON


def test_what_was_shut_alone_stays_shut_whatever_a_row_says_later(busy: Desk) -> None:
    base = current_bundle(busy.state)
    tampered(busy, more_groups)
    with capture_logs():
        suspend(busy, the(busy, "terry"), somebody(busy, "gus").id, None, "an incident", NOON)
        with writing(busy.engine) as conn:
            change_person(conn, somebody(busy, "gus").id, suspended_from=None)
        publish(busy)

    assert proven(busy).narrows == base
    assert in_force(busy).accounts["gus"].person.suspended_from == NOON


def test_what_a_narrower_bundle_stands_on_is_kept(busy: Desk) -> None:
    base = current_bundle(busy.state) or ""
    tampered(busy, more_groups)
    with capture_logs():
        for number in range(KEPT + 3):
            until = NOON + timedelta(days=number + 1)
            suspend(busy, the(busy, "terry"), somebody(busy, "gus").id, until, "again", NOON)

    assert proven(busy).narrows == base
    names = {path.name for path in (busy.state / "bundle").iterdir()}
    assert base in names
    assert f"{base}.proof" in names


def test_before_anything_was_proven_nothing_is_published(busy: Desk) -> None:
    tampered(busy, more_groups)
    for path in (busy.state / "bundle").iterdir():
        path.unlink()

    with pytest.raises(ProofFault, match="filter_groups"), capture_logs():
        publish(busy)

    assert current_bundle(busy.state) is None


def test_a_log_with_a_hole_is_no_base_for_a_proof(busy: Desk) -> None:
    lines = LogLines()
    with reading(busy.engine) as conn:
        assert lines.proof(conn, (), (), ()).note
    with writing(busy.engine) as conn:
        conn.exec_driver_sql("DROP TRIGGER change_log_no_delete")
        conn.exec_driver_sql("DELETE FROM change_log WHERE seq = 2")

    with reading(busy.engine) as conn, pytest.raises(ProofFault, match="missing"):
        LogLines().proof(conn, (), (), ())
