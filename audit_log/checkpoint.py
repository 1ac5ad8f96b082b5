"""Checkpoints: how long the change log was and what its Merkle root was, signed (C2SP tlog-checkpoint).

A checkpoint that somebody keeps elsewhere is the proof against whoever owns the database. A note that
contradicts the last one is never signed: `CheckpointError`.

Two lines more than the standard asks for are signed too. "filtering-log", the number of its last seal and
that seal's leaf: whoever cuts off its end contradicts what was signed since. And "before", the hash of the
note before: one good signature stands for all the notes before it, and none of them is taken away or changed.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Row, insert, select

from audit_log.as_written import as_written, shown
from audit_log.merkle import HASH_BYTES, Frontier
from audit_log.tables import change_log, checkpoint, filtering_seal
from audit_log.written import written_lines

ORIGIN = "schoolgate/change-log"  # the name of the log, and of its key
ROWS = "filtering-log"
BEFORE = "before"
Kept = Row[int, str, bytes]  # size, note, frontier, as far as nobody tampered with them
ED25519 = b"\x01"
DASH = "\N{EM DASH}"


class CheckpointError(Exception):
    """The log no longer holds what was signed before; nothing more is signed. Run `verify`."""


class NoteError(ValueError):
    """This text is no checkpoint."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of the filtering log."""

    seq: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    size: int
    root: bytes
    body: bytes
    signatures: tuple[bytes, ...]  # each: key id (4 bytes), signature
    rows: Head | None = None  # where the filtering log stood, if it had any seal
    before: bytes | None = None  # what the note before hashes to; None in the first, and in older ones

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        return any(_signed(key, self.body, signature) for signature in self.signatures)


def sign_checkpoint(conn: Connection, key: Ed25519PrivateKey, at: datetime) -> str:
    """Sign the log as it stands and keep the note. With nothing new since the last one, that one again.

    Signs the lines that this transaction wrote, and each as it wrote it. Any other that is not signed yet was
    put there past us, by a trigger in this very transaction perhaps, or has lost its checkpoint.
    Reads only the entries since the last checkpoint; hashing is in the logarithm of the log's length.
    """
    with as_written(conn):
        kept = select(checkpoint.c.size, checkpoint.c.note, checkpoint.c.frontier)
        last = conn.execute(kept.order_by(checkpoint.c.size.desc()).limit(1)).one_or_none()
        frontier = _frontier_at(conn, last, key.public_key())
        new = conn.execute(
            select(change_log.c.seq, change_log.c.leaf)
            .where(change_log.c.seq > frontier.size)
            .order_by(change_log.c.seq)
        ).all()
        head = _head_of_rows(conn)
    ours = {seq: leaf for seq, leaf in written_lines(conn).items() if seq > frontier.size}
    for row in new:
        if _hash(row.leaf) != ours.pop(row.seq, None) or row.seq != frontier.size + 1:
            raise CheckpointError(f"entry {frontier.size + 1} was not signed when it was made")
        frontier.add(row.leaf)
    if ours:
        raise CheckpointError(f"entry {min(ours)} was written, and is not there")
    if last is not None and frontier.size == last.size:
        return str(last.note)
    before = None if last is None else note_hash(str(last.note))
    note = write_note(frontier.size, frontier.root(), key, head, before)
    conn.execute(
        insert(checkpoint).values(size=frontier.size, made_at=at, note=note, frontier=bytes(frontier))
    )
    return note


def _head_of_rows(conn: Connection) -> Head | None:
    """One that is damaged stops no change: `verify_rows` names it."""
    seal = filtering_seal.c
    last = conn.execute(select(seal.seq, seal.leaf).order_by(seal.seq.desc()).limit(1)).one_or_none()
    sound = last is not None and isinstance(last.leaf, bytes) and len(last.leaf) == HASH_BYTES
    return Head(last.seq, last.leaf) if last is not None and sound else None


def _frontier_at(conn: Connection, last: Kept | None, key: Ed25519PublicKey) -> Frontier:
    """The tree as it was signed last: the frontier kept with the note, else hashed again from the leaves."""
    if last is None:
        return Frontier()
    longest = conn.scalar(select(change_log.c.seq).order_by(change_log.c.seq.desc()).limit(1)) or 0
    if longest < last.size:
        raise CheckpointError(
            f"a checkpoint was signed over {last.size} entries, and only {longest} are there"
        )
    signed = _ours(last.note, key)
    for frontier in _candidates(conn, last):
        if frontier.size == signed.size and frontier.root() == signed.root:
            return frontier
    raise CheckpointError(f"the first {last.size} entries are not those that were signed")


