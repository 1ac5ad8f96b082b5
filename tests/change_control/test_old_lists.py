"""A school founded when lists came with the policy: it goes on, and two people agree on lists.yaml once."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import insert

from audit_log.db import migrate, reading, writing
from audit_log.people import Registered, add_person, new_person_id, set_password
from audit_log.tables import enrolment, proposal
from change_control.desk import SYSTEM, Actor
from change_control.in_force import agreed_lists, policy_in_force
from change_control.list_updates import Took, candidate_order, update_order
from change_control.policies import sha256_of
from change_control.proposals import approve, propose_policy
from change_control.publish import publish
from change_control.sealing import change
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.model import Role
from tests.builders import NOON, POLICY
from tests.change_control.listed import FIRST, LISTS, Listed, a_listed_desk, compiled, some
from tests.change_control.school import FOUNDED, FOUNDERS, HASHER, is_whole, refused, row_of, the

NEWER = POLICY.replace("reviewed}", "reviewed again}")


@pytest.fixture
def old(tmp_path: Path) -> Listed:
    """As the first version wrote it: the founding without a row of the lists, and a proposal with some."""
    (tmp_path / "state").mkdir()
    school = Listed(a_listed_desk(tmp_path))
    school.put(FIRST, LISTS)
    migrate(school.desk.engine)
    generation = compiled(school.desk.state, LISTS, school.folder)
    people = [
        Registered(new_person_id(), username, name, Role(role), ("staff",), FOUNDED)
        for username, name, role in FOUNDERS
    ]
    founding = {"text": POLICY, "base": None, "lists": generation}
    with change(school.desk, FOUNDED) as made:
        for one in people:
            add_person(made.conn, one)
            set_password(made.conn, one.id, "console", HASHER.hash(one.username), FOUNDED)
            made.conn.execute(
                insert(enrolment).values(person_id=one.id, code_hash="", made_at=FOUNDED, used_at=FOUNDED)
            )
        made.conn.execute(insert(proposal).values(a_row("c_0", founding, state="approved")))
        two = [{"person": one.id, "role": str(one.role)} for one in people]
        detail = {"policy_sha256": sha256_of(POLICY), "lists": generation, "people": two}
        made.seal("school:found", SYSTEM, "c_0", detail)
        for number, one in enumerate(people, start=1):
            made.seal("person:enrol", Actor(one.id, one.role), one.id, {"enrolled": number})
    return school


def a_row(id_: str, payload: Mapping[str, object], **columns: object) -> dict[str, object]:
    made = {"id": id_, "kind": "policy", "loosening": True, "payload": payload, "reason": "r"}
    return {**made, "proposed_by": "system", "proposed_at": FOUNDED, **columns}


def test_its_lists_are_those_of_its_policy(old: Listed) -> None:
    publish(old.desk)

    with reading(old.desk.engine) as conn:
        founding = policy_in_force(conn).id
    assert (old.agreed.config_text, old.agreed.is_agreed, old.agreed.row_id) == ("", False, None)
    assert (old.agreed.id, old.agreed.agreement_id) == (founding, founding)
    assert read_bundle(old.desk.state, current_bundle(old.desk.state) or "").lists == old.agreed.generation
    assert is_whole(old.desk)


def test_nothing_is_updated_before_two_people_agreed_on_lists_yaml(old: Listed) -> None:
    error = refused("wrong-state", lambda: update_order(old.desk, (), NOON))
    assert "propose the one on disk" in error.says

    assert candidate_order(old.desk, NOON).text == LISTS
    asked = old.proposes("terry", {}, LISTS)
    approve(old.desk, the(old.desk, "hedy"), asked.id, "yes", NOON)

    assert (old.agreed.config_text, old.agreed.id) == (LISTS, asked.id)
    assert old.updates({"bets": some("bet", *range(5, 105))}).took is Took.IN_FORCE
    assert is_whole(old.desk)


def test_a_new_policy_keeps_the_lists_that_came_with_the_old_one(old: Listed) -> None:
    before = old.agreed.generation
    asked = propose_policy(old.desk, the(old.desk, "terry"), NEWER, "newer", NOON)

    approve(old.desk, the(old.desk, "hedy"), asked.id, "yes", NOON)

    assert old.agreed.generation == before
    assert is_whole(old.desk)


def test_a_policy_that_was_to_bring_other_lists_brings_none(old: Listed) -> None:
    """Proposed under the first version and approved under this one."""
    before, terry = old.agreed.generation, the(old.desk, "terry")
    other = compiled(old.desk.state, LISTS.replace("bets.txt", "learn.txt"), old.folder)
    payload = {"text": NEWER, "base": "c_0", "lists": other}
    id_ = secrets.token_hex(8)
    with change(old.desk, NOON) as made:
        made.conn.execute(
            insert(proposal).values(
                a_row(id_, payload, state="requested", proposed_by=terry.person_id, proposed_at=NOON)
            )
        )
        detail = {"policy_sha256": sha256_of(NEWER), "base": "c_0", "lists": other}
        made.seal("policy:propose", terry, id_, detail)

    error = refused("wrong-state", lambda: approve(old.desk, the(old.desk, "hedy"), id_, "yes", NOON))

    assert "anew" in error.says
    assert (old.agreed.generation, row_of(old.desk, id_)["state"]) == (before, "requested")


def test_a_policy_of_then_is_no_way_back_from_lists_agreed_on_since(old: Listed) -> None:
    """Somebody takes the row of the lists away: the policy's are not those in force any more."""
    approve(old.desk, the(old.desk, "hedy"), old.proposes("terry", {}, LISTS).id, "yes", NOON)
    with writing(old.desk.engine) as conn:
        conn.exec_driver_sql("UPDATE proposal SET state = 'superseded' WHERE kind = 'lists'")

    with reading(old.desk.engine) as conn:
        refused("refused", lambda: agreed_lists(conn))
    assert not is_whole(old.desk)
