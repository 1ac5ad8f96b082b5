"""What is in force is what was agreed: a proposal rewritten in the database is named by its entry."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, insert, text, update

from audit_log.change_log import append, verify
from audit_log.checkpoint import sign_checkpoint
from audit_log.db import reading, writing
from audit_log.people import Registered, add_person
from audit_log.seal import stamp
from audit_log.tables import proposal, review
from audit_log.verification import Verification
from filter_policy.model import Role
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LESSON = NOON + timedelta(hours=1)
UNBLOCK = {"sites": ["racism-history.test"], "classes": ["6B"], "filter_groups": [], "people": ["p_anna"]}
TIMES: dict[str, Any] = {"starts_at": LESSON, "ends_at": LESSON + timedelta(hours=1)}
PEOPLE = [{"id": "p_new", "new": True, "set": {"role": "staff"}, "named": ["name"], "passwords": ["proxy"]}]


def policy(said: str, base: str | None) -> dict[str, Any]:
    return {"text": said, "base": base}


def policy_facts(said: str, base: str | None) -> dict[str, Any]:
    return {"policy_sha256": hashlib.sha256(said.encode()).hexdigest(), "base": base}


class Register:
    """Writes rows and lines as change control does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def found(self) -> None:
        row = {"state": "approved", "proposed_by": "system", "payload": policy("first", None)}
        facts = {"says": "found", "people": [{"person": "p_1", "role": "technician"}]}
        self._write("school:found", "c_0", "system", {**facts, **policy_facts("first", None)}, new=row)
        self.register("p_1", Role.TECHNICIAN)

    def ask(  # what is asked for, and what a test is about
        self,
        id_: str,
        kind: str,
        payload: Mapping[str, Any],
        facts: Mapping[str, Any],
        *,
        verb: str = "propose",
        actor: str = "p_tess",
        **more: Any,
    ) -> None:
        row = {"kind": kind, "state": "requested", "proposed_by": "p_tess", "payload": payload} | more
        self._write(f"{kind}:{verb}", id_, actor, facts, new=row)

    def act(self, id_: str, event: str, facts: Mapping[str, Any], **changes: Any) -> None:
        self._write(event, id_, "p_terry", {"proposed_by": "p_tess", **facts}, changes=changes)

    def register(self, id_: str, role: Role) -> None:
        with writing(self.engine) as conn:
            add_person(conn, Registered(id_, id_, "Somebody", role, (), NOON))

    def _write(
        self,
        event: str,
        id_: str,
        actor: str,
        facts: Mapping[str, Any],
        *,
        new: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        with writing(self.engine) as conn:
            if new:
                row = {"id": id_, "kind": "policy", "loosening": True, "reason": "r", "proposed_at": NOON}
                conn.execute(insert(proposal).values({**row, **new}))
            if changes:
                conn.execute(update(proposal).where(proposal.c.id == id_).values(**changes))
            append(conn, at=NOON, event=event, actor=actor, role="x", object_id=id_, detail=facts)
            sign_checkpoint(conn, KEY, NOON)


def supersede(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(update(proposal).where(proposal.c.id == "c_0").values(state="superseded"))


@pytest.fixture
def school(engine: Engine) -> Engine:
    """Founded; an unblock (entries 2, 3), a second policy (4, 5), people (6, 7), a revoked unblock (8-10)."""
    register = Register(engine)
    decided = {"state": "approved", "decided_by": "p_terry", "decided_at": NOON}
    unblock = UNBLOCK | {name: stamp(at) for name, at in TIMES.items()}
    people = {"people": [{"person": "p_new", "new": True, "set": {"role": "staff"}, "named": ["name"]}]}
    register.found()
    register.ask("u_1", "unblock", UNBLOCK, unblock, **TIMES)
    register.act("u_1", "unblock:approve", unblock, **decided)
    register.ask("c_1", "policy", policy("second", "c_0"), policy_facts("second", "c_0"))
    supersede(engine)
    register.act("c_1", "policy:approve", policy_facts("second", "c_0"), **decided)
    register.ask("r_1", "people", {"rows": PEOPLE}, people)
    register.act("r_1", "people:approve", people, **decided)
    register.register("p_new", Role.STAFF)
    register.ask("u_2", "unblock", UNBLOCK, unblock, **TIMES)
    register.act("u_2", "unblock:approve", unblock, **decided)
    register.act("u_2", "unblock:revoke", unblock, state="revoked", ended_by="p_terry", ended_at=NOON)
    return engine


def verified(engine: Engine) -> Verification:
    with reading(engine) as conn:
        return verify(conn, KEY.public_key())


def rewrite(engine: Engine, id_: str, **changes: Any) -> Verification:
    with writing(engine) as conn:
        conn.execute(update(proposal).where(proposal.c.id == id_).values(**changes))
    return verified(engine)


def test_what_was_agreed_and_is_kept_so_is_whole(school: Engine) -> None:
    assert verified(school).whole


@pytest.mark.parametrize(
    ("id_", "changes", "entry", "name"),
    [
        ("u_1", {"payload": UNBLOCK | {"sites": ["casino.test"]}}, 2, "sites"),
        ("u_1", {"payload": UNBLOCK | {"classes": ["6A", "6B"]}}, 2, "classes"),
        ("u_1", {"payload": UNBLOCK | {"people": []}}, 2, "people"),
        ("u_1", {"payload": UNBLOCK | {"filter_groups": ["upper-ks2"]}}, 2, "filter_groups"),
        ("u_1", {"payload": []}, 2, "content"),
        ("u_1", {"payload": {"sites": UNBLOCK["sites"]}}, 2, "classes"),
        ("u_1", {"ends_at": NOON + timedelta(days=365)}, 2, "ends_at"),
        ("u_1", {"starts_at": NOON}, 2, "starts_at"),
        ("u_1", {"proposed_by": "p_other"}, 2, "proposed_by"),
        ("u_1", {"proposed_at": NOON + timedelta(days=1)}, 2, "proposed_at"),
        ("u_1", {"decided_by": "p_other"}, 3, "decided_by"),
        ("u_1", {"kind": "people"}, 2, "content"),
        ("u_2", {"ended_by": "p_other"}, 10, "ended_by"),
        ("c_0", {"payload": policy("other", None)}, 1, "policy_sha256"),
        ("c_1", {"payload": policy("other", "c_0")}, 4, "policy_sha256"),
        ("r_1", {"payload": {"rows": [PEOPLE[0] | {"id": "p_x"}]}}, 6, "people"),
        ("r_1", {"payload": {"rows": [PEOPLE[0] | {"set": {"role": "headteacher"}}]}}, 6, "people"),
        ("r_1", {"payload": {"rows": PEOPLE * 2}}, 6, "people"),
    ],
)
def test_a_proposal_that_was_rewritten_is_named_by_its_entry(
    school: Engine, id_: str, changes: dict[str, Any], entry: int, name: str
) -> None:
    found = rewrite(school, id_, **changes)

    says = f"Proposal {id_} is not what entry {entry} says was sealed: its {name} was changed."
    assert (found.whole, found.first_bad, found.says) == (False, entry, says)


@pytest.mark.parametrize(
    ("id_", "state", "says"),
    [
        ("u_2", "approved", "Proposal u_2 is approved in the database, and by entry 10 it is revoked."),
        ("c_0", "approved", "Proposal c_0 is approved in the database, and by entry 1 it is superseded."),
        ("u_1", "ended", "Proposal u_1 is ended in the database, and by entry 3 it is approved."),
    ],
)
def test_a_proposal_brought_back_is_found(school: Engine, id_: str, state: str, says: str) -> None:
    assert rewrite(school, id_, state=state).says == says


def test_an_approval_that_nobody_sealed_is_found(school: Engine) -> None:
    with writing(school) as conn:
        conn.execute(
            text(
                "INSERT INTO proposal (id, kind, state, loosening, payload, reason, proposed_by, proposed_at,"
                " decided_by) SELECT 'u_9', kind, state, loosening, payload, reason, proposed_by,"
                " proposed_at, decided_by FROM proposal WHERE id = 'u_1'"
            )
        )

    found = verified(school)
    assert (found.whole, found.first_bad) == (False, 11)
    assert found.says == "The database has a proposal, u_9, that no entry tells of."


def test_an_approval_of_something_else_than_was_asked_is_found(engine: Engine) -> None:
    """The row was rewritten between the two, so the approval sealed what nobody had asked for."""
    register = Register(engine)
    asked = UNBLOCK | {name: stamp(at) for name, at in TIMES.items()}
    register.ask("u_1", "unblock", UNBLOCK, asked, **TIMES)
    other = {"sites": ["casino.test"]}
    decided = {"state": "approved", "decided_by": "p_terry", "decided_at": NOON}
    register.act("u_1", "unblock:approve", asked | other, payload=UNBLOCK | other, **decided)

    assert verified(engine).first_bad == 1
    assert rewrite(engine, "u_1", payload=UNBLOCK).first_bad == 2


@pytest.fixture
def tightened(engine: Engine) -> Engine:
    """People who were changed at once by one person (entry 1), for others to look at."""
    register = Register(engine)
    people = {"people": [{"person": "p_new", "new": True, "set": {"role": "staff"}, "named": ["name"]}]}
    register.ask("t_1", "people", {"rows": PEOPLE}, people, verb="tighten", state="approved", loosening=False)
    register.register("p_new", Role.STAFF)
    about = {"kind": "tightening", "object_id": "t_1", "about_seq": 1, "opened_by": "p_tess", "needed": 1}
    with writing(engine) as conn:
        conn.execute(insert(review).values(id="v_1", opened_at=NOON, due_at=NOON, **about))
    return engine


def test_what_one_person_shut_is_whole_with_one_person_behind_it(tightened: Engine) -> None:
    found = verified(tightened)
    assert found.whole, found.says


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"decided_by": "p_terry", "decided_at": NOON}, "decided_by"),
        ({"decided_at": NOON}, "decided_by"),
        ({"loosening": True, "decided_by": "p_terry"}, "decided_by"),
        ({"proposed_by": "p_terry"}, "proposed_by"),
    ],
)
def test_one_persons_word_is_not_made_that_of_two(
    tightened: Engine, changes: dict[str, Any], name: str
) -> None:
    found = rewrite(tightened, "t_1", **changes)

    says = f"Proposal t_1 is not what entry 1 says was sealed: its {name} was changed."
    assert (found.whole, found.first_bad, found.says) == (False, 1, says)