def _ours(note: str, key: Ed25519PublicKey) -> Checkpoint:
    try:
        signed = read_note(note)
    except NoteError as fault:
        raise CheckpointError("the last checkpoint is damaged") from fault
    if not signed.is_signed_by(key):
        raise CheckpointError("the last checkpoint is not signed with this key")
    return signed


def _candidates(conn: Connection, last: Kept) -> Iterator[Frontier]:
    if isinstance(last.frontier, bytes):
        with suppress(ValueError):
            yield Frontier.from_bytes(last.size, last.frontier)
    yield _rebuilt(conn, last.size)


def _rebuilt(conn: Connection, size: int) -> Frontier:
    frontier = Frontier()
    for leaf in conn.execute(
        select(change_log.c.leaf).where(change_log.c.seq <= size).order_by(change_log.c.seq)
    ).scalars():
        frontier.add(_hash(leaf))
    return frontier


def _hash(leaf: object) -> bytes:
    if not isinstance(leaf, bytes):
        raise CheckpointError("an entry was damaged")
    return leaf


def note_hash(note: str) -> bytes:
    return hashlib.sha256(note.encode("utf-8", "surrogateescape")).digest()


def trusted(notes: Sequence[tuple[str, Checkpoint]], key: Ed25519PublicKey) -> set[int]:
    """Which of these, the oldest first, this key has signed: by their own signature, or since one that it has
    signed names them."""
    found, named = set[int](), None
    for number in range(len(notes) - 1, -1, -1):
        note, checkpoint = notes[number]
        if (named is not None and note_hash(note) == named) or checkpoint.is_signed_by(key):
            found.add(number)
            named = checkpoint.before
        else:
            named = None
    return found


def write_note(
    size: int,
    root: bytes,
    key: Ed25519PrivateKey,
    rows: Head | None = None,
    before: bytes | None = None,
) -> str:
    body = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
    if rows is not None:
        body += f"{ROWS} {rows.seq} {base64.b64encode(rows.leaf).decode()}\n"
    if before is not None:
        body += f"{BEFORE} {base64.b64encode(before).decode()}\n"
    signature = base64.b64encode(_key_id(key.public_key()) + key.sign(body.encode())).decode()
    return f"{body}\n{DASH} {ORIGIN} {signature}\n"


def read_note(note: str) -> Checkpoint:
    """Take a note apart; what it says is believed only when `is_signed_by`. Raises NoteError."""
    if not isinstance(note, str):  # only tampering brings such a value
        raise NoteError("not a text")
    body, blank, tail = note.partition("\n\n")
    *signatures, end = tail.split("\n")
    try:
        origin, size, root, *more = body.split("\n")  # other lines may follow: signed, and not for us
        if not blank or end or origin != ORIGIN or size != str(int(size)) or size.startswith("-"):
            raise NoteError(f"not a checkpoint of {ORIGIN}")
        signed = tuple(found for line in signatures if (found := _signature(line)))
        head, before = _rows(more), _before(more)
        return Checkpoint(int(size), _base64(root), f"{body}\n".encode(), signed, head, before)
    except ValueError as fault:
        raise NoteError(f"not a checkpoint of {ORIGIN}") from fault


def _rows(lines: Sequence[str]) -> Head | None:
    for line in lines:
        if line.partition(" ")[0] == ROWS:
            _, seq, leaf = line.split(" ")
            return Head(int(seq), _base64(leaf))
    return None


def _before(lines: Sequence[str]) -> bytes | None:
    for line in lines:
        name, _, named = line.partition(" ")
        if name == BEFORE:
            return _base64(named)
    return None


def _signature(line: str) -> bytes | None:
    """What stands on a signature line under our name; other names (witnesses) are not for us."""
    dash, name, encoded = line.split(" ")
    if dash != DASH:
        raise NoteError("not a signature line")
    return _base64(encoded) if name == ORIGIN else None


def _base64(encoded: str) -> bytes:
    data = binascii.a2b_base64(encoded, strict_mode=True)
    if binascii.b2a_base64(data, newline=False).decode() != encoded:
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
    """Newest first. A note that somebody damaged is shown as far as it can be read."""
    table = checkpoint.c
    query = select(table.size, table.made_at, table.note).order_by(table.size.desc()).limit(limit)
    if before is not None:
        query = query.where(table.size < before)
    with as_written(conn):
        return [Signed(row.size, row.made_at, shown(row.note)) for row in conn.execute(query)]
