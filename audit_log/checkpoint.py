"""Checkpoints: how long the change log was and what its Merkle root was, signed (C2SP tlog-checkpoint).

A checkpoint that somebody keeps elsewhere is the proof against whoever owns the database. A note that
contradicts the last one is never signed: `CheckpointError`.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Row, insert, select

from audit_log.merkle import Frontier
from audit_log.tables import change_log, checkpoint

ORIGIN = "schoolgate/change-log"  # the name of the log, and of its key
ED25519 = b"\x01"
DASH = "\N{EM DASH}"


class CheckpointError(Exception):
    """The log no longer holds what was signed before; nothing more is signed. Run `verify`."""


class NoteError(ValueError):
    """This text is no checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    size: int
    root: bytes
    body: bytes
    signatures: tuple[bytes, ...]  # each: key id (4 bytes), signature

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        return any(_signed(key, self.body, signature) for signature in self.signatures)


def sign_checkpoint(conn: Connection, key: Ed25519PrivateKey, at: datetime) -> str:
    """Sign the log as it stands and keep the note. With nothing new since the last one, that one again.

    Reads only the entries since the last checkpoint; hashing is in the logarithm of the log's length.
    """
    last = conn.execute(select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).one_or_none()
    frontier = _frontier_at(conn, last)
    leaves = conn.execute(
        select(change_log.c.leaf).where(change_log.c.seq > frontier.size).order_by(change_log.c.seq)
    ).scalars()
    for leaf in leaves:
        frontier.add(leaf)
    if last is not None and frontier.size == last.size:
        return str(last.note)
    note = write_note(frontier.size, frontier.root(), key)
    conn.execute(
        insert(checkpoint).values(size=frontier.size, made_at=at, note=note, frontier=bytes(frontier))
    )
    return note


def _frontier_at(conn: Connection, last: Row[Any] | None) -> Frontier:
    """The tree as it was signed last: the frontier kept with the note, else hashed again from the leaves."""
    if last is None:
        return Frontier()
    longest = conn.scalar(select(change_log.c.seq).order_by(change_log.c.seq.desc()).limit(1)) or 0
    if longest < last.size:
        raise CheckpointError(
            f"a checkpoint was signed over {last.size} entries, and only {longest} are there"
        )
    signed = read_note(last.note)
    for frontier in _candidates(conn, last):
        if frontier.size == signed.size and frontier.root() == signed.root:
            return frontier
    raise CheckpointError(f"the first {last.size} entries are not those that were signed")


def _candidates(conn: Connection, last: Row[Any]) -> Iterator[Frontier]:
    with suppress(ValueError):
        yield Frontier.from_bytes(last.size, last.frontier)
    yield _rebuilt(conn, last.size)


def _rebuilt(conn: Connection, size: int) -> Frontier:
    frontier = Frontier()
    for leaf in conn.execute(
        select(change_log.c.leaf).where(change_log.c.seq <= size).order_by(change_log.c.seq)
    ).scalars():
        frontier.add(leaf)
    return frontier


def write_note(size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    body = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(_key_id(key.public_key()) + key.sign(body.encode())).decode()
    return f"{body}\n{DASH} {ORIGIN} {signature}\n"


def read_note(note: str) -> Checkpoint:
    """Take a note apart; what it says is believed only when `is_signed_by`. Raises NoteError."""
    body, blank, tail = note.partition("\n\n")
    *signatures, end = tail.split("\n")
    try:
        origin, size, root = body.split("\n")[:3]  # more lines may follow: signed, and not for us
        if not blank or end or origin != ORIGIN or size != str(int(size)) or size.startswith("-"):
            raise NoteError(f"not a checkpoint of {ORIGIN}")
        signed = tuple(found for line in signatures if (found := _signature(line)))
        return Checkpoint(int(size), _base64(root), f"{body}\n".encode(), signed)
    except ValueError as fault:
        raise NoteError(f"not a checkpoint of {ORIGIN}") from fault


def _signature(line: str) -> bytes | None:
    """What stands on a signature line under our name; other names (witnesses) are not for us."""
    dash, name, encoded = line.split(" ")
    if dash != DASH:
        raise NoteError("not a signature line")
    return _base64(encoded) if name == ORIGIN else None


def _base64(encoded: str) -> bytes:
    data = base64.b64decode(encoded, validate=True)
    if base64.b64encode(data).decode() != encoded:
        raise NoteError("base64 with bits to spare")
    return data


def _key_id(key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(ORIGIN.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]


def _signed(key: Ed25519PublicKey, body: bytes, signature: bytes) -> bool:
    if signature[:4] != _key_id(key):
        return False
    try:
        key.verify(signature[4:], body)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as the table has it."""

    size: int
    made_at: datetime
    note: str


def checkpoints(conn: Connection, *, before: int | None = None, limit: int = 100) -> list[Signed]:
    """Newest first."""
    table = checkpoint.c
    query = select(table.size, table.made_at, table.note).order_by(table.size.desc()).limit(limit)
    if before is not None:
        query = query.where(table.size < before)
    return [Signed(*row) for row in conn.execute(query)]
