"""The lists in force are those that were agreed on: a row rewritten, brought back or taken away is found."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from audit_log.change_log import append, verify
from audit_log.checkpoint import sign_checkpoint
from audit_log.db import reading, writing
from audit_log.tables import proposal
from audit_log.verification import Verification
from tests.audit_log.test_agreements import KEY
from tests.builders import NOON


def payload(base_id: str | None, **more: Any) -> dict[str, Any]:
    made = {"config": "lists: …", "generation": "g", "base_id": base_id}
    return {**made, "changes": [], "replaces": [], **more}


def facts(row: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(row["payload"])
    config = hashlib.sha256(told.pop("config").encode()).hexdigest()
    return {**told, "config_sha256": config, "loosening": row["loosening"]}


class School:
    """Writes rows and lines as change control does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows: dict[str, dict[str, Any]] = {}

    def found(self) -> None:
        policy = {"text": "first", "base": None, "lists": "g"}
        row = self._row("c_0", "policy", payload=policy, loosening=True)
        lists = self._row("l_0", payload=payload(None))
        sha256 = hashlib.sha256(b"first").hexdigest()
        detail = {"policy_sha256": sha256, "lists": "g", "found_lists": {"id": "l_0", **facts(lists)}}
        self._write("school:found", "c_0", "system", detail, new=(row, lists))

    def new(self, id_: str, event: str, actor: str = "system", **columns: Any) -> None:
        row = self._row(id_, **columns)
        by = {} if actor == "system" else {"proposed_by": row["proposed_by"]}
        self._write(event, id_, actor, {**facts(row), **by}, new=(row,))

    def act(self, id_: str, event: str, actor: str, **columns: Any) -> None:
        row = self.rows[id_]
        detail = {**facts(row), "proposed_by": row["proposed_by"]}
        self._write(event, id_, actor, detail, change=(id_, columns))

    def supersede(self, id_: str, by: str = "system") -> None:
        ended = {"state": "superseded", "ended_by": by, "ended_at": NOON}
        with writing(self.engine) as conn:
            conn.execute(update(proposal).where(proposal.c.id == id_).values(**ended))

    def _row(self, id_: str, kind: str = "lists", **columns: Any) -> dict[str, Any]:
        made = {"id": id_, "kind": kind, "state": "approved", "loosening": False, "reason": "r"}
        by = {"proposed_by": "system", "proposed_at": NOON, "decided_by": None, "decided_at": None}
        self.rows[id_] = {**made, **by, **columns}
        return self.rows[id_]

    def _write(
        self,
        event: str,
        id_: str,
        actor: str,
        detail: Mapping[str, Any],
        *,
        new: tuple[Mapping[str, Any], ...] = (),
        change: tuple[str, Mapping[str, Any]] | None = None,
    ) -> None:
        with writing(self.engine) as conn:
            for row in new:
                conn.execute(insert(proposal).values(row))
            if change:
                conn.execute(update(proposal).where(proposal.c.id == change[0]).values(**change[1]))
            append(conn, at=NOON, event=event, actor=actor, role="x", object_id=id_, detail=detail)
            sign_checkpoint(conn, KEY, NOON)


@pytest.fixture
def school(engine: Engine) -> Engine:
    """Founded (1); an update (2), one that waits (3) and another in its place (4), which one person confirms
    (5); one person goes back (6); two people agree on others (7, 8)."""
    made = School(engine)
    made.found()
    made.supersede("l_0")
    made.new("l_1", "lists:update", payload=payload("l_0"))
    made.new("l_2", "lists:hold", state="requested", payload=payload("l_1"))
    made.supersede("l_2")
    made.new("l_3", "lists:hold", state="requested", payload=payload("l_1", replaces=["l_2"]))
    made.supersede("l_1", "p_terry")
    decided = {"state": "approved", "decided_by": "p_terry", "decided_at": NOON}
    made.act("l_3", "lists:confirm", "p_terry", **decided)
    made.supersede("l_3", "p_terry")
    made.new("l_4", "lists:rollback", "p_terry", payload=payload("l_3"), **decided)
    asked = {"state": "requested", "loosening": True, "proposed_by": "p_tess"}
    made.new("l_5", "lists:propose", "p_tess", payload=payload("l_4", generation="h"), **asked)
    made.supersede("l_4", "p_terry")
    made.act("l_5", "lists:approve", "p_terry", **decided)
    return engine


