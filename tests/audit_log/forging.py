"""What whoever owns the server may do to the change log before it is exported, in the best way there is."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.audit_log.exports import Lines, lines_of

ORIGIN = "schoolgate/change-log"
Sealed = tuple[str, str]  # the entry, and its leaf


@dataclass(frozen=True, slots=True)
class Log:
    """An export taken apart."""

    entries: Sequence[Sealed]
    texts: Sequence[dict[str, Any]]
    notes: Sequence[str]
    names: Sequence[dict[str, Any]]
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, lines: Lines, key: Ed25519PrivateKey) -> "Log":
        every = [json.loads(line) for line in lines]
        return cls(
            [(line["entry"], line["leaf"]) for line in every if "entry" in line],
            [line["text"] for line in every if "text" in line],
            [line["checkpoint"] for line in every if "checkpoint" in line],
            [line["name"] for line in every if "name" in line],
            key,
        )

    def lines(self) -> Lines:
        return lines_of(self.entries, self.key.public_key(), self.texts, self.notes, self.names)

    def with_entries(self, entries: Sequence[Sealed]) -> "Log":
        """And with the texts of those that are there."""
        left = {json.loads(entry)["seq"] for entry, _ in entries}
        return replace(self, entries=entries, texts=[each for each in self.texts if each["seq"] in left])

    def cut(self, size: int) -> "Log":
        """The first entries, with the checkpoints of that time: as it once was, to the last byte."""
        notes = [note for note in self.notes if int(note.split("\n")[1]) <= size]
        return replace(self.with_entries(self.entries[:size]), notes=notes)

    def rechained(self, first: int = 1) -> "Log":
        """Every entry from there on numbered and linked anew."""
        done = list(self.entries[: first - 1])
        prev = bytes.fromhex(done[-1][1]) if done else bytes(32)
        for seq, (entry, _) in enumerate(self.entries[first - 1 :], start=first):
            said = entry  # a quote within a text is escaped, so this is the number
            if f',"seq":{seq},' not in entry:
                said = edited(entry, lambda each, seq=seq: each.update(seq=seq))  # type: ignore[misc]  # seq of now
            prev = hashlib.sha256(b"\0" + prev + said.encode()).digest()
            done.append((said, prev.hex()))
        return replace(self, entries=done)

    def signed(self, key: Ed25519PrivateKey | None = None) -> "Log":
        """With one checkpoint over all of it, by this key or the school's own."""
        by = key or self.key
        leaves = [bytes.fromhex(leaf) for _, leaf in self.entries]
        return replace(self, notes=[a_note(leaves, by)], key=by)


def edited(entry: str, change: Callable[[dict[str, Any]], object]) -> str:
    said = json.loads(entry)
    change(said)
    return rfc8785.dumps(said).decode()


def a_note(leaves: Sequence[bytes], key: Ed25519PrivateKey, more: str = "") -> str:
    body = f"{ORIGIN}\n{len(leaves)}\n{base64.b64encode(_root(leaves)).decode()}\n{more}"
    public = key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    return f"{body}\n\u2014 {ORIGIN} {base64.b64encode(key_id + key.sign(body.encode())).decode()}\n"


def _root(leaves: Sequence[bytes]) -> bytes:
    """As RFC 6962 defines it, by halves."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(leaves[:half]) + _root(leaves[half:])).digest()
