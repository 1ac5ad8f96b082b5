#!/usr/bin/env python3
"""Is the change log of a school's filter whole, and did anybody agree with himself?

    python3 verify_changes.py EXPORT [--checkpoint FILE]... [--key FILE] [--json]

EXPORT is the file that the console gives under "Check it at home". A checkpoint is a few signed lines that
you kept: the best evidence there is. The key is the school's public key, from the sheet in the safe. The
answer is in plain English. Exit status: 0 whole, 1 not whole or a rule was broken, 2 this cannot be checked.

One file, with nothing but Python 3.9 or newer: read it, or have it read, before you believe it. It shares no
line with the program that writes the log. docs/verifying.md tells the format, so that anybody can write
another. The page verify_changes.html does the same in a browser, in the same words.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Iterable, Iterator, List, Tuple

ORIGIN = "schoolgate/change-log"
LONGEST_LINE = 64 * 1024 * 1024
DEEPEST = 64
LARGEST = 2**53 - 1
MOST_TOLD = 20
MOST_KEPT = 1000  # faults; a hostile file could have millions
APPROVING = ("technician", "coordinator", "headteacher")
CONSOLE = (*APPROVING, "staff", "governor")
ASKING = (*APPROVING, "staff")  # for an unblock, or an opening for their class
READING = (*APPROVING, "governor")  # who may look at what one person did
WITHHELD = ("search_terms",)  # the texts that an export may leave out: what was searched for
TERMS = ("ends_at", "suspended_from", "suspended_until")  # until when an account acts
SHUTTING = ("policy", "lists", "people")  # of these, what only shuts takes one person
ENVELOPE = "break-glass"  # the actor where nobody is signed in, or nobody else agreed
NOBODY = ("system", ENVELOPE)  # actors that are no person
TWO_MINUTES = timedelta(minutes=2)
DAYS = 7  # for a second look, unless the school's policy says another number
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

# What each fault says, and what it means. The page has the same words.
FAULTS = {
    "line": "line {line} of the file cannot be read as a line of an export",
    "after": "something follows the end of the export (line {line})",
    "entry": "entry {entry} (line {line} of the file) is no entry of a change log: it was changed",
    "changed": "entry {entry} (line {line} of the file) is not what was sealed: it was changed",
    "order": "entry {entry} is missing: where it should stand (line {line} of the file) is entry {other}",
    "count": "the export says that it has {said} entries, and {there} are there",
    "end": "the file stops at line {line}, before its own end",
    "lines": "the last line of the export (line {line}) does not count the lines before it: some are missing",
    "cut": "the end is missing: {note} was signed over {size} entries, and {there} are there",
    "root": "{which} is not what was signed: it contradicts {note}",
    "rows": "the filtering log lost what it had: {note} has {now} of its seals, and {other} has {then}",
    "unsigned": "{which} covered by no signed checkpoint",
    "key": "the export is signed with another key than the one that you gave",
    "yours": "{note} is not signed with the key of this export",
    "signature": "{note} is not signed with the key of this export",
    "copied": "{note} was copied wrongly: its lines do not fit the signature beneath them",
    "unsealed": "entry {entry} is given a text that it was not sealed with (line {line} of the file)",
    "text": "the text '{field}' of entry {entry} (line {line} of the file) is not what was sealed",
    "gone": "the text '{field}' of entry {entry} (line {line} of the file) is gone, and no entry says why",
}
DAMAGED = (
    "Somebody changed the file, or it was damaged on its way. Export it again: if that says the same, the"
)
DAMAGED += " record on the server was changed."
REWRITTEN = "The record was written anew after that checkpoint was signed, by somebody who can write in the"
REWRITTEN += " school's database."
OTHER_KEY = "Whoever wrote this record did not use the key that you know. Unless the school told you of a new"
OTHER_KEY += " key, the record was written anew."
COPIED = "Copy it again, all of its lines exactly as they are. As it stands it says nothing, neither for the"
COPIED += (
    " record nor against it. If it stays so when it is copied rightly, somebody else signed this record: tell"
)
COPIED += " the headteacher."
REASON = "What somebody wrote as a reason was changed, or taken away without an entry that says so."
CUT = "Entries at the end were cut off, or the file was not copied to its end."
UNSIGNED = (
    "Every change is signed as it is made. So a signature was taken away, or these entries came in some"
)
UNSIGNED += " other way."
EDITED = (
    "What stands there today is not what was sealed when the change was made. What comes before is sound."
)
MOVED = "Entries were taken out, put in or moved."
MEANS = {
    **dict.fromkeys(("line", "after"), DAMAGED),
    **dict.fromkeys(("entry", "changed"), EDITED),
    **dict.fromkeys(("count", "end", "lines", "cut"), CUT),
    **dict.fromkeys(("root", "rows"), REWRITTEN),
    **dict.fromkeys(("key", "yours", "signature"), OTHER_KEY),
    **dict.fromkeys(("unsealed", "text", "gone"), REASON),
    **{"order": MOVED, "unsigned": UNSIGNED, "copied": COPIED},
}
# The rules: each thing in force has two people behind it, or only shuts, and then others look at it.
RULES = {
    "first": "the record does not begin with the founding of the school",
    "founded": "the school was founded a second time, which brings a policy that nobody agreed to",
    "stranger": "somebody acts whose account no entry brings: {who}",
    "again": "the {kind} {id} is proposed a second time",
    "unasked": "the {kind} {id} is agreed to, and no entry before proposes it",
    "self": "the {kind} {id} is agreed to by the one who asked for it",
    "alone": "the {kind} {id} came into force, and one person alone is behind it",
    "late": "the {kind} {id} is agreed to, though it waited no more",
    "asker": "the {kind} {id} is agreed to as if somebody else had asked for it",
    "role": "somebody acts as {role}, and is no such person by the entries before",
    "ended": "somebody acts whose account had ended or was suspended: {who}",
    "otherwise": "the {kind} {id} is agreed to otherwise than it was asked for: its {what}",
    "nobody": "the {kind} {id} came into force, and no person agreed to it",
    "loosened": "the lists {id} open something, and came into force without two people",
    "update": "the lists {id} came as an update that the system did not make",
    "unheld": "the lists {id} were let in, and no update was held",
    "given": "one person alone gave an account what it had not: {who}",
    "policy": "something was opened for a class under a policy that was not in force",
    "about": "a review is signed, and there is nothing that it could be about",
    "own": "entry {about} is reviewed by somebody whom it is about",
    "envelope": "a break-glass code was used that no two people made, or that was used before",
    "untold": "something was agreed to with a break-glass code, and no entry tells of its use",
    "probation": "somebody whose account came back by a break-glass code acts before others looked at that",
    "seen": "what somebody confirmed here to have seen, {size} entries, is not what is here",
}
WORDS = {"unblock": "an unblock", "policy": "a policy", "lists": "lists", "people": "a change of people"}
WORDS[""] = "a proposal"
SAYS = {
    "whole": "The record is whole: {entries}, from {first} to {last}, signed to the last.",
    "agrees": " It agrees with your checkpoint{day} ({entries}).",
    "agree": " It agrees with your {number} checkpoints, the oldest{day} ({entries}).",
    "key": " It is signed with the key that you gave.",
    "broken": " BUT {entries} a rule: see below.",
    "not-whole": "The record is NOT whole: {says}. {means}{more}",
    "not-confirmed": "This is NOT confirmed: {says}. {means}{more}",
    "more": " ({faults} below.)",
    "cannot": "This cannot be checked: {why}.",
    "rule": "Entry {entry} (line {line} of the file): {says}.",
    "used": "Used on {day} by {who} {what} (entry {entry}). {signed} of 2 others have looked at it{by}.",
    "never": "It was never used.",
    "nothing": "Nothing was agreed to.",
    "things": "{things} agreed to.",
    "two": " Each was asked for by one account and agreed to by another.",
    "pair": "{by} asked and {other} agreed: {times}.",
    "updates": "{updates} of the lists came by themselves, within what two people agreed on.",
    "shut": "One person shut something at once: {times}. Looked at by others since: {done}.",
    "before": "Before anybody was asked to look at such things, one person shut something: {times}.",
    "waiting": "Not yet looked at by others: {entries}.",
    "overdue": "Looked at by nobody else for more than {days} days: {entries}.",
    "reader": "{who} read, took out or watched somebody's browsing by name: {times}.",
    "objects": "{who} does not agree with what entry {about} did.",
    "own": "{by} asked and {other} agreed {times}, and the account of {other} was itself proposed by {by}.",
    "clock": "The clock ran backwards by more than two minutes at {entries}.",
    "withheld": "{texts} withheld from this export: what the filtering log was searched for is not for all.",
    "erased": "{texts} erased, each with an entry that says so.",
    "neither": "You gave no checkpoint and no key: a record that was written anew from its first entry would"
    " look the same. Give a checkpoint that you kept.",
    "no-note": "You gave no checkpoint: a record that was written anew by somebody who has the school's key"
    " would look the same. Give a checkpoint that you kept.",
    "since": "What came after your newest checkpoint ({entries}) could still be written anew by somebody who"
    " has the school's key. Keep a newer one today.",
    "print": "The key of this export is {key}. Compare it with the sheet in the school's safe.",
    "saw": "{who} last confirmed to have seen it on {day}, up to entry {size}.",
    "accounts": "That two accounts are two people no computer can tell. Names are from a table that is not"
    " sealed. Days are in UTC.",
}


class UnusableError(Exception):
    """There is nothing here that could be checked."""


# What a line says: strict JSON. Two readers must never understand one line in two ways.


def parsed(raw: bytes) -> Any:
    """JSON without repeated names, fractions, or numbers that some readers round. Raises ValueError."""
    return _read(raw.decode("utf-8"), LINES)


def entry_of(sealed: str) -> dict[str, Any]:
    """The entry, if this is RFC 8785: names in the order of UTF-16, no blanks, one way to write each text."""
    entry: dict[str, Any] = _read(sealed, ENTRIES)
    if WRITTEN.encode(entry) != sealed:
        raise ValueError("not canonical")
    shaped = isinstance(entry, dict) and _is_count(entry["seq"]) and isinstance(entry["detail"], dict)
    texts = all(isinstance(entry[name], str) for name in ("at", "event", "actor", "role", "object"))
    sealed_texts = entry["texts"]
    if not shaped or not texts or not isinstance(sealed_texts, dict):
        raise ValueError("not an entry")
    if not all(_is_hex(seal, 64) for seal in sealed_texts.values()):
        raise ValueError("not an entry")
    entry["time"] = time_of(entry["at"])
    return entry


def _read(text: str, decoder: json.JSONDecoder) -> Any:
    text.encode()
    try:
        value = decoder.decode(text)
        if text.count("[") + text.count("{") > DEEPEST:
            _require_shallow(value, DEEPEST)
    except RecursionError:
        raise ValueError("too deep") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names: list[Any] = [name for name, _ in pairs]
    if not "".join(names).isascii():
        names = [name.encode("utf-16-be") for name in names]
    if any(names[i] >= names[i + 1] for i in range(len(names) - 1)):
        raise ValueError("names out of order")
    return dict(pairs)


def _small(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise ValueError("a number too large")
    return int(digits)


def _refused(_: str) -> None:
    raise ValueError("a number that is not whole")


def _strict(pairs: Any) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=pairs, parse_int=_small, parse_float=_refused, parse_constant=_refused
    )


LINES, ENTRIES = _strict(_once), _strict(_in_order)
WRITTEN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _require_shallow(value: Any, left: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if not left:
        raise ValueError("too deep")
    for each in value.values() if isinstance(value, dict) else value:
        _require_shallow(each, left - 1)


HALF = re.compile("[\ud800-\udfff]")


def _is_hex(text: Any, length: int) -> bool:
    return isinstance(text, str) and len(text) == length and re.fullmatch("[0-9a-f]*", text) is not None


def _is_text(value: Any) -> bool:
    """Lone halves of a character can be written in JSON, and are no text."""
    return isinstance(value, str) and (value.isascii() or HALF.search(value) is None)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _unbase64(text: Any, length: int) -> bytes:
    """Raises ValueError for base64 that could be written in another way."""
    data = base64.b64decode(text, validate=True) if _is_text(text) and text.isascii() else b""
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise ValueError("not base64")
    return data


def time_of(stamp: Any) -> datetime:
    """Sealed times are UTC with microseconds; the header's may have none."""
    spelt = r"(2[0-9]{3})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{6}))?Z"
    found = re.fullmatch(spelt, stamp) if isinstance(stamp, str) else None
    if found is None:
        raise ValueError("not a time")
    year, month, day, hour, minute, second, micro = (int(each or 0) for each in found.groups())
    return datetime(year, month, day, hour, minute, second, micro, timezone.utc)


