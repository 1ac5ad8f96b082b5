"""Both logs at once: is everything that was recorded still there, as it was?"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from audit_log.as_written import as_written
from audit_log.checkpoint import NoteError, read_note
from audit_log.row_verification import verify_rows
from audit_log.tables import checkpoint
from audit_log.verification import Verification, verify


def verify_all(
    conn: Connection, key: Ed25519PublicKey | None = None, held: Sequence[str] = ()
) -> Verification:
    """The change log, and the filtering log with every head of it that was signed. Use it in one `reading`.

    `entries` and `first_bad` are of the change log; what is wrong with the filtering log stands in `says`.
    """
    changes = verify(conn, key, held)
    rows = verify_rows(conn, _signed_heads(conn, key, held))
    if changes.whole and not rows.whole:
        says = f"The change log is whole. The filtering log is not: {rows.says}"
    elif rows.whole:
        says = f"{changes.says} In the filtering log, {_lower(rows.says)}"
    else:
        says = f"{changes.says} The filtering log is not whole either: {rows.says}"
    return Verification(changes.whole and rows.whole, changes.entries, changes.first_bad, says)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _signed_heads(conn: Connection, key: Ed25519PublicKey | None, held: Sequence[str]) -> dict[int, bytes]:
    """By the number of the seal. A note that is damaged or not ours is named by `verify`."""
    heads: dict[int, bytes] = {}
    with as_written(conn):
        kept = conn.scalars(select(checkpoint.c.note).order_by(checkpoint.c.size)).all()
    for note in (*kept, *held):
        try:
            signed = read_note(note)
        except NoteError:
            continue
        if signed.rows is not None and (key is None or signed.is_signed_by(key)):
            heads.setdefault(signed.rows.seq, signed.rows.leaf)
    return heads
