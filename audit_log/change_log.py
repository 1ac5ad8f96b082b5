"""The change log: one sealed line for every change, written in the transaction that makes the change.

An entry is RFC 8785 JSON and holds ids, never names. What people wrote (reasons) lies beside it in
`change_text` under a salted hash, so that a text can be erased by law without breaking the chain.
"""

import json
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785
from sqlalchemy import ColumnElement, Connection, Row, Text, case, func, insert, or_, select, text, update

from audit_log.as_written import as_written, encodable, shown
from audit_log.seal import GENESIS, NO_SALT, SALT_BYTES, leaf_of, stamp, text_seal
from audit_log.tables import change_log, change_text
from audit_log.verification import ERASED as ERASED
from audit_log.verification import Verification as Verification
from audit_log.verification import verify as verify
from audit_log.written import remember_line

EVENT = re.compile(r"[a-z][a-z-]*:[a-z][a-z-]*")  # object:verb
FIELD = re.compile(r"[a-z][a-z_]{0,31}")
UNREADABLE = "change-log:unreadable"  # shown for a line that somebody has made unreadable; never sealed
NO_TIME = datetime.fromtimestamp(0, UTC)
LARGEST = 2**53 - 1  # the largest number that JSON carries everywhere


class EntryError(ValueError):
    """This cannot be sealed: a programmer's error, or a text with characters that cannot be stored."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, with its texts beside it (None: erased). `sealed` is the text whose hash the chain holds.

    A line that was tampered with until it cannot be read has the event UNREADABLE, NO_TIME, and nobody in it.
    """

    seq: int
    at: datetime
    event: str
    actor: str
    role: str
    object_id: str
    detail: Mapping[str, Any]
    texts: Mapping[str, str | None]
    sealed: str
    prev: str
    leaf: str


def append(
    conn: Connection,
    *,
    at: datetime,
    event: str,
    actor: str,
    role: str,
    object_id: str,
    detail: Mapping[str, object] | None = None,
    texts: Mapping[str, str] | None = None,
) -> int:
    """Seal one line after the last one and return its number. Call it in the transaction of the change."""
    if conn.dialect.name == "postgresql":  # SQLite's writers are one at a time already
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('change_log'))"))
    last = conn.execute(
        select(change_log.c.seq, change_log.c.leaf).order_by(change_log.c.seq.desc()).limit(1)
    ).one_or_none()
    seq, prev = (last.seq + 1, last.leaf) if last else (1, GENESIS)
    salts = {name: secrets.token_bytes(SALT_BYTES) for name in texts or {}}
    entry = _sealed_text(
        {
            "seq": seq,
            "at": stamp(at),
            "event": _matching(EVENT, event),
            "actor": actor,
            "role": role,
            "object": object_id,
            "detail": dict(detail or {}),
            "texts": {
                _matching(FIELD, n): text_seal(salts[n], _storable(t)) for n, t in (texts or {}).items()
            },
        }
    )
    leaf = leaf_of(prev, entry)
    conn.execute(insert(change_log).values(seq=seq, entry=entry, prev=prev, leaf=leaf))
    remember_line(conn, seq, leaf)
    for name, said in (texts or {}).items():
        conn.execute(insert(change_text).values(seq=seq, field=name, salt=salts[name], text=said))
    return seq


def erase_text(
    conn: Connection, seq: int, field: str, *, at: datetime, actor: str, role: str, reason: str
) -> int:
    """Erase one text for good, and the salt with which it could be guessed; seal a line that says so."""
    gone = (change_text.c.seq == seq) & (change_text.c.field == field) & change_text.c.text.is_not(None)
    if conn.execute(update(change_text).where(gone).values(text=None, salt=NO_SALT)).rowcount != 1:
        raise EntryError(f"entry {seq} has no text {field!r}")
    return append(
        conn,
        at=at,
        event=ERASED,
        actor=actor,
        role=role,
        object_id=str(seq),
        detail={"seq": seq, "field": field},
        texts={"reason": reason},
    )


def entries(
    conn: Connection,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    event: str | None = None,
    actor: str | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    without: Collection[str] = (),
) -> list[Entry]:
    """Newest first; with `after`, oldest first from there on. `event` may be an object alone: "unblock:".

    `without`: events that are left out, such as what a machine writes every hour.

    A line that cannot be read is shown so; one that is no JSON at all matches no filter. `verify` tells more.
    """
    column = change_log.c.seq
    query = select(change_log).limit(limit).order_by(column.asc() if after is not None else column.desc())
    conditions = [
        after is not None and column > after,
        before is not None and column < before,
        event is not None and _event_is(conn, event),
        actor is not None and _field(conn, "actor") == actor,
        object_id is not None and _field(conn, "object") == object_id,
        since is not None and _field(conn, "at") >= stamp(since),
        until is not None and _field(conn, "at") < stamp(until),
        bool(without) and func.coalesce(_field(conn, "event"), "").not_in(without),
    ]
    with as_written(conn):
        rows = conn.execute(query.where(*(c for c in conditions if c is not False))).all()
        texts = _texts_of(conn, [row.seq for row in rows])
    return [_entry(row, texts.get(row.seq, {})) for row in rows]


