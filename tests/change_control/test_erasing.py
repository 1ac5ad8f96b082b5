"""Somebody who has left is erased by two people: the name goes everywhere, counts and seals stay whole."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from audit_log.db import reading, writing
from audit_log.people import Registered, person_by_id
from audit_log.recorder import Recorder
from audit_log.sessions import create_session
from audit_log.tables import change_text, enrolment, filtering_log, metadata, session
from change_control.codes import code_file
from change_control.desk import Desk
from change_control.erasing import ERASED_NAME
from change_control.openings import open_for_class
from change_control.proposals import approve, decline, propose_people, propose_policy
from change_control.protecting import propose_release
from change_control.tightening import suspend
from filter_policy.bundle import current_bundle, read_bundle
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.audit_log.records import a_segment, a_whole, an_open
from tests.builders import NOON, POLICY
from tests.change_control.protected import (
    EITHER,
    HOUR,
    corrects,
    erases,
    holds_back,
    in_force,
    leaves,
    school_in,
    verified,
    wrong,
)
from tests.change_control.school import asked_by, log_of, refused, row_of, somebody, the

LATER = NOON + timedelta(days=1)


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from school_in(request.param, request, tmp_path)


def erased(desk: Desk, username: str, **how: Any) -> Registered:
    """Ended, and erased by Terry and Hedy."""
    person_id = leaves(desk, username)
    approve(desk, the(desk, "hedy"), erases(desk, "terry", username, **how).id, "", LATER)
    with reading(desk.engine) as conn:
        found = person_by_id(conn, person_id)
    assert found is not None
    return found


def everything(desk: Desk) -> str:
    """What is in every table, as one text."""
    with reading(desk.engine) as conn:
        rows = {table.name: conn.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
    return json.dumps({name: [dict(row) for row in found] for name, found in rows.items()}, default=repr)


@EITHER
def test_two_people_erase_somebody_and_nothing_personal_is_left(either: Desk) -> None:
    ben = somebody(either, "ben")
    with writing(either.engine) as conn:
        create_session(conn, either.session_key, ben.id, NOON)

    found = erased(either, "ben")

    assert found.username.startswith("erased-")
    assert found == Registered(
        id=ben.id,
        username=found.username,
        name=ERASED_NAME,
        role=ben.role,
        filter_groups=(),
        created_at=ben.created_at,
        agreement_signed=False,
        ends_at=NOON,
    )
    with reading(either.engine) as conn:
        assert conn.execute(select(session).where(session.c.person_id == ben.id)).all() == []
    assert "Ben Somebody" not in everything(either)
    assert verified(either).whole, verified(either).says


@EITHER
def test_what_people_wrote_that_names_them_goes_with_a_line_each(either: Desk) -> None:
    ben = somebody(either, "ben").id
    suspend(either, the(either, "terry"), ben, None, "BEN threw a chair", NOON)
    asked = asked_by(either, "tess", reason="for ben, who was ill", subject="Catching up with ben")
    decline(either, the(either, "terry"), asked, "not for ben alone", NOON)
    open_for_class(either, the(either, "tess"), "6B", 10, "to help ben", NOON)
    before = len(log_of(either))

    erased(either, "ben")

    lines = log_of(either)[before:]
    gone = [line for line in lines if line.event == "change-text:erase"]
    assert [line.detail["field"] for line in gone] == ["reason", "reason", "subject", "reason", "reason"]
    assert lines[-1].event == "erasure:approve"
    row = row_of(either, asked)
    assert {row["reason"], row["decision_reason"], row["payload"]["subject"]} == {"(erased)"}
    assert "BEN threw" not in everything(either)
    assert "to help ben" not in everything(either)
    assert verified(either).whole, verified(either).says


def test_a_text_that_only_looks_like_the_name_stays(desk: Desk) -> None:
    asked = asked_by(desk, "tess", reason="on the river Benue, by a bench, in beneath.ben.example")

    erased(desk, "ben")

    assert row_of(desk, asked)["reason"].startswith("on the river")


def test_all_that_is_about_them_goes_if_it_is_asked_for(desk: Desk) -> None:
    ben = somebody(desk, "ben").id
    suspend(desk, the(desk, "terry"), ben, None, "threw a chair", NOON)
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "threw it back", NOON)

    erased(desk, "ben", texts="about")

    left = "".join(str(text) for line in log_of(desk) for text in line.texts.values())
    assert "threw a chair" not in left
    assert "has left the school" not in left
    assert "threw it back" in left


def test_what_was_written_while_it_waited_goes_too(desk: Desk) -> None:
    leaves(desk, "ben")
    asked = erases(desk, "terry", "ben")
    asked_by(desk, "tess", reason="as with ben last year")

    approve(desk, the(desk, "hedy"), asked.id, "", LATER)

    assert "as with ben" not in everything(desk)


def test_who_asks_for_it_or_agrees_does_not_write_the_name_down_again(desk: Desk) -> None:
    leaves(desk, "ben")
    naming = "the parents of Ben Somebody ask for it"
    assert "reason" in refused("bad-input", lambda: erases(desk, "terry", "ben", reason=naming)).fields
    asked = erases(desk, "terry", "ben")

    refused("bad-input", lambda: approve(desk, the(desk, "hedy"), asked.id, naming, LATER))

    assert somebody(desk, "ben").name == "Ben Somebody"


def test_one_person_erases_nobody_and_a_technician_never_agrees_to_it(desk: Desk) -> None:
    leaves(desk, "ben")
    asked = erases(desk, "cora", "ben")

    refused("same-person", lambda: approve(desk, the(desk, "cora"), asked.id, "", LATER))
    refused("wrong-role", lambda: approve(desk, the(desk, "terry"), asked.id, "", LATER))

    assert somebody(desk, "ben").name == "Ben Somebody"


def test_only_who_has_left_is_erased(desk: Desk) -> None:
    refused("wrong-state", lambda: erases(desk, "terry", "ben"))


def test_nobody_is_erased_twice_or_comes_back_under_the_old_id(desk: Desk) -> None:
    found = erased(desk, "ben")

    refused("wrong-state", lambda: erases(desk, "terry", found.username, LATER))
    again = {"id": found.id, "username": "ben", "name": "Ben Again"}
    faults = refused(
        "bad-input", lambda: propose_people(desk, the(desk, "terry"), [again], "he is back", LATER)
    ).fields
    assert set(faults) == {"rows[0].id"}
    new = {**again, "username": "erased-1", "role": "pupil", "filter_groups": ["upper-ks2"]}
    del new["id"]
    refused("bad-input", lambda: propose_people(desk, the(desk, "terry"), [new], "new", LATER))


@pytest.mark.parametrize("whom", ["ben", None])
def test_who_is_under_a_hold_is_not_erased_before_it_is_released(desk: Desk, whom: str | None) -> None:
    held = holds_back(desk, "terry", whom)
    leaves(desk, "ben")
    assert held.id in refused("refused", lambda: erases(desk, "terry", "ben")).says
    over = propose_release(desk, the(desk, "terry"), held.id, "over", NOON)
    approve(desk, the(desk, "hedy"), over.id, "", NOON)

    asked = erases(desk, "terry", "ben")

    holds_back(desk, "cora", whom)
    refused("refused", lambda: approve(desk, the(desk, "hedy"), asked.id, "", LATER))


def test_a_hold_on_a_time_after_they_left_keeps_nobody(desk: Desk) -> None:
    holds_back(desk, "terry", None, from_at=NOON + HOUR, to_at=LATER)

    assert erased(desk, "ben").name == ERASED_NAME
    assert len(in_force(desk)) == 1


def test_a_hold_on_whoever_was_recorded_in_their_place_keeps_them(desk: Desk) -> None:
    approve(desk, the(desk, "hedy"), corrects(desk, "terry", wrong("anna", "ben")).id, "", NOON)
    holds_back(desk, "terry", "anna")
    leaves(desk, "ben")

    refused("refused", lambda: erases(desk, "terry", "ben"))


def test_whom_the_policy_or_a_waiting_proposal_names_is_not_erased_yet(desk: Desk) -> None:
    policy = POLICY.replace("communications: [comms]", "communications: [comms, ben]")
    asked = propose_policy(desk, the(desk, "terry"), policy, "the choir", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)
    leaves(desk, "ben")
    assert "communications" in refused("refused", lambda: erases(desk, "terry", "ben")).says
    plain = propose_policy(desk, the(desk, "terry"), POLICY, "he has left", NOON)
    assert (plain.state, plain.loosening) == ("approved", False)

    row = {"username": "ben", "name": "Benjamin Somebody"}
    waits = propose_people(desk, the(desk, "terry"), [row], "his full name", NOON)
    assert "waits" in refused("refused", lambda: erases(desk, "terry", "ben")).says
    decline(desk, the(desk, "hedy"), waits.id, "too late", NOON)

    assert erases(desk, "terry", "ben").kind == "erasure"


def test_nobody_unknown_is_erased_and_every_fault_is_named(desk: Desk) -> None:
    faults = refused("bad-input", lambda: erases(desk, "terry", "nobody", texts="some")).fields

    assert set(faults) == {"person", "texts"}


def test_the_gates_hear_no_name_any_more(desk: Desk) -> None:
    erased(desk, "ben")

    bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    assert "ben" not in bundle.accounts
    assert "Ben" not in (desk.state / "bundle" / (current_bundle(desk.state) or "")).read_text()


def test_enrolment_goes_with_its_file(desk: Desk) -> None:
    cora = somebody(desk, "cora")
    left_behind = code_file(desk.state, "cora")
    left_behind.parent.mkdir(exist_ok=True)
    left_behind.write_text("ABCD")

    erased(desk, "cora")

    assert not left_behind.exists()
    with reading(desk.engine) as conn:
        assert conn.execute(select(enrolment).where(enrolment.c.person_id == cora.id)).all() == []


def test_other_peoples_texts_and_lines_stay_as_they_are(desk: Desk) -> None:
    asked_by(desk, "tess", reason="for anna")
    before = {line.seq: line for line in log_of(desk)}

    erased(desk, "ben")

    after = {line.seq: line for line in log_of(desk)}
    kept = {seq: line for seq, line in after.items() if seq in before}
    assert {seq: dataclasses.replace(line, texts={}) for seq, line in kept.items()} == {
        seq: dataclasses.replace(line, texts={}) for seq, line in before.items()
    }
    assert "for anna" in [line.texts.get("reason") for line in kept.values()]


@EITHER
def test_a_text_erased_without_a_line_is_named(either: Desk) -> None:
    erased(either, "ben")
    with writing(either.engine) as conn:
        seq = conn.scalar(select(change_text.c.seq).where(change_text.c.text.is_not(None)).limit(1))
        conn.execute(text("UPDATE change_text SET text = NULL WHERE seq = :seq"), {"seq": seq})

    assert not verified(either).whole


@EITHER
def test_rows_keep_their_id_their_seal_and_their_count(either: Desk, tmp_path: Path) -> None:
    ben = somebody(either, "ben").id
    a_segment(tmp_path, [a_whole(1, person=ben), a_whole(2, person=ben), an_open(3, person=ben)])
    Recorder(either.engine, tmp_path).run_once()
    counted = select(filtering_log.c.event_id, filtering_log.c.person_id).order_by(filtering_log.c.event_id)
    with reading(either.engine) as conn:
        before = conn.execute(counted).all()

    erased(either, "ben")

    with reading(either.engine) as conn:
        assert conn.execute(counted).all() == before
    assert {row.person_id for row in before} == {ben}
    assert len(before) == 3
    assert verified(either).whole, verified(either).says
