"""The Merkle tree of RFC 6962 over the change log's leaves, kept as its frontier.

The frontier of n leaves is the roots of the full subtrees that n's binary digits name, largest first: at most
log2(n) hashes, enough to add the next leaf and to know the root.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if len(roots) != size.bit_count():
            raise ValueError(
                f"a tree of {size} leaves has {size.bit_count()} full subtrees, not {len(roots)}"
            )
        self.size = size
        self._roots = list(roots)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        return cls(size, [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])

    def __bytes__(self) -> bytes:
        return b"".join(self._roots)

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash, and close every pair of equal subtrees that it completes."""
        full, sha256 = self.size, hashlib.sha256
        while full & 1:
            leaf = sha256(b"\x01" + self._roots.pop() + leaf).digest()
            full >>= 1
        self._roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self._roots:
            return hashlib.sha256(b"").digest()
        *larger, root = self._roots
        sha256 = hashlib.sha256
        for left in reversed(larger):
            root = sha256(b"\x01" + left + root).digest()
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def leaf_hash(data: bytes) -> bytes:
    """What stands in the tree for this data."""
    return hashlib.sha256(b"\x00" + data).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The same root, level by level: for many leaves that are there at once, in half the time."""
    level, sha256 = list(leaves), hashlib.sha256
    while len(level) > 1:
        alone = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [*(sha256(b"\x01" + left + right).digest() for left, right in pairs), *alone]
    return level[0] if level else hashlib.sha256(b"").digest()
