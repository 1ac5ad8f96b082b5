"""Is this entry in the log that was signed? A reading of RFC 6962 trees and C2SP notes beside the writer's.

One proof covers many entries at once: the tree is gone through from its root, left before right; wherever no
wanted leaf lies below, the proof brings that node's hash, and each such node once.
"""

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ORIGIN = "schoolgate/change-log"
HASH_BYTES = 32
MOST_ENTRIES = 2**40  # no log of ours is longer; a number from outside must not cost us the day
SIGNED = f"\N{EM DASH} {ORIGIN} "
KEY_ID_BYTES = 4


class InclusionFault(ValueError):
    """This proves nothing; the message says why."""


class Signed(NamedTuple):
    """What a checkpoint says, once its signature is found good."""

    size: int
    root: bytes


def leaf_of(prev: bytes, entry: str) -> bytes:
    return hashlib.sha256(b"\x00" + prev + entry.encode()).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def absent(low: int, high: int, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The stretches of leaves whose hash a proof for `wanted` (sorted) brings, in that order."""
    if bisect_left(wanted, low) == bisect_left(wanted, high):
        yield low, high
    elif high - low > 1:
        middle = split(low, high)
        yield from absent(low, middle, wanted)
        yield from absent(middle, high, wanted)


def split(low: int, high: int) -> int:
    """Where RFC 6962 parts these leaves: the left has the largest power of two that is less than all."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def root_from(size: int, leaves: Mapping[int, bytes], nodes: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves that has these at these places. Raises InclusionFault."""
    wanted = sorted(leaves)
    if not wanted or wanted[0] < 0 or not wanted[-1] < size <= MOST_ENTRIES:
        raise InclusionFault("it proves no entry of a log of that length")
    if any(len(each) != HASH_BYTES for each in nodes):
        raise InclusionFault("a node that is no hash")
    rest = iter(nodes)
    try:
        root = _root(0, size, wanted, leaves, rest)
    except StopIteration:
        raise InclusionFault("too few nodes") from None
    if next(rest, None) is not None:
        raise InclusionFault("too many nodes")
    return root


def _root(
    low: int, high: int, wanted: Sequence[int], leaves: Mapping[int, bytes], nodes: Iterator[bytes]
) -> bytes:
    if bisect_left(wanted, low) == bisect_left(wanted, high):
        return next(nodes)
    if high - low == 1:
        return leaves[low]
    middle = split(low, high)
    left = _root(low, middle, wanted, leaves, nodes)
    return node(left, _root(middle, high, wanted, leaves, nodes))


def signed_in(note: str, key: Ed25519PublicKey) -> Signed:
    """Raises InclusionFault for a note that this key has not signed."""
    body, blank, tail = note.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) < len(Signed._fields) + 1 or lines[0] != ORIGIN or not lines[1].isdecimal():
        raise InclusionFault("its checkpoint is none of this log")
    if not any(_is_by(key, line, f"{body}\n".encode()) for line in tail.split("\n")):
        raise InclusionFault("its checkpoint is not signed with this school's key")
    return Signed(int(lines[1]), _decoded(lines[2]))


def _is_by(key: Ed25519PublicKey, line: str, body: bytes) -> bool:
    """Whether this signature line is ours, and good. The lines of others (witnesses) are not for us."""
    if not line.startswith(SIGNED):
        return False
    signature = _decoded(line.removeprefix(SIGNED))
    named = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + key.public_bytes_raw()).digest()
    if signature[:KEY_ID_BYTES] != named[:KEY_ID_BYTES]:
        return False
    return is_signed(key, signature[KEY_ID_BYTES:], body)


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise InclusionFault("its checkpoint is not understood") from None
