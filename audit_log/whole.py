"""Both logs at once: is everything that was recorded still there, as it was?

`verify_all` reads everything in one view of the database. Where that would take too long, `verify_changes`
reads no row of the filtering log, and `WholeCheck` reads all of them, each day in a view of its own.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from audit_log.as_written import as_written
from audit_log.checkpoint import Checkpoint, NoteError, read_note, trusted
from audit_log.row_verification import RowCheck, verify_rows, verify_seals
from audit_log.tables import checkpoint
from audit_log.verification import Verification, verify


def verify_all(
    conn: Connection, key: Ed25519PublicKey | None = None, held: Sequence[str] = ()
) -> Verification:
    """The change log, and the filtering log with every head of it that was signed. Use it in one `reading`.

    `entries` and `first_bad` are of the change log; what is wrong with the filtering log stands in `says`.
    """
    return _both(verify(conn, key, held), verify_rows(conn, signed_heads(conn, key, held)))


def verify_changes(
    conn: Connection, key: Ed25519PublicKey | None = None, held: Sequence[str] = ()
) -> Verification:
    """The change log, and the chain of the filtering log's seals with each hour; its rows are not read."""
    return _both(verify(conn, key, held), verify_seals(conn, signed_heads(conn, key, held)))


class WholeCheck:
    """`verify_all` in short steps, or the rows of some days alone. Each step may have its own connection."""

    def __init__(self, key: Ed25519PublicKey | None, only: Collection[date] | None = None) -> None:
        self._key = key
        self._only = only
        self._rows = RowCheck({}, only)

    @property
    def days(self) -> Sequence[date]:
        """Known after `begin`."""
        return self._rows.days

    def begin(self, conn: Connection) -> None:
        self._rows = RowCheck(signed_heads(conn, self._key, ()), self._only)
        self._rows.begin(conn)

    def one_day(self, conn: Connection, day: date) -> None:
        self._rows.one_day(conn, day)

    def finish(self, conn: Connection) -> tuple[Verification, Verification]:
        """Both logs in one verdict, and of the filtering log alone."""
        self._rows.finish(conn)
        rows = self._rows.verdict
        return _both(verify(conn, self._key), rows), rows


def _both(changes: Verification, rows: Verification) -> Verification:
    if changes.whole and not rows.whole:
        says = f"The change log is whole. The filtering log is not: {rows.says}"
    elif rows.whole:
        says = f"{changes.says} In the filtering log, {_lower(rows.says)}"
    else:
        says = f"{changes.says} The filtering log is not whole either: {rows.says}"
    return Verification(changes.whole and rows.whole, changes.entries, changes.first_bad, says)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def signed_heads(conn: Connection, key: Ed25519PublicKey | None, held: Sequence[str]) -> dict[int, bytes]:
    """By the number of the seal. A note that is damaged or not ours is named by `verify`."""
    heads: dict[int, bytes] = {}
    with as_written(conn):
        kept = _readable(conn.scalars(select(checkpoint.c.note).order_by(checkpoint.c.size)).all())
    good = range(len(kept)) if key is None else sorted(trusted(kept, key))
    outside = [note for _, note in _readable(held) if key is None or note.is_signed_by(key)]
    for signed in (*(kept[number][1] for number in good), *outside):
        if signed.rows is not None:
            heads.setdefault(signed.rows.seq, signed.rows.leaf)
    return heads


def _readable(notes: Iterable[str]) -> list[tuple[str, Checkpoint]]:
    found = []
    for note in notes:
        with suppress(NoteError):
            found.append((note, read_note(note)))
    return found
