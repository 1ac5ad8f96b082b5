"""Proofs checked as RFC 9162 says (2.1.3.2, 2.1.4.2): what whoever is given one does with it."""

from collections.abc import Sequence

from audit_log.merkle import node, tree_root


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