def test_what_two_people_opened_is_not_made_one_that_only_shuts(school: Engine) -> None:
    found = rewrite(school, "u_1", loosening=False)

    says = "Proposal u_1 is not what entry 3 says was sealed: its loosening was changed."
    assert (found.whole, found.first_bad, found.says) == (False, 3, says)


def test_an_entry_of_somebody_who_agreed_to_their_own_is_named(sqlite_engine: Engine) -> None:
    """Whoever owns the database can take the check of the table away; the lines still tell."""
    register = Register(sqlite_engine)
    asked = UNBLOCK | {name: stamp(at) for name, at in TIMES.items()}
    register.ask("u_1", "unblock", UNBLOCK, asked, proposed_by="p_terry", actor="p_terry", **TIMES)
    agreed = {"state": "approved", "decided_by": "p_terry", "decided_at": NOON}
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    register.act("u_1", "unblock:approve", asked | {"proposed_by": "p_terry"}, **agreed)

    found = verified(sqlite_engine)

    says = "Entry 2 says that somebody agreed to what they had proposed themselves."
    assert (found.whole, found.first_bad, found.says) == (False, 2, says)


@pytest.mark.parametrize(
    "damage",
    [
        "payload = 'no json'",
        "payload = cast(x'ff' AS TEXT)",
        "payload = 7",
        "ends_at = 'never'",
        "starts_at = x'ff'",
        "proposed_by = cast(x'ff' AS TEXT)",
        "kind = x'ff'",
        "decided_at = 4.5",
    ],
)
def test_values_of_a_wrong_type_are_found_and_stop_nobody(sqlite_engine: Engine, damage: str) -> None:
    register = Register(sqlite_engine)
    asked = UNBLOCK | {name: stamp(at) for name, at in TIMES.items()}
    register.ask("u_1", "unblock", UNBLOCK, asked, **TIMES)
    decided = {"state": "approved", "decided_by": "p_terry", "decided_at": NOON}
    register.act("u_1", "unblock:approve", asked, **decided)
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql(f"UPDATE proposal SET {damage}")  # noqa: S608  # our own words

    found = verified(sqlite_engine)
    assert (found.whole, found.first_bad) == (False, 2 if "decided" in damage else 1)
    assert json.dumps(found.says, ensure_ascii=False).encode()
