"""When a checkpoint has to leave this server, how far each way is, and the way into a folder.

What lies outside is the proof against whoever owns the database: so nothing that was delivered is ever
overwritten, and what contradicts it is a fault that stays.
"""

import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select

from audit_log.as_written import as_written, encodable
from audit_log.checkpoint import Checkpoint, NoteError, Signed, checkpoints, read_note
from audit_log.db import writing
from audit_log.merkle import Frontier
from audit_log.tables import break_glass, change_log, delivery
from change_control.desk import Desk

WAYS = FOLDER, MAIL = "folder", "mail"
MORNING = time(6)  # by the clock on the school's wall
RETRY = timedelta(hours=1)
OVERDUE = timedelta(hours=26)
LONGEST_FAULT = 200
MOST_COMPARED = 400  # of the checkpoints that were delivered: more than a year of mornings
LONGEST_NOTE = 10_000  # bytes
ALARM = "the proof outside contradicts this server: "
NAME = re.compile(r"checkpoint-\d{4}-\d\d-\d\d-(\d+)\.txt")


class DeliveryError(Exception):
    """This checkpoint did not get out, or contradicts what did; the message says how."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one way is. `at`: of the last that arrived; `fault`: what hindered the last try."""

    way: str
    size: int
    at: datetime | None
    tried_at: datetime
    fault: str | None = None

    @property
    def is_contradicted(self) -> bool:
        return self.fault is not None and self.fault.startswith(ALARM)


def deliveries(conn: Connection) -> dict[str, Delivery]:
    """By way; none of one that was never tried. What somebody made unreadable is as if it had never been."""
    with as_written(conn):
        try:
            rows = conn.execute(select(delivery)).all()
        except (ValueError, TypeError, AttributeError):
            return {}
    return {row.way: Delivery(**row._mapping) for row in rows if _is_sound(row)}


def _is_sound(row: Row[Any]) -> bool:
    fault = row.fault is None or (isinstance(row.fault, str) and encodable(row.fault))
    return row.way in WAYS and isinstance(row.size, int) and fault


def keep_delivery(engine: Engine, done: Delivery) -> None:
    with writing(engine) as conn:
        conn.execute(delete(delivery).where(delivery.c.way == done.way))
        fault = done.fault and done.fault[:LONGEST_FAULT]
        conn.execute(
            insert(delivery).values(
                way=done.way, size=done.size, at=done.at, tried_at=done.tried_at, fault=fault
            )
        )


def last_occasion(conn: Connection, zone: ZoneInfo, now: datetime) -> datetime:
    """Since when a checkpoint should be out: six in the morning, or the last use of a sealed envelope."""
    morning = this_morning(zone, now)
    try:
        used = conn.scalar(select(func.max(break_glass.c.used_at)).where(break_glass.c.used_at <= now))
    except (ValueError, TypeError, AttributeError):  # made unreadable: then at least each morning
        return morning
    return max(morning, used) if used is not None else morning


def this_morning(zone: ZoneInfo, now: datetime) -> datetime:
    """The last six o'clock that has been."""
    today = now.astimezone(zone).date()
    found = datetime.combine(today, MORNING, tzinfo=zone).astimezone(UTC)
    if found > now:
        found = datetime.combine(today - timedelta(days=1), MORNING, tzinfo=zone).astimezone(UTC)
    return found


def is_due(last: Delivery | None, occasion: datetime, now: datetime) -> bool:
    """A time later than now is no time at all: somebody wrote it there, or the clock went back."""
    if last is None:
        return True
    if last.at is not None and occasion <= last.at <= now:
        return False
    return not (occasion <= last.tried_at <= now and now - last.tried_at < RETRY)


def is_overdue(last: Delivery | None, since: datetime, now: datetime) -> bool:
    """`since`: when there was first something to deliver."""
    at = last.at if last is not None and last.at is not None and last.at <= now else since
    return now - at > OVERDUE


