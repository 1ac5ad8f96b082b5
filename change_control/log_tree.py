"""The tree of the whole change log in memory, so that a proof costs what is new, and not the log's length."""

from filter_policy.inclusion import HASH_BYTES, split
from filter_policy.inclusion import node as node_of


class LogTree:
    """Every full subtree of RFC 6962's tree, level by level: 64 bytes an entry."""

    def __init__(self) -> None:
        self._levels = [bytearray()]

    @property
    def size(self) -> int:
        return len(self._levels[0]) // HASH_BYTES

    def add(self, leaf: bytes) -> None:
        for level in self._levels:
            level.extend(leaf)
            if len(level) // HASH_BYTES % 2:
                return
            leaf = node_of(bytes(level[-2 * HASH_BYTES : -HASH_BYTES]), leaf)
        self._levels.append(bytearray(leaf))

    def copy(self) -> "LogTree":
        other = LogTree()
        other._levels = [bytearray(level) for level in self._levels]
        return other

    def over(self, low: int, high: int) -> bytes:
        """The hash over these leaves, which must be a stretch that the tree is parted in."""
        length = high - low
        if length.bit_count() == 1:
            level, at = self._levels[length.bit_length() - 1], low // length * HASH_BYTES
            return bytes(level[at : at + HASH_BYTES])
        middle = split(low, high)
        return node_of(self.over(low, middle), self.over(middle, high))

    def leaf(self, number: int) -> bytes:
        """Of entry `number`; the first is 1."""
        return self.over(number - 1, number)