# Ed25519 (RFC 8032, 5.1.7), strictly: S below L, no point written in a second way, no weak key.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1
BASE = (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")
ZERO = (0, 1, 1, 0)
Point = Any  # X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z
_tables: dict[bytes, Any] = {}


@lru_cache(maxsize=1024)  # what somebody kept is often in the export too
def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, start, s = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or start is None or s >= L or _is_weak(key):
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    right = _add(start, _times(public_key, int.from_bytes(digest, "little") % L))
    left = _times(BASE, s)
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


def _point(data: bytes) -> Point:
    """None for what is no point, or is written as no point should be."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (not x and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(encoded: bytes, number: int) -> Point:
    """From a table whose row i holds 0 to 15 times 16**i times the point: made once for each key."""
    if encoded not in _tables:
        step, rows = _point(encoded), []
        for _ in range(64):
            row: list[Point] = [ZERO]
            for _ in range(15):
                row.append(_add(row[-1], step))
            rows.append(row)
            step = _add(row[-1], step)
        _tables[encoded] = rows
    found: Point = ZERO
    for row in _tables[encoded]:
        found = _add(found, row[number & 15])
        number >>= 4
    return found


def _is_weak(point: Point) -> bool:
    for _ in range(3):
        point = _add(point, point)
    return not point[0] % P and not (point[1] - point[2]) % P


# The tree of RFC 6962, and checkpoints (C2SP tlog-checkpoint, signed-note).


def roots_at(leaves: list[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The root over the first n leaves, for each n that is asked for and there."""
    wanted, found = set(sizes), {}
    full: list[bytes] = []  # the roots of the full subtrees, largest first
    for size in range(len(leaves) + 1):
        if size in wanted:
            root = full[-1] if full else hashlib.sha256(b"").digest()
            for left in reversed(full[:-1]):
                root = hashlib.sha256(b"\x01" + left + root).digest()
            found[size] = root
        if size < len(leaves):
            leaf, pairs = leaves[size], size
            while pairs & 1:
                leaf = hashlib.sha256(b"\x01" + full.pop() + leaf).digest()
                pairs >>= 1
            full.append(leaf)
    return found


class Note:
    """A checkpoint, taken apart. What it says is believed only when `is_by` says yes. Raises ValueError."""

    def __init__(self, text: str) -> None:
        body, blank, tail = text.partition("\n\n")
        *signatures, end = tail.split("\n")
        head = body.split("\n")
        if not blank or end or len(head) < 3 or head[0] != ORIGIN or not _is_text(text):
            raise ValueError("not a checkpoint")
        self.size, self.root = _number(head[1]), _unbase64(head[2], 32)
        self.body = (body + "\n").encode()
        self.rows = _filtering_log(head[3:])
        self.signatures = [found for line in signatures for found in _signature(line)]

    def is_by(self, key: bytes) -> bool:
        mine = _key_id(key)
        return any(each[:4] == mine and is_signed(key, self.body, each[4:]) for each in self.signatures)

    def is_miscopied(self, key: bytes) -> bool:
        """It names this key, and its lines are not what that key signed."""
        named = any(each[:4] == _key_id(key) for each in self.signatures)
        return named and not self.is_by(key)


Kept = List[Tuple[str, Note]]  # what each is called, and itself


def _number(digits: str) -> int:
    if re.fullmatch("0|[1-9][0-9]{0,15}", digits) is None or int(digits) > LARGEST:
        raise ValueError("not a number")
    return int(digits)


def _filtering_log(lines: list[str]) -> tuple[int, str] | None:
    """How many seals the filtering log had then, and the last one. Other lines are signed, and not for us."""
    for line in lines:
        name, *words = line.split(" ")
        if name == "filtering-log":
            number, leaf = words
            return _number(number), _unbase64(leaf, 32).hex()
    return None


def _signature(line: str) -> list[bytes]:
    """Lines under other names are of witnesses, and not looked at."""
    dash, name, encoded = line.split(" ")
    if dash != "\u2014":
        raise ValueError("not a signature line")
    return [_unbase64(encoded, 68)] if name == ORIGIN else []


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(ORIGIN.encode() + b"\n\x01" + key).digest()[:4]


def notes_in(text: str) -> list[str]:
    """Each checkpoint in a text, from the name of the log to its signatures. It may be a mail, quoted too."""
    lines = [re.sub("^(?:> ?)+", "", line).rstrip("\r\t ") for line in text.split("\n")]
    found = []
    for i, line in enumerate(lines):
        if line == ORIGIN:
            end = i
            while end < len(lines) and lines[end]:
                end += 1
            end += 1
            while end < len(lines) and lines[end].startswith("\u2014 "):
                end += 1
            found.append("\n".join(lines[i:end]) + "\n")
    return found


PEM = re.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\r\n\t ]+)-----END PUBLIC KEY-----")
SPKI = bytes.fromhex("302a300506032b6570032100")  # an Ed25519 key follows (RFC 8410)


