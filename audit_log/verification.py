"""Is the change log whole? Everything is computed again from the stored lines; nothing stored is believed.

Answers in plain English, for a governor: the first entry that is wrong, and how.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DataError

from audit_log.agreed_accounts import AgreedAccounts
from audit_log.agreed_openings import AgreedOpenings
from audit_log.agreed_people import AgreedPeople
from audit_log.agreed_purges import AgreedPurges
from audit_log.agreements import Agreements
from audit_log.as_written import as_written, encodable, shown
from audit_log.checkpoint import Checkpoint, NoteError, note_hash, read_note, trusted
from audit_log.fault import Fault
from audit_log.merkle import Frontier
from audit_log.seal import GENESIS, SALT_BYTES, leaf_of, text_seal

# In plain SQL, so that a value of a wrong type arrives as it is and can be named.
LINES = text("SELECT seq, entry, prev, leaf FROM change_log ORDER BY seq")
TEXTS = text("SELECT seq, field, salt, text FROM change_text ORDER BY seq, field")
NOTES = text("SELECT size, note FROM checkpoint ORDER BY size")
SOMETHING = text("SELECT 1 WHERE EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM proposal)")
# What reading a value raises that this program never wrote.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, DataError)
ERASED = "change-text:erase"  # the entry that says a text was erased


@dataclass(frozen=True, slots=True)
class Verification:
    whole: bool
    entries: int
    first_bad: int | None
    says: str
    named: tuple[str, ...] = ()  # each fault that was found, as far as they are named


@dataclass(slots=True)
class _Read:
    """What has been read and found whole so far."""

    tree: Frontier = field(default_factory=Frontier)
    leaf: bytes = GENESIS
    agreed: int = 0  # the last checkpoint that this agreed with
    missing_texts: dict[tuple[int, str], None] = field(default_factory=dict)
    erased: set[tuple[int, str]] = field(default_factory=set)
    agreements: Agreements = field(default_factory=Agreements)
    purges: AgreedPurges = field(default_factory=AgreedPurges)
    people: AgreedPeople = field(default_factory=AgreedPeople)
    accounts: AgreedAccounts = field(default_factory=AgreedAccounts)
    openings: AgreedOpenings = field(default_factory=AgreedOpenings)


def verify(
    conn: Connection, public_key: Ed25519PublicKey | None = None, held: Sequence[str] = ()
) -> Verification:
    """Read the whole log again. `held`: checkpoints that somebody kept elsewhere, the best evidence of all.

    With the school's key, the last entry must be signed: every change is, in its own transaction.
    Use it in one `reading` transaction, so that log, texts, checkpoints and proposals are of one moment.
    """
    with as_written(conn):
        rows = conn.execute(LINES).all()
        try:
            notes = _notes(conn, public_key, held)
            read = _read(rows, _texts(conn), notes)
            _not_emptied(conn, len(rows))
            if public_key is not None:
                _signed_to_the_end(len(rows), read.agreed)
            _check_tables(conn, read, len(rows))
        except Fault as fault:
            return Verification(False, len(rows), fault.seq, fault.says)
    return Verification(True, len(rows), None, _whole(len(rows), read))


def _check_tables(conn: Connection, read: _Read, entries: int) -> None:
    """What is in force, against the lines. A check that cannot read a table has found something."""
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("the proposals, or what belongs to them", lambda: read.agreements.check(conn, entries)),
        ("the accounts, or their codes", lambda: read.people.check(conn, entries)),
        ("the second factors and tokens", lambda: read.accounts.check(conn, entries)),
        ("the openings", lambda: read.openings.check(conn, entries)),
        ("the files of incidents", lambda: read.agreements.incidents.check_files(conn, entries)),
        ("the policies that removals went by", lambda: read.purges.check(conn)),
    )
    for what, check in checks:
        try:
            check()
        except UNREADABLE as error:
            says = f"Of {what} something cannot be read, and nothing was ever written so: it was changed."
            raise Fault(entries + 1, says) from error


def _not_emptied(conn: Connection, entries: int) -> None:
    if not entries and conn.execute(SOMETHING).first():
        raise Fault(1, "The change log is empty, and it cannot be: people or proposals are in the database.")


def _signed_to_the_end(entries: int, signed: int) -> None:
    if signed >= entries:
        return
    which = f"Entry {entries} is" if signed + 1 == entries else f"Entries {signed + 1} to {entries} are"
    raise Fault(
        signed + 1,
        f"{which} covered by no signed checkpoint. Every change is signed as it is made: the checkpoint was"
        " removed, or the log was changed, or signing was refused because the log contradicted what was"
        " signed before.",
    )


def _whole(entries: int, read: _Read) -> str:
    if not entries:
        return "The change log is empty."
    said = (
        "The one entry is as it was sealed"
        if entries == 1
        else f"All {entries} entries are as they were sealed"
    )
    agrees = "agrees" if entries == 1 else "agree"
    said += f", and {agrees} with every checkpoint up to entry {read.agreed}." if read.agreed else "."
    if erased := len(read.missing_texts):
        said += (
            f" {erased} text{' was' if erased == 1 else 's were'} erased, each with an entry that says so."
        )
    return said


def _read(
    rows: Sequence[Row[Any]], texts: Mapping[int, Mapping[str, Row[Any]]], notes: Mapping[int, list[bytes]]
) -> _Read:
    read = _Read()
    _agree(read, notes)
    for seq, row in enumerate(rows, start=1):
        entry = _line(seq, row, read)
        _its_texts(seq, entry["texts"], texts.get(seq, {}), read)
        read.leaf = row.leaf
        read.tree.add(row.leaf)
        _agree(read, notes)
        if entry["event"] == ERASED:
            read.erased.add((entry["detail"]["seq"], entry["detail"]["field"]))
        read.agreements.add(entry)
        read.purges.add(entry)
        read.people.add(entry)
        read.accounts.add(entry)
        read.openings.add(entry)
    if (longest := max(notes, default=0)) > len(rows):
        raise Fault(
            len(rows) + 1,
            f"The end of the log is missing: a checkpoint was signed over {longest} entries,"
            f" and only {len(rows)} are there.",
        )
    _nothing_beside(rows, texts, read)
    return read


def _line(seq: int, row: Row[Any], read: _Read) -> dict[str, Any]:
    """The entry, if this line is number `seq`, is as sealed, and follows the one before."""
    if row.seq != seq:
        raise Fault(seq, f"Entry {seq} is missing.")
    if not _is_sealed(row):
        raise Fault(seq, f"Entry {seq} is not what was sealed: its contents were changed.")
    if row.prev != read.leaf:
        changed = seq - 1 if read.agreed < seq - 1 else seq
        raise Fault(changed, f"Entry {seq} does not follow from entry {seq - 1}: one of the two was changed.")
    entry = _parsed(row.entry)
    if entry is None:
        raise Fault(seq, f"Entry {seq} is not an entry of a change log.")
    if entry["seq"] != seq:
        raise Fault(seq, f"Entry {seq} is in the wrong place: it was sealed as entry {entry['seq']}.")
    return entry


def _is_sealed(row: Row[Any]) -> bool:
    sound = isinstance(row.prev, bytes) and isinstance(row.entry, str) and encodable(row.entry)
    return sound and row.leaf == leaf_of(row.prev, row.entry)


def _parsed(sealed: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(sealed)
        sound = isinstance(entry["seq"], int)
        sound = sound and isinstance(entry["texts"], dict) and isinstance(entry["detail"], dict)
        sound = sound and all(isinstance(entry[name], str) for name in ("event", "object", "actor", "at"))
        if entry["event"] == ERASED:
            sound = sound and isinstance(entry["detail"]["seq"], int)
            sound = sound and isinstance(entry["detail"]["field"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if sound else None


def _its_texts(seq: int, sealed: Mapping[str, str], kept: Mapping[str, Row[Any]], read: _Read) -> None:
    for name, seal in sealed.items():
        row = kept.get(name)
        if row is None or row.text is None:
            read.missing_texts[seq, name] = None
        elif not _is_text(row) or text_seal(row.salt, row.text) != seal:
            raise Fault(seq, f"The text '{name}' of entry {seq} is not what was sealed: it was changed.")
    for name in kept.keys() - sealed.keys():
        raise Fault(seq, f"Entry {seq} was given a text '{shown(name)}' that it was not sealed with.")


def _is_text(row: Row[Any]) -> bool:
    """A salt of another length would let the beginning of a text pass as the end of its salt."""
    salted = isinstance(row.salt, bytes) and len(row.salt) == SALT_BYTES
    return salted and isinstance(row.text, str) and encodable(row.text)


def _nothing_beside(
    rows: Sequence[Row[Any]], texts: Mapping[int, Mapping[str, Row[Any]]], read: _Read
) -> None:
    for seq, name in read.missing_texts:
        if (seq, name) not in read.erased:
            raise Fault(
                seq, f"The text '{name}' of entry {seq} is gone, and no entry says that it was erased."
            )
    for seq in texts:
        if not isinstance(seq, int):
            raise Fault(len(rows) + 1, "There is a text that belongs to no entry.")
        if not 1 <= seq <= len(rows):
            raise Fault(seq, f"There is a text of entry {seq}, and no such entry.")


def _agree(read: _Read, notes: Mapping[int, list[bytes]]) -> None:
    """Hold every checkpoint of this size against the tree."""
    size = read.tree.size
    for root in notes.get(size, ()):
        if root != read.tree.root():
            raise Fault(*_contradicted(read.agreed + 1, size))
        read.agreed = size


def _contradicted(first: int, last: int) -> tuple[int, str]:
    where = f"Entry {last}" if first >= last else f"One of the entries {first} to {last}"
    return min(
        first, last
    ), f"{where} is not what was signed: it contradicts the checkpoint of {last} entries."


def _texts(conn: Connection) -> dict[int, dict[str, Row[Any]]]:
    found: dict[int, dict[str, Row[Any]]] = {}
    for row in conn.execute(TEXTS):
        found.setdefault(row.seq, {})[row.field] = row
    return found


def _notes(conn: Connection, key: Ed25519PublicKey | None, held: Iterable[str]) -> dict[int, list[bytes]]:
    """The signed root for each size, from the table and from outside."""
    kept = [(row.note, _parsed_note(row.size, row.note)) for row in conn.execute(NOTES)]
    outside = [(note, _parsed_note(None, note)) for note in held]
    if key is not None:
        good = trusted(kept, key)
        bad = [note.size for number, (_, note) in enumerate(kept) if number not in good]
        if bad := [*bad, *(note.size for _, note in outside if not note.is_signed_by(key))]:
            raise Fault(bad[0], f"The checkpoint of {bad[0]} entries is not signed with this school's key.")
    _each_names_the_one_before(kept)
    found: dict[int, list[bytes]] = {}
    for _, note in (*kept, *outside):
        found.setdefault(note.size, []).append(note.root)
    return found


def _parsed_note(size: int | None, note: Any) -> Checkpoint:
    try:
        signed = read_note(note)
    except NoteError:
        raise Fault(size or 1, f"The checkpoint of {size} entries is not a checkpoint.") from None
    if size is not None and signed.size != size:
        raise Fault(size, f"The checkpoint of {size} entries was signed for {signed.size}.")
    return signed


def _each_names_the_one_before(kept: Sequence[tuple[str, Checkpoint]]) -> None:
    """Those of earlier versions name none."""
    before = None
    for note, signed in kept:
        if signed.before is not None and signed.before != before:
            says = (
                f"The checkpoint that was signed before that of {signed.size} entries is not there any more."
            )
            raise Fault(signed.size, says)
        before = note_hash(note)
