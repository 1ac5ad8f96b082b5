"""What the tests of corrections, holds and erasing share: one school in either database, and short verbs."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from audit_log.db import migrate, open_engine, reading
from audit_log.holds import Hold, holds
from audit_log.verification import Verification
from audit_log.whole import verify_all
from change_control.desk import Desk
from change_control.holds import place_hold
from change_control.proposal import Proposal
from change_control.protecting import WrongIdentity, propose_correction, propose_erasure
from change_control.tightening import end_person
from tests.audit_log.conftest import Server
from tests.builders import NOON
from tests.change_control.school import KEY, fill_school, lists, somebody, the

HOUR = timedelta(hours=1)
FILLED = "filled_school"
_STATES: dict[URL, Path] = {}
EITHER = pytest.mark.parametrize("either", ["sqlite", "postgresql"], indirect=True)


def school_in(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if kind == "sqlite":
        yield request.getfixturevalue("desk")
        return
    server: Server = request.getfixturevalue("postgresql")
    filled = _filled(server, request.getfixturevalue("tmp_path_factory"))
    shutil.copytree(filled, tmp_path / "other")
    with server.database(like=FILLED) as url:
        made = Desk(open_engine(url), tmp_path / "other", KEY, lists)
        yield made
        made.engine.dispose()


def _filled(server: Server, folders: pytest.TempPathFactory) -> Path:
    """The state of a school whose database is FILLED: built once, copied for each test."""
    if server.url not in _STATES:
        engine = open_engine(server.made(FILLED))
        migrate(engine)
        _STATES[server.url] = folders.mktemp("filled") / "state"
        fill_school(Desk(engine, _STATES[server.url], KEY, lists))
        engine.dispose()
    return _STATES[server.url]


def wrong(person: str = "anna", right: str | None = "ben", **changes: Any) -> WrongIdentity:
    """The hour before NOON."""
    asked: dict[str, Any] = {"from_at": NOON - HOUR, "to_at": NOON}
    return WrongIdentity(person, right, **asked | changes)


def corrects(desk: Desk, who: str, asked: WrongIdentity, now: datetime = NOON) -> Proposal:
    return propose_correction(desk, the(desk, who), asked, "they shared a tablet", now)


def holds_back(desk: Desk, who: str, person: str | None = "anna", **changes: Any) -> Hold:
    times = {"from_at": NOON - HOUR, "to_at": NOON} | changes
    actor = the(desk, who)
    return place_hold(desk, actor, person, times["from_at"], times["to_at"], "an enquiry", NOON)


def in_force(desk: Desk) -> tuple[Hold, ...]:
    with reading(desk.engine) as conn:
        return holds(conn)


def leaves(desk: Desk, username: str, now: datetime = NOON) -> str:
    """Somebody's account is ended; their id."""
    person_id = somebody(desk, username).id
    end_person(desk, the(desk, "hedy"), person_id, "has left the school", now)
    return person_id


def erases(desk: Desk, who: str, person: str, now: datetime = NOON, **changes: Any) -> Proposal:
    how = {"texts": "naming", "reason": "asked for by a parent"} | changes
    return propose_erasure(desk, the(desk, who), person, how["texts"], how["reason"], now)


def verified(desk: Desk) -> Verification:
    with reading(desk.engine) as conn:
        return verify_all(conn, KEY.public_key())