def key_in(text: str) -> bytes:
    """A public key: base64, hex, a C2SP verifier key, or the file change-log.pub. Raises UnusableError."""
    word = text.strip("\ufeff\r\n\t ")
    try:
        if _is_hex(word.lower(), 64):
            return bytes.fromhex(word)
        pem = PEM.fullmatch(word)
        if pem is not None:
            key = _unbase64(re.sub("[\r\n\t ]", "", pem.group(1)), 44)
            if key[:12] != SPKI:
                raise ValueError("another kind of key")
            return key[12:]
        name, _, rest = word.partition("+")
        if name != ORIGIN:
            return _unbase64(word, 32)
        key = _unbase64(rest.partition("+")[2], 33)
        if key[:1] == b"\x01" and rest.partition("+")[0] == _key_id(key[1:]).hex():
            return key[1:]
    except ValueError:
        pass
    raise UnusableError("what you gave as the key is no public key")


# The export, line by line.


class Export:
    """What is read from the file, and every fault found on the way."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.more = 0  # faults beyond those kept
        self.header: dict[str, Any] = {}
        self.key = b""
        self.expected = 1
        self.leaves: list[bytes] = []
        self.days: list[datetime] = []
        self.sealed_texts: dict[tuple[int, str], tuple[str, int]] = {}  # the seal, and the line of its entry
        self.erased: set[tuple[int, str]] = set()
        self.withheld = 0
        self.gone = 0
        self.notes: list[tuple[str, int, Note]] = []  # what it is called, its line, itself
        self.names: dict[str, str] = {}
        self.ended = False
        self.rules = Rules()

    def fault(self, code: str, line: int, entry: int, **more: Any) -> None:
        if len(self.faults) < MOST_KEPT:
            says = FAULTS[code].format(line=line, entry=entry, **more)
            self.faults.append({"code": code, "line": line, "entry": entry, "says": says})
        else:
            self.more += 1

    def read(self, lines: Iterable[bytes]) -> None:
        number = 0
        for number, raw in enumerate(lines, start=1):
            if number == 1:
                self._begin(raw)
            elif not self.ended:
                self._line(number, raw)
            elif raw.strip(b"\r\t "):
                self.fault("after", number, 0)
                break
        if not number:
            raise UnusableError("the file is empty")
        if not self.ended:
            self.fault("end", number, 0)
        there, said = len(self.leaves), self.header["entries"]
        if there != said:
            self.fault("count", 1, min(there, said) + 1, said=said, there=there)
        for (seq, name), (_, line) in self.sealed_texts.items():
            self._missing(line, seq, name, False)

    def _begin(self, raw: bytes) -> None:
        try:
            header = parsed(raw) if len(raw) <= LONGEST_LINE else None
        except ValueError:
            header = None
        if not isinstance(header, dict) or header.get("schoolgate") != "change-log":
            raise UnusableError("this file is not the export of a change log")
        if not _is_count(header.get("format")) or header["format"] != 1:
            raise UnusableError(
                "this export is in a format that this verifier does not know; get a newer one"
            )
        try:
            self.key = _unbase64(header.get("public_key"), 32)
        except ValueError:
            raise UnusableError("the first line of the export has no public key") from None
        if header.get("origin") != ORIGIN or not _is_count(header.get("entries")):
            raise UnusableError("the first line of the export does not say what it is of")
        self.header = header

    def _line(self, number: int, raw: bytes) -> None:
        known = {"entry": self._entry, "text": self._text, "checkpoint": self._note, "name": self._name}
        known["end"] = self._end
        try:
            line = parsed(raw) if len(raw) <= LONGEST_LINE else {}
            (kind,) = [name for name in known if name in line]
            known[kind](number, line)
        except (ValueError, TypeError, KeyError):
            self.fault("line", number, 0)

    def _entry(self, number: int, line: dict[str, Any]) -> None:
        sealed, leaf = line["entry"], line["leaf"]
        if not _is_text(sealed) or not _is_hex(leaf, 64):
            raise ValueError("not an entry's line")
        prev, expected = self.leaves[-1] if self.leaves else bytes(32), self.expected
        self.leaves.append(bytes.fromhex(leaf))
        self.expected += 1
        try:
            entry = entry_of(sealed)
        except (ValueError, TypeError, KeyError):
            return self.fault("entry", number, expected)
        seq = entry["seq"]
        if seq != expected:
            self.fault("order", number, expected, other=seq)
            self.expected = seq + 1 if seq < 2**40 else self.expected
        elif hashlib.sha256(b"\x00" + prev + sealed.encode()).hexdigest() != leaf:
            self.fault("changed", number, seq)
        self.days.append(entry["time"])
        for name, seal in entry["texts"].items():
            self.sealed_texts[seq, name] = (seal, number)
        if entry["event"] == "change-text:erase":
            said = entry["detail"]
            if _is_count(said.get("seq")) and isinstance(said.get("field"), str):
                self.erased.add((said["seq"], said["field"]))
        return self.rules.add(entry, number)

    def _text(self, number: int, line: dict[str, Any]) -> None:
        said = line["text"]
        seq, name, text = said["seq"], said["field"], said["text"]
        if not _is_count(seq) or not _is_text(name) or not (text is None or _is_text(text)):
            raise ValueError("not a text's line")
        seal, _ = self.sealed_texts.pop((seq, name), ("", 0))
        if not seal:
            self.fault("unsealed", number, seq)
        elif text is None:
            self._missing(number, seq, name, said.get("withheld") is True)
        elif not _is_hex(said["salt"], 32) or _text_seal(said["salt"], text) != seal:
            self.fault("text", number, seq, field=shown(name))

    def _missing(self, number: int, seq: int, name: str, withheld: bool) -> None:
        if (seq, name) in self.erased:
            self.gone += 1
        elif withheld and name in WITHHELD:
            self.withheld += 1
        else:
            self.fault("gone", number, seq, field=shown(name))

    def _note(self, number: int, line: dict[str, Any]) -> None:
        if not isinstance(line["checkpoint"], str):
            raise ValueError("not a checkpoint's line")
        self.notes.append((f"the checkpoint in line {number} of the file", number, Note(line["checkpoint"])))

    def _name(self, _: int, line: dict[str, Any]) -> None:
        said = line["name"]
        if not all(_is_text(said[field]) for field in ("id", "name", "role")):
            raise ValueError("not a name's line")
        self.names[said["id"]] = said["name"]

    def _end(self, number: int, line: dict[str, Any]) -> None:
        if line["end"] is not True or not _is_count(line["lines"]) or line["lines"] != number - 1:
            self.fault("lines", number, 0)
        self.ended = True


def _text_seal(salt: str, text: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def check(lines: Iterable[bytes], notes: Iterable[str] = (), key: bytes | None = None) -> dict[str, Any]:
    """The whole answer. `notes`: texts with checkpoints in them that somebody kept."""
    try:
        kept = _kept(notes)
        export = Export()
        export.read(lines)
        if not export.leaves and not kept and not export.faults:
            raise UnusableError("the export has no entries, so there is nothing to check")
    except UnusableError as error:
        return answer(2, SAYS["cannot"].format(why=error), [], None)
    _agree(export, [each for each in kept if not each[1].is_miscopied(export.key)])
    _signed(export, kept, key)
    export.rules.finish()
    return told(export, kept, key)


def _kept(texts: Iterable[str]) -> Kept:
    found = []
    for number, text in enumerate(texts, start=1):
        notes = notes_in(text)
        try:
            found += [Note(note) for note in notes]
        except ValueError:
            notes = []
        if not notes:
            raise UnusableError(f"checkpoint {number} that you gave is none; copy all of its lines")
    if len(found) == 1:
        return [("your checkpoint", found[0])]
    return [(f"your checkpoint {number}", note) for number, note in enumerate(found, start=1)]


def _agree(export: Export, kept: Kept) -> None:
    """Each checkpoint against the tree over the entries, the smallest first."""
    there, agreed, then, other = len(export.leaves), 0, (0, ""), ""
    every = sorted([(name, 0, note) for name, note in kept] + export.notes, key=lambda each: each[2].size)
    roots = roots_at(
        export.leaves, [each[2].size for each in every] + [each[1] for each in export.rules.seen]
    )
    for name, line, note in every:
        size = note.size
        called = f"{name}, of {counted(size)},"
        if size > there:
            export.fault("cut", line, there + 1, note=name, size=size, there=there)
        elif note.root != roots[size]:
            alone = agreed + 1 >= size
            which = f"entry {size}" if alone else f"one of the entries {agreed + 1} to {size}"
            export.fault("root", line, min(agreed + 1, size), which=which, note=called.rstrip(","))
        else:
            agreed = size
        if note.rows is not None:
            if note.rows[0] < then[0] or (note.rows[0] == then[0] and note.rows[1] != then[1] and other):
                export.fault("rows", line, size, note=name, now=note.rows[0], other=other, then=then[0])
            then, other = note.rows, name
    export.rules.check_seen(roots)


def _signed(export: Export, kept: Kept, key: bytes | None) -> None:
    there, signed = len(export.leaves), 0
    if key is not None and key != export.key:
        export.fault("key", 1, 1)
    for name, note in kept:
        if note.is_miscopied(export.key):
            export.fault("copied", 0, note.size, note=name)
        elif not note.is_by(export.key):
            export.fault("yours", 0, note.size, note=f"{name}, of {counted(note.size)},")
    for name, line, note in export.notes:
        if note.is_by(export.key):
            signed = max(signed, note.size)
        else:
            export.fault("signature", line, note.size, note=name)
    if signed < there:
        which = f"entry {there} is" if signed + 1 == there else f"entries {signed + 1} to {there} are"
        export.fault("unsigned", 0, signed + 1, which=which)


# The rules: what the entries alone say about who agreed with whom.


class Rules:
    """Given every entry in its order. An account here is a person as the entries tell of it."""

    def __init__(self) -> None:
        self.broken: list[dict[str, Any]] = []
        self.proposals: dict[tuple[str, str], dict[str, Any]] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.strangers: set[str] = set()
        self.policy = ""
        self.envelope = ""  # the one that works
        self.probation: dict[str, int] = {}  # who came back by a code, and the entry of it
        self.pairs: dict[tuple[str, str], int] = {}
        self.own_making: dict[tuple[str, str], int] = {}
        self.approved = 0
        self.updates = 0
        self.reviews: dict[int, dict[str, Any]] = {}
        self.steps: dict[str, tuple[str, Any]] = {}  # of incidents: what waits for a second signature
        self.asked_since: int | None = None  # versions before shut without asking others to look
        self.left: dict[str, str | None] = {}  # whose account ended or changed its role, and who did it alone
        self.by_code: list[tuple[int, str, int]] = []  # agreed to with the envelope: entry, proposal, line
        self.uses: list[dict[str, Any]] = []
        self.readers: dict[str, int] = {}
        self.seen: list[tuple[int, int, Any, int]] = []  # entry, size, root as it was sealed, line
        self.last_seen: tuple[str, int, datetime] | None = None
        self.back: list[int] = []
        self.latest: datetime | None = None

    def breaks(self, entry: dict[str, Any], line: int, rule: str, **more: Any) -> None:
        self._breaks(entry["seq"], line, RULES[rule].format(**more))

    def _breaks(self, seq: int, line: int, says: str) -> None:
        if len(self.broken) < MOST_KEPT:
            self.broken.append({"entry": seq, "line": line, "says": says})

    def add(self, entry: dict[str, Any], line: int) -> None:
        event, actor, at = entry["event"], entry["actor"], entry["time"]
        if self.latest is not None and at < self.latest - TWO_MINUTES:
            self.back.append(entry["seq"])
        self.latest = at if self.latest is None else max(self.latest, at)
        if event == "school:found":
            self._found(entry, line)
        elif entry["seq"] == 1:
            self.breaks(entry, line, "first")
        if actor not in self.accounts and actor not in NOBODY and actor not in self.strangers:
            self.strangers.add(actor)
            self.breaks(entry, line, "stranger", who=shown(actor))
        known = {"review:sign": self._sign, "break-glass:use": self._use, "opening:open": self._opening}
        known.update({"change-log:seen": self._saw, "change-log:review": self._saw})
        known["incident-log:review"] = self._saw
        known.update({f"incident:{act}": self._step for act in ("ask", "sign", "withdraw")})
        known.update({"person:suspend": self._out, "person:end": self._out})
        by_name = (
            event in ("filtering-log:export", "filtering-log:tail") and entry["detail"].get("by_name") is True
        )
        if by_name or event in ("filtering-log:read", "person:access"):
            self.readers[actor] = self.readers.get(actor, 0) + 1
        known.get(event, self._proposal)(entry, line)

    def _found(self, entry: dict[str, Any], line: int) -> None:
        if entry["seq"] != 1:
            return self.breaks(entry, line, "founded")
        self.policy = entry["object"]
        for row in _rows(entry["detail"].get("people")):
            self.accounts[row["person"]] = {"role": row.get("role"), "by": ""}
        return None

    def _proposal(self, entry: dict[str, Any], line: int) -> None:
        kind, _, verb = entry["event"].partition(":")
        which = {"kind": shown(kind), "id": shown(entry["object"])}
        known = self.proposals.get((kind, entry["object"]))
        fresh = {"by": entry["actor"], "state": "requested", "verb": verb, "asked": entry["detail"]}
        if verb in ("propose", "hold"):
            if known is not None:
                self.breaks(entry, line, "again", **which)
            if verb == "hold" and entry["actor"] != "system":
                self.breaks(entry, line, "update", **which)
            self.proposals[kind, entry["object"]] = fresh
            self._able(entry, line, ASKING if kind in ("unblock", "disclosure") else APPROVING)
            self._not_on_probation(entry, line)
        elif verb == "approve":
            self._approve(entry, kind, known, line, which)
        elif verb == "tighten":
            may = kind in SHUTTING and entry["detail"].get("loosening") is not True
            if known is not None or not may:
                self.breaks(entry, line, "alone", **which)
            self.proposals[kind, entry["object"]] = {**fresh, "state": "approved"}
            self._may(entry, line, which)
            self._shut(entry, line)
            self._in_force(entry, kind, "", line)
        elif kind == "lists" and verb in ("update", "confirm", "rollback"):
            self._system_lists(entry, verb, known, line)
        elif verb in ("decline", "withdraw", "lapse", "revoke", "end") and known is not None:
            known["state"] = verb

    def _step(self, entry: dict[str, Any], line: int) -> None:
        """Two people sign each step of an incident, under the same words."""
        if entry["event"] == "incident:ask":
            self.steps[entry["object"]] = (entry["actor"], entry["detail"].get("facts"))
            return
        which = {"kind": "step of an incident", "id": shown(entry["object"])}
        by, facts = self.steps.pop(entry["object"], ("", None))
        if entry["event"] == "incident:withdraw":
            return
        if not by:
            self.breaks(entry, line, "unasked", **which)
        elif by == entry["actor"]:
            self.breaks(entry, line, "self", **which)
        elif facts != entry["detail"].get("facts"):
            self.breaks(entry, line, "otherwise", what="facts", **which)

    def _approve(
        self, entry: dict[str, Any], kind: str, known: dict[str, Any] | None, line: int, which: dict[str, str]
    ) -> None:
        actor, asker = entry["actor"], entry["detail"].get("proposed_by")
        self.approved += 1
        if known is None:
            self.breaks(entry, line, "unasked", **which)
        else:
            if known["by"] == actor:
                self.breaks(entry, line, "self", **which)
            elif known["by"] in NOBODY:
                self.breaks(entry, line, "alone", **which)
            if known["state"] != "requested":
                self.breaks(entry, line, "late", **which)
            if asker is not None and asker != known["by"]:
                self.breaks(entry, line, "asker", **which)
            if (what := _otherwise(known.pop("asked", {}), entry["detail"])) is not None:
                self.breaks(entry, line, "otherwise", what=shown(what), **which)
            known["state"] = "approved"
            self._count(known["by"], actor)
        if actor == ENVELOPE:
            self.by_code.append((entry["seq"], entry["object"], line))
        else:
            self._may(entry, line, which)
        if kind == "break-glass":
            self.envelope = entry["object"]
        self._in_force(entry, kind, known["by"] if known else "", line)

    def _count(self, by: str, actor: str) -> None:
        if actor != ENVELOPE:
            self.pairs[by, actor] = self.pairs.get((by, actor), 0) + 1
            if self.accounts.get(actor, {}).get("by") == by:
                self.own_making[by, actor] = self.own_making.get((by, actor), 0) + 1

    def _may(self, entry: dict[str, Any], line: int, which: dict[str, str]) -> None:
        """Whether this person may bring something into force. Of strangers it was said already."""
        if entry["actor"] in NOBODY:
            self.breaks(entry, line, "nobody", **which)
        self._able(entry, line, APPROVING)
        self._not_on_probation(entry, line)

    def _able(self, entry: dict[str, Any], line: int, roles: tuple[str, ...]) -> None:
        """Whether this account had such a role, and acted at all, at that time."""
        account = self.accounts.get(entry["actor"])
        if account is None:
            return
        if entry["role"] not in roles or account["role"] != entry["role"]:
            self.breaks(entry, line, "role", role=shown(entry["role"]))
        elif _is_out(account, entry["at"]):
            self.breaks(entry, line, "ended", who=shown(entry["actor"]))

    def _not_on_probation(self, entry: dict[str, Any], line: int) -> None:
        came_back = self.probation.get(entry["actor"])
        if came_back is not None and not _is_done(self.reviews[came_back]):
            self.breaks(entry, line, "probation")

    def _in_force(self, entry: dict[str, Any], kind: str, by: str, line: int) -> None:
        if kind == "policy":
            self.policy = entry["object"]
        alone = entry["event"] == "people:tighten" or entry["actor"] == ENVELOPE
        for row in _rows(entry["detail"].get("people")) if kind == "people" else ():
            changed = row.get("set")
            role = changed.get("role") if isinstance(changed, dict) else None
            account = self.accounts.get(row["person"])
            before = account["role"] if account is not None else None
            new = row.get("new") is True or row.get("code") is True
            if alone and (new or any(role in few_ and before not in few_ for few_ in (APPROVING, CONSOLE))):
                self.breaks(entry, line, "given", who=shown(row["person"]))
            if account is None:
                account = self.accounts[row["person"]] = {"role": None, "by": by}
            if isinstance(role, str):
                account["role"] = role
            if isinstance(changed, dict):
                account.update({name: changed[name] for name in TERMS if name in changed})
                if "role" in changed or "ends_at" in changed:
                    self.left[row["person"]] = None
        if kind == "erasure":
            self.left[_word(entry["detail"].get("person"))] = None

    def _system_lists(
        self, entry: dict[str, Any], verb: str, known: dict[str, Any] | None, line: int
    ) -> None:
        """An update within what two people agreed on, or one that only shuts: it may never loosen."""
        which = {"kind": "lists", "id": shown(entry["object"])}
        if entry["detail"].get("loosening") is not False:
            self.breaks(entry, line, "loosened", **which)
        if verb == "update":
            self.updates += 1
            if entry["actor"] != "system":
                self.breaks(entry, line, "update", **which)
        else:
            self._may(entry, line, which)
        if verb == "confirm" and (known is None or (known["verb"], known["state"]) != ("hold", "requested")):
            self.breaks(entry, line, "unheld", **which)
        self.proposals["lists", entry["object"]] = {"by": "system", "state": "approved", "verb": verb}

    def _opening(self, entry: dict[str, Any], line: int) -> None:
        """The two people behind it are those who agreed on the policy that allows it."""
        self._able(entry, line, ASKING)
        if entry["detail"].get("policy") != self.policy:
            self.breaks(entry, line, "policy")

    def _shut(self, entry: dict[str, Any], line: int) -> None:
        self._review(entry, 1, {entry["actor"]})

    def _out(self, entry: dict[str, Any], line: int) -> None:
        self._able(entry, line, APPROVING)
        self._shut(entry, line)
        detail, account = entry["detail"], self.accounts.get(entry["object"])
        if entry["event"] == "person:end":
            self.left[entry["object"]] = entry["actor"]
            terms = {"ends_at": detail.get("ends_at")}
        else:
            terms = {"suspended_from": detail.get("from"), "suspended_until": detail.get("until")}
        if account is not None:
            account.update(terms)

    def _review(self, entry: dict[str, Any], needed: int, concerned: set[Any]) -> None:
        asked = entry["event"].endswith(":tighten") or entry["detail"].get("review") is True
        if self.asked_since is None and asked:
            self.asked_since = entry["seq"]
        opened = {"needed": needed, "of": concerned, "at": entry["time"]}
        self.reviews[entry["seq"]] = {**opened, "for": [], "against": []}

    def _sign(self, entry: dict[str, Any], line: int) -> None:
        """The last word of each person counts; who has left, and did not agree, counts no more.

        Unless one of those whom it is about made them leave, alone.
        """
        about, who, gone = entry["detail"].get("about"), entry["actor"], entry["detail"].get("gone")
        review = self.reviews.get(about) if _is_count(about) else None
        if review is None:
            return self.breaks(entry, line, "about")
        if who in review["of"]:
            self.breaks(entry, line, "own", about=about)
        self._able(entry, line, READING)
        self._not_on_probation(entry, line)
        said = [each for each in gone if isinstance(each, str)] if isinstance(gone, list) else []
        left = [who, *(each for each in said if each in self.left and self.left[each] not in review["of"])]
        review["for"] = [each for each in review["for"] if each != who]
        review["against"] = [each for each in review["against"] if each not in left]
        review["for" if entry["detail"].get("agrees") is True else "against"].append(who)
        return None

    def _use(self, entry: dict[str, Any], line: int) -> None:
        detail, envelope = entry["detail"], entry["detail"].get("id")
        person = detail.get("person") if detail.get("for") == "code" else entry["actor"]
        if not envelope or envelope != self.envelope:
            self.breaks(entry, line, "envelope")
        self.envelope = ""
        self._able(entry, line, APPROVING)
        what = detail.get("proposal") if detail.get("for") == "approve" else None
        who = person if isinstance(person, str) else entry["actor"]
        self.uses.append({"seq": entry["seq"], "by": who, "at": entry["time"], "what": what})
        self._review(entry, 2, {entry["actor"], who, _word(detail.get("proposed_by"))})
        if detail.get("for") != "approve":
            self.probation[who] = entry["seq"]

    def _saw(self, entry: dict[str, Any], line: int) -> None:
        size = entry["detail"].get("size")
        if _is_count(size):
            self.seen.append((entry["seq"], size, entry["detail"].get("root"), line))
            self.last_seen = (entry["actor"], size, entry["time"])

    def check_seen(self, roots: dict[int, bytes]) -> None:
        """What somebody confirmed to have seen must be what is here."""
        for seq, size, root, line in self.seen:
            here = base64.b64encode(roots[size]).decode() if size in roots else None
            if size >= seq or here != root:
                self._breaks(seq, line, RULES["seen"].format(size=size))

    def finish(self) -> None:
        told_of = [use["what"] for use in self.uses]
        for seq, object_id, line in self.by_code:
            if object_id not in told_of:
                self._breaks(seq, line, RULES["untold"])
        self.broken.sort(key=lambda each: each["line"])


def _rows(people: Any) -> list[dict[str, Any]]:
    rows = people if isinstance(people, list) else []
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("person"), str)]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _otherwise(asked: dict[str, Any], agreed: dict[str, Any]) -> str | None:
    """The first name under which both say something, and not the same."""
    both = [name for name in agreed if name in asked and name != "proposed_by"]
    return next((name for name in both if WRITTEN.encode(asked[name]) != WRITTEN.encode(agreed[name])), None)


def _is_out(account: dict[str, Any], at: str) -> bool:
    """Sealed times sort as text."""
    ends, start, until = (_word(account.get(name)) for name in TERMS)
    return (ends != "" and ends <= at) or (start != "" and start <= at and (until == "" or at < until))


def _is_done(review: dict[str, Any]) -> bool:
    return len(review["for"]) >= review["needed"] and not review["against"]


# In plain English.


def shown(text: Any, longest: int = 60) -> str:
    """Somebody else's words, so that they can play no tricks on a screen."""
    tricks = (
        "\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    )
    plain = re.sub(f"[{tricks}]", "\ufffd", text) if isinstance(text, str) else "?"
    return plain if len(plain) <= longest else plain[: longest - 1] + "\u2026"


def day(at: datetime) -> str:
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def counted(number: int, one: str = "entry", many: str = "entries") -> str:
    return f"{number} {one if number == 1 else many}"


def cap(says: str) -> str:
    return says[:1].upper() + says[1:]


def few(lines: list[str], more: int = 0) -> list[str]:
    left = len(lines) - MOST_TOLD + more
    return lines[:MOST_TOLD] + ([f"And {left} more."] if left > 0 else [])


def numbers(seqs: list[int]) -> str:
    few_ = ", ".join(str(seq) for seq in seqs[:MOST_TOLD])
    return f"{'entry' if len(seqs) == 1 else 'entries'} {few_}{' and more' if len(seqs) > MOST_TOLD else ''}"


class Telling:
    """Names are from the table in the export, which is not sealed: a name may be wrong, an id may not."""

    def __init__(self, export: Export, kept: Kept, key: bytes | None) -> None:
        self.export, self.rules, self.kept, self.key = export, export.rules, kept, key
        self.bearers: dict[str, int] = {}
        for name in export.names.values():
            self.bearers[name] = self.bearers.get(name, 0) + 1

    def name(self, who: str) -> str:
        if who in NOBODY:
            return "the system" if who == "system" else "somebody with the break-glass code"
        name = self.export.names.get(who)
        if name is None:
            return shown(who)
        return shown(name) if self.bearers[name] == 1 else f"{shown(name)} ({shown(who)})"

    def headline(self) -> str:
        faults, more = self.export.faults, len(self.export.faults) + self.export.more - 1
        if faults:
            others = SAYS["more"].format(faults=counted(more, "more fault", "more faults")) if more else ""
            first = next((each for each in faults if each["code"] != "copied"), faults[0])
            word = "not-confirmed" if first["code"] == "copied" else "not-whole"
            return SAYS[word].format(says=first["says"], means=MEANS[first["code"]], more=others)
        days, there = self.export.days, len(self.export.leaves)
        says = SAYS["whole"].format(entries=counted(there), first=day(days[0]), last=day(days[-1]))
        if self.kept:
            oldest = min(note.size for _, note in self.kept)
            of = f" of {day(days[oldest - 1])}" if oldest else ""
            word = "agrees" if len(self.kept) == 1 else "agree"
            says += SAYS[word].format(number=len(self.kept), day=of, entries=counted(oldest))
        says += SAYS["key"] if self.key is not None else ""
        broken = len({each["entry"] for each in self.rules.broken})
        return says + SAYS["broken"].format(entries=counted(broken, "entry breaks", "entries break")) * bool(
            broken
        )

    def uses(self) -> list[str]:
        lines = []
        for use in self.rules.uses:
            signed = self.rules.reviews[use["seq"]]["for"]
            what = (
                "for a new enrolment code"
                if use["what"] is None
                else f"to agree alone to {self._kind(use['what'])} ({shown(use['what'])})"
            )
            by = f" (signed by {', '.join(self.name(each) for each in signed)})" if signed else ""
            more = {
                "who": self.name(use["by"]),
                "what": what,
                "entry": use["seq"],
                "signed": len(signed),
                "by": by,
            }
            lines.append(SAYS["used"].format(day=day(use["at"]), **more))
        return few(lines) or [SAYS["never"]]

    def _kind(self, what: Any) -> str:
        of = (kind for kind, word in WORDS.items() if (kind, _word(what)) in self.rules.proposals)
        return WORDS[next(of, "")]

    def pairs(self) -> list[str]:
        things = counted(self.rules.approved, "thing was", "things were")
        intro = SAYS["things"].format(things=things) if self.rules.approved else SAYS["nothing"]
        intro += SAYS["two"] if self.rules.approved and not self.rules.broken and not self.rules.uses else ""
        lines = self._pairs("pair", sorted(self.rules.pairs.items(), key=lambda each: -each[1]))
        updates = counted(self.rules.updates, "update", "updates")
        return [
            intro,
            *few(lines),
            *([SAYS["updates"].format(updates=updates)] if self.rules.updates else []),
        ]

    def _pairs(self, word: str, pairs: Iterable[tuple[tuple[str, str], int]]) -> list[str]:
        names = [(cap(self.name(by)), self.name(other), number) for (by, other), number in pairs]
        return [SAYS[word].format(by=a, other=b, times=counted(n, "time", "times")) for a, b, n in names]

    def shut(self) -> list[str]:
        now, done = self.rules.latest, 0
        before = 0
        waiting: list[int] = []
        overdue: list[int] = []
        try:
            at = time_of(self.export.header.get("at"))
            now = at if now is None else max(now, at)
        except ValueError:
            pass
        for seq, review in self.rules.reviews.items():
            if review["needed"] == 1:
                done += _is_done(review)
                late = now is not None and now > review["at"] + timedelta(days=DAYS)
                if not _is_done(review) and (self.rules.asked_since is None or seq < self.rules.asked_since):
                    before += 1
                elif not _is_done(review):
                    (overdue if late else waiting).append(seq)
        number = done + len(waiting) + len(overdue)
        lines = [SAYS["shut"].format(times=counted(number, "time", "times"), done=done)] if number else []
        lines += [SAYS["before"].format(times=counted(before, "time", "times"))] if before else []
        lines += [SAYS["waiting"].format(entries=numbers(waiting))] if waiting else []
        return lines + ([SAYS["overdue"].format(days=DAYS, entries=numbers(overdue))] if overdue else [])

    def readers(self) -> list[str]:
        readers = sorted(self.rules.readers.items(), key=lambda each: -each[1])
        times = [(cap(self.name(who)), counted(number, "time", "times")) for who, number in readers]
        return few([SAYS["reader"].format(who=who, times=number) for who, number in times])

    def questions(self) -> list[str]:
        against = [(who, about) for about, each in self.rules.reviews.items() for who in each["against"]]
        lines = [SAYS["objects"].format(who=cap(self.name(who)), about=about) for who, about in against]
        lines += self._pairs("own", self.rules.own_making.items())
        lines += [SAYS["clock"].format(entries=numbers(self.rules.back))] if self.rules.back else []
        texts = (("withheld", self.export.withheld), ("erased", self.export.gone))
        lines += [SAYS[word].format(texts=counted(n, "text was", "texts were")) for word, n in texts if n]
        return few(lines)

    def limits(self) -> list[str]:
        lines = []
        if not self.kept:
            lines.append(SAYS["neither" if self.key is None else "no-note"])
        elif not self.export.faults and max(note.size for _, note in self.kept) < len(self.export.leaves):
            newest = max(note.size for _, note in self.kept)
            lines.append(SAYS["since"].format(entries=counted(newest)))
        if self.key is None:
            lines.append(SAYS["print"].format(key=base64.b64encode(self.export.key).decode()))
        if self.rules.last_seen is not None:
            who, size, at = self.rules.last_seen
            lines.append(SAYS["saw"].format(who=cap(self.name(who)), day=day(at), size=size))
        return [*lines, SAYS["accounts"]]


def told(export: Export, kept: Kept, key: bytes | None) -> dict[str, Any]:
    telling, rules = Telling(export, kept, key), export.rules
    sections = (
        ("What is wrong", "bad", few([cap(each["says"]) + "." for each in export.faults], export.more)),
        ("Rules that were broken", "bad", few([SAYS["rule"].format(**each) for each in rules.broken])),
        ("The break-glass code", "bad" if rules.uses else "good", telling.uses()),
        ("Two people", "good", telling.pairs()),
        ("One person, at once", "plain", telling.shut()),
        ("Looked at by name", "plain", telling.readers()),
        ("Worth a question", "warn", telling.questions()),
        ("What this does not prove", "plain", telling.limits()),
    )
    told_ = [{"title": title, "tone": tone, "lines": lines} for title, tone, lines in sections if lines]
    return answer(1 if export.faults or rules.broken else 0, telling.headline(), told_, export)


def answer(
    status: int, headline: str, sections: list[dict[str, Any]], export: Export | None
) -> dict[str, Any]:
    return {
        "status": status,
        "headline": headline,
        "entries": len(export.leaves) if export else 0,
        "faults": export.faults if export else [],
        "broken": export.rules.broken if export else [],
        "sections": sections,
    }


def lines_of(file: Any) -> Iterator[bytes]:
    """Without their ends. Of a line that is far too long only so much as shows it."""
    while line := file.readline(LONGEST_LINE + 2):
        yield line[:-1] if line.endswith(b"\n") else line


def text_of(answered: dict[str, Any]) -> str:
    lines = [answered["headline"]]
    for section in answered["sections"]:
        lines += ["", section["title"], *(f"  - {line}" for line in section["lines"])]
    return "\n".join(lines)


def main(given: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(description="Is the change log of a school's filter whole?")
    options.add_argument("export", help="the file that the console gave you")
    options.add_argument("--checkpoint", action="append", default=[], help="a file with one that you kept")
    options.add_argument("--key", help="a file with the school's public key")
    options.add_argument("--json", action="store_true", help="for machines")
    asked = options.parse_args(given)
    try:
        notes = [_small_file(name) for name in asked.checkpoint]
        key = key_in(_small_file(asked.key)) if asked.key else None
        with open(asked.export, "rb") as file:
            found = check(lines_of(file), notes, key)
    except UnusableError as error:
        found = answer(2, SAYS["cannot"].format(why=error), [], None)
    except OSError as error:
        found = answer(2, SAYS["cannot"].format(why=shown(str(error), 300)), [], None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a screen that knows no such letter
    print(json.dumps(found, indent=1) if asked.json else text_of(found))
    return int(found["status"])


def _small_file(name: str) -> str:
    with open(name, "rb") as file:
        return file.read(10_000_000).decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
