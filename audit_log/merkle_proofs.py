"""Proofs of RFC 6962 (2.1.1, 2.1.2): that a leaf is in a tree, and that a tree only grew.

Pure functions over leaf hashes. Whoever has two checkpoints and a consistency proof knows that the older log
is the beginning of the newer one, and needs none of its entries.
"""

from collections.abc import Sequence

from audit_log.merkle import tree_root


class ProofError(ValueError):
    """There is no such proof: the numbers are not of this tree."""


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` (from 0) to the root over all of these leaves."""
    if not 0 <= index < len(leaves):
        raise ProofError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    path, start, end = list[bytes](), 0, len(leaves)
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(tree_root(leaves[middle:end]))
            end = middle
        else:
            path.append(tree_root(leaves[start:middle]))
            start = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The hashes that show the tree of the `first` leaves to be the beginning of the tree of all of them."""
    if not 0 <= first <= len(leaves):
        raise ProofError(f"a tree of {len(leaves)} leaves has no beginning of {first}")
    if first in (0, len(leaves)):
        return []  # every tree begins with the empty one, and with itself
    path, start, end, whole = list[bytes](), 0, len(leaves), True
    while first != end - start:
        middle = _split(end - start)
        if first <= middle:
            path.append(tree_root(leaves[start + middle : end]))
            end = start + middle
        else:
            path.append(tree_root(leaves[start : start + middle]))
            start, first, whole = start + middle, first - middle, False
    if not whole:  # else it is the root that is proved, and known
        path.append(tree_root(leaves[start:end]))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two below."""
    return 1 << (size - 1).bit_length() - 1
