"""Which generations of the lists were in force, and which of those on this disk are still wanted."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, select

from audit_log.db import writing
from audit_log.tables import proposal
from change_control.desk import Desk
from change_control.in_force import agreed_lists
from change_control.sealing import one_at_a_time
from filter_lists.generations import FOLDER
from filter_lists.storage import BUILDING, building_in
from filter_policy.bundle import FOLDER as BUNDLES
from filter_policy.life_cycle import State

KEPT = 3  # that were in force before the one that is: as far as a rollback goes
LONGEST_WAY = 1000  # rows looked at; an update an hour for six weeks
YOUNG = timedelta(hours=1)  # whoever built it may be about to propose it
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Past:
    """Lists that were in force, or are, and the lists.yaml of then: empty where nobody kept it."""

    generation: str
    config_text: str
    row_id: str | None


def past_lists(conn: Connection, most: int = KEPT) -> tuple[Past, ...]:
    """Those before the ones in force, the last first, each generation once. Raises ChangeError."""
    agreed = agreed_lists(conn)
    found: dict[str, Past] = {}
    for each in islice(_back_from(conn, agreed.row_id), LONGEST_WAY):
        if each.generation != agreed.generation:
            found.setdefault(each.generation, each)
        if len(found) == most:
            break
    return tuple(found.values())


def _back_from(conn: Connection, row_id: str | None) -> Iterator[Past]:
    """Each row names the one whose place it took: no clock is asked which came first."""
    while row_id is not None:
        row = conn.execute(select(proposal.c.payload).where(proposal.c.id == row_id)).scalar_one_or_none()
        if row is None:
            return
        yield Past(row["generation"], row["config"], row_id)
        row_id = row["base_id"]
        if row_id is None and row["base"]:
            yield Past(row["base"], "", None)


def remove_old_generations(desk: Desk, now: datetime) -> tuple[str, ...]:
    """Those that nobody needs; returns their names. Waits while lists are being built.

    Kept are the one in force and the last that were, those that a proposal or an update names which waits for
    somebody, those of every bundle that a gate may be reading, what was built within the hour, and what was
    built last: an update that was declined, or changes nothing, is else compiled anew each time.
    """
    folder = desk.state / FOLDER
    with building_in(folder):
        with writing(desk.engine) as conn:
            one_at_a_time(conn)  # nobody names a generation between our looking and its going
            kept = _wanted(conn) | _in_bundles(desk.state)
            old = [
                path for path in _but_the_last(folder) if path.name not in kept and _age(path, now) > YOUNG
            ]
            gone = [path.rename(path.with_name(BUILDING + path.name)) for path in old]
        for path in gone:
            shutil.rmtree(path)
    return tuple(path.name for path in old)


def _but_the_last(folder: Path) -> list[Path]:
    """In the order that they were built in."""
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))[:-1]


def _age(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _wanted(conn: Connection) -> set[str]:
    wanted = {agreed_lists(conn).generation, *(each.generation for each in past_lists(conn))}
    asked = select(proposal.c.payload).where(proposal.c.kind == "lists", proposal.c.state == State.REQUESTED)
    for payload in conn.execute(asked).scalars():
        wanted |= {payload["generation"], payload["base"]}
    return wanted


def _in_bundles(state: Path) -> set[str]:
    return {_lists_of(path) for path in (state / BUNDLES).glob("*") if NAME.fullmatch(path.name)}


def _lists_of(bundle: Path) -> str:
    """Nothing, of a bundle that no gate could read either."""
    try:
        return str(json.loads(bundle.read_bytes())["lists"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