def newest_checkpoint(conn: Connection, desk: Desk) -> Signed | None:
    """Raises DeliveryError for one that we did not sign: it proves nothing to anybody."""
    found = next(iter(checkpoints(conn, limit=1)), None)
    if found is None:
        return None
    try:
        is_ours = read_note(found.note).is_signed_by(desk.key.public_key())
    except NoteError:
        is_ours = False
    if not is_ours:
        raise DeliveryError("the newest checkpoint in the database is not one that was signed here")
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What this server says of its own log: the key, and the roots at those sizes that are asked for."""

    key: Ed25519PublicKey
    roots: Callable[[Collection[int]], Mapping[int, bytes]]


def known_here(conn: Connection, key: Ed25519PublicKey) -> Known:
    """Computed from the leaves that stand in the log today, and not from what was kept of earlier roots."""
    return Known(key, lambda sizes: _roots_at(conn, sizes))


def _roots_at(conn: Connection, sizes: Collection[int]) -> dict[int, bytes]:
    tree, found = Frontier(), dict[int, bytes]()
    if 0 in sizes:
        found[0] = tree.root()
    asked = select(change_log.c.leaf).order_by(change_log.c.seq).limit(max(sizes, default=0))
    for leaf in conn.scalars(asked):
        if not isinstance(leaf, bytes):
            break  # from there on nothing is as it was
        tree.add(leaf)
        if tree.size in sizes:
            found[tree.size] = tree.root()
    return found


def write_to_folder(folder: Path, note: Signed, day: str, known: Known, *, is_ours: bool) -> None:
    """One file for each day and size, safe on disk when this returns. Raises DeliveryError.

    A folder that a school names is not made: where a share is not mounted, it would hide that. What is there
    already and contradicts this log is told after this checkpoint is written, so that both can be compared.
    """
    try:
        if is_ours:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        earlier = _delivered(folder, known.key)
        path = folder / f"checkpoint-{day}-{note.size}.txt"
        _write_once(path, note.note.encode())
        _require_agreement(earlier, note, known)
        if not path.is_file() or path.read_bytes() != note.note.encode():
            raise DeliveryError(f"{path.name} is there already, and is not the checkpoint of today")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DeliveryError(f"the folder for checkpoints cannot be used: {why}") from None


def newest_file(folder: Path) -> Path | None:
    """Of those that were delivered into it, by the time that they were written."""
    return max(_others(folder), key=lambda path: path.stat().st_mtime, default=None)


def _others(folder: Path) -> dict[Path, int]:
    """Files only: whoever reads what waits for a writer waits for good."""
    named = {path: NAME.fullmatch(path.name) for path in folder.iterdir()}
    return {path: int(each[1]) for path, each in named.items() if each and path.is_file()}


def _delivered(folder: Path, key: Ed25519PublicKey) -> dict[Path, Checkpoint]:
    """The newest of them, by their names. What we did not sign proves nothing, whoever put it there."""
    found = dict[Path, Checkpoint]()
    for path in sorted(_others(folder), reverse=True)[:MOST_COMPARED]:
        with path.open("rb") as file:
            said = file.read(LONGEST_NOTE).decode("utf-8", "replace")
        with suppress(NoteError):
            if (signed := read_note(said)).is_signed_by(key):
                found[path] = signed
    return found


def _require_agreement(earlier: dict[Path, Checkpoint], note: Signed, known: Known) -> None:
    longest = max((each.size for each in earlier.values()), default=0)
    if longest > note.size:
        raise DeliveryError(
            f"{ALARM}a checkpoint of {longest} entries was delivered, and the log has only {note.size}"
        )
    roots = {**known.roots({each.size for each in earlier.values()}), note.size: read_note(note.note).root}
    for path, signed in earlier.items():
        if roots.get(signed.size) != signed.root:
            raise DeliveryError(f"{ALARM}{path.name} says otherwise, so the log was written anew since")


def _write_once(path: Path, content: bytes) -> None:
    if os.path.lexists(path):
        return  # looked at afterwards
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)  # fails where somebody was quicker
        new.unlink()
    except FileExistsError:
        new.unlink()
    except OSError:  # a share that knows no links
        new.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some shares cannot
            os.fsync(handle)
    finally:
        os.close(handle)