def verified(engine: Engine) -> Verification:
    with reading(engine) as conn:
        return verify(conn, KEY.public_key())


def test_lists_that_were_agreed_on_and_are_kept_so_are_whole(school: Engine) -> None:
    assert verified(school).whole


@pytest.mark.parametrize(
    ("id_", "changes", "entry", "name"),
    [
        ("l_0", {"payload": payload(None, generation="other")}, 1, "generation"),
        ("l_1", {"payload": payload("l_0", config="lists: all trusted")}, 2, "config_sha256"),
        ("l_1", {"payload": payload("l_0", changes=[{"removed": 1}])}, 2, "changes"),
        ("l_1", {"payload": {"config": "lists: …", "generation": "g", "changes": []}}, 2, "base_id"),
        ("l_1", {"proposed_by": "p_tess", "decided_by": "p_terry"}, 2, "proposed_by"),
        ("l_3", {"decided_by": "p_hedy"}, 5, "decided_by"),
        ("l_3", {"loosening": True}, 4, "loosening"),
        ("l_4", {"decided_by": "p_hedy"}, 6, "decided_by"),
        ("l_4", {"proposed_by": "p_tess"}, 6, "proposed_by"),
        ("l_5", {"payload": payload("l_4", generation="i")}, 7, "generation"),
        ("l_5", {"payload": payload("l_4", config="")}, 7, "config_sha256"),
        ("l_5", {"kind": "policy"}, 7, "content"),
        ("l_1", {"decided_by": "p_terry"}, 2, "decided_by"),
        ("l_1", {"ended_by": "p_tess"}, 2, "ended_by"),
        ("l_1", {"ended_at": NOON + timedelta(days=1)}, 2, "ended_at"),
        ("l_2", {"ended_by": None}, 3, "ended_by"),
        ("l_3", {"ended_by": "system"}, 5, "ended_by"),
        ("l_5", {"ended_by": "p_terry"}, 8, "ended_by"),
    ],
)
def test_lists_that_were_rewritten_are_named_by_their_entry(
    school: Engine, id_: str, changes: dict[str, Any], entry: int, name: str
) -> None:
    with writing(school) as conn:
        conn.execute(update(proposal).where(proposal.c.id == id_).values(**changes))

    found = verified(school)

    says = f"Proposal {id_} is not what entry {entry} says was sealed: its {name} was changed."
    assert (found.whole, found.first_bad, found.says) == (False, entry, says)


@pytest.mark.parametrize("id_", ["l_0", "l_1", "l_2", "l_3", "l_4"])
def test_lists_brought_back_are_found(school: Engine, id_: str) -> None:
    """With those in force put aside, as whoever does it would."""
    with writing(school) as conn:
        conn.execute(update(proposal).where(proposal.c.id == "l_5").values(state="superseded"))
        conn.execute(update(proposal).where(proposal.c.id == id_).values(state="approved"))

    assert verified(school).says.startswith(f"Proposal {id_} is approved in the database")


@pytest.mark.parametrize("gone", ["l_5", "c_0"])
def test_what_is_in_force_and_taken_away_is_missed(school: Engine, gone: str) -> None:
    """The gates would follow something older."""
    with writing(school) as conn:
        conn.execute(delete(proposal).where(proposal.c.id == gone))

    found = verified(school)

    entry = {"l_5": 8, "c_0": 1}[gone]
    says = f"Proposal {gone} is in force by entry {entry}, and has no row any more."
    assert (found.whole, found.first_bad, found.says) == (False, entry, says)


@pytest.mark.parametrize(("gone", "entry"), [("l_0", 1), ("l_1", 2), ("l_2", 3), ("l_4", 6)])
def test_lists_that_were_in_force_once_and_taken_away_are_missed(
    school: Engine, gone: str, entry: int
) -> None:
    with writing(school) as conn:
        conn.execute(delete(proposal).where(proposal.c.id == gone))

    assert verified(school).says == f"Proposal {gone}, of entry {entry}, has no row any more."


def test_a_founding_from_before_lists_had_rows_is_whole(engine: Engine) -> None:
    policy = {"text": "first", "base": None, "lists": "g"}
    made = School(engine)
    row = made._row("c_0", "policy", payload=policy, loosening=True)
    detail = {"policy_sha256": hashlib.sha256(b"first").hexdigest(), "lists": "g"}
    made._write("school:found", "c_0", "system", detail, new=(row,))

    assert verified(engine).whole
