"""Proofs of RFC 6962 (2.1.1, 2.1.2; checked as RFC 9162, 2.1.3.2 and 2.1.4.2): that a leaf is in a tree, and
that a tree only grew.

Pure functions over leaf hashes. Whoever has two checkpoints and a consistency proof knows that the older log
is the beginning of the newer one, and needs none of its entries.
"""

from collections.abc import Sequence

from audit_log.merkle import node, tree_root


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


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """Whether the tree of the first size and root is the beginning of that of the second."""
    (first, second), (first_root, second_root) = sizes, roots
    if not 0 <= first <= second:
        return False
    if first == second or not first:
        return not proof and (first_root == second_root if first else first_root == tree_root(()))
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return bool(path) and _both_roots(first - 1, second - 1, path) == (first_root, second_root)


def _both_roots(at: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """What the proof makes of both trees; None where it is too long or too short."""
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node(each, old), node(each, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, each)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None