def entries_at(conn: Connection, seqs: Sequence[int]) -> list[Entry]:
    """Those with these numbers, the lowest first; at most some hundreds at once."""
    query = select(change_log).where(change_log.c.seq.in_(seqs)).order_by(change_log.c.seq)
    with as_written(conn):
        rows = conn.execute(query).all()
        texts = _texts_of(conn, [row.seq for row in rows])
    return [_entry(row, texts.get(row.seq, {})) for row in rows]


def entries_of(
    conn: Connection, events: Collection[str], after: int, before: int | None = None
) -> Iterator[Entry]:
    """All of these events between two numbers, oldest first, without their texts: for counting them."""
    column, entry = change_log.c.seq, change_log.c.entry
    named = or_(*(entry.contains(f'"event":"{event}"') for event in events))
    query = select(change_log).where(column > after, named).order_by(column)
    with as_written(conn):
        rows = conn.execute(query if before is None else query.where(column < before)).all()
    return (line for row in rows if (line := _entry(row, {})).event in events)


def _event_is(conn: Connection, event: str) -> ColumnElement[bool]:
    name = _field(conn, "event")
    return name.startswith(event, autoescape=True) if event.endswith(":") else name == event


def _field(conn: Connection, name: str) -> ColumnElement[str]:
    """What the entry says under this name; NULL where it is no JSON."""
    entry = change_log.c.entry
    if conn.dialect.name == "sqlite":
        readable = (func.typeof(entry) == "text") & (func.json_valid(entry) == 1)
        return case((readable, func.json_extract(entry, f"$.{name}", type_=Text())))
    return func.schoolgate_field(entry, name, type_=Text())


def _texts_of(conn: Connection, seqs: list[int]) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    for start in range(0, len(seqs), 500):
        some = select(change_text).where(change_text.c.seq.in_(seqs[start : start + 500]))
        for row in conn.execute(some):
            found.setdefault(row.seq, {})[shown(row.field)] = None if row.text is None else shown(row.text)
    return found


def _entry(row: Row[Any], texts: Mapping[str, str | None]) -> Entry:
    said = _readable(row.entry)
    return Entry(
        seq=row.seq,
        at=datetime.fromisoformat(said["at"]) if said else NO_TIME,
        event=said["event"] if said else UNREADABLE,
        actor=said["actor"] if said else "",
        role=said["role"] if said else "",
        object_id=said["object"] if said else "",
        detail=said["detail"] if said else {},
        texts=texts,
        sealed=shown(row.entry),
        prev=_hex(row.prev),
        leaf=_hex(row.leaf),
    )


def _readable(entry: Any) -> dict[str, Any] | None:
    """The entry, if it has the shape of one."""
    try:
        said = json.loads(entry)
        whole = isinstance(entry, str) and encodable(entry + json.dumps(said, ensure_ascii=False))
        texts = all(isinstance(said[name], str) for name in ("at", "event", "actor", "role", "object"))
        timed = datetime.fromisoformat(said["at"]).tzinfo is not None
        if whole and texts and timed and isinstance(said["detail"], dict):
            return dict(said)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def _hex(data: Any) -> str:
    return data.hex() if isinstance(data, bytes) else ""


def _sealed_text(entry: dict[str, object]) -> str:
    for name in ("actor", "role", "object"):
        if not isinstance(entry[name], str):
            raise EntryError(f"{name} is not text: {entry[name]!r}")
    _check(entry, "entry")
    return rfc8785.dumps(entry).decode()  # type: ignore[arg-type]  # _check has seen to its types


def _check(value: object, where: str) -> None:
    """Refuse what would not be the same bytes everywhere: floats, times, large numbers, odd keys."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise EntryError(f"{where}: a number too large to seal")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise EntryError(f"{where}: a key that is not text: {key!r}")
            _check(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner, where)
    else:
        raise EntryError(f"{where}: a {type(value).__name__} cannot be sealed")


def _storable(said: str) -> str:
    if not isinstance(said, str):
        raise EntryError(f"a {type(said).__name__} is not text")
    if "\0" in said or not encodable(said):
        raise EntryError("a text with characters that cannot be stored")
    return said


def _matching(pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise EntryError(f"not a name of ours: {name!r}")
    return name
