"""Proofs of RFC 6962: what is proved is so, and nothing else can be proved."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.merkle import tree_root
from audit_log.merkle_proofs import (
    ProofError,
    consistency_proof,
    inclusion_proof,
)
from tests.audit_log.merkle_checks import is_consistent, is_included
from tests.audit_log.test_merkle import LEAVES as STANDARD

HASHED = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in STANDARD]
# The proofs that implementations of RFC 6962 test with: size, leaf (from 0), hashes.
INCLUSIONS = (
    (1, 0, ()),
    (8, 0, (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    )),
    (8, 5, (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    )),
    (3, 2, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (5, 1, (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    )),
)  # fmt: skip
CONSISTENCIES = (
    (1, 1, ()),
    (1, 8, (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    )),
    (6, 8, (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    )),
    (2, 5, (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    )),
)  # fmt: skip
FORTY = [hashlib.sha256(bytes([number])).digest() for number in range(40)]


def hexed(proof: list[bytes]) -> tuple[str, ...]:
    return tuple(each.hex() for each in proof)


@pytest.mark.parametrize(("size", "index", "proof"), INCLUSIONS)
def test_the_standard_leaves_have_the_standard_inclusion_proofs(
    size: int, index: int, proof: tuple[str, ...]
) -> None:
    assert hexed(inclusion_proof(HASHED[:size], index)) == proof


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCIES)
def test_the_standard_leaves_have_the_standard_consistency_proofs(
    first: int, second: int, proof: tuple[str, ...]
) -> None:
    assert hexed(consistency_proof(HASHED[:second], first)) == proof


def test_every_leaf_of_every_tree_is_proved_to_be_in_it() -> None:
    for size in range(1, len(FORTY) + 1):
        root = tree_root(FORTY[:size])
        for index in range(size):
            proof = inclusion_proof(FORTY[:size], index)
            assert is_included(FORTY[index], index, size, proof, root), (index, size)


def test_every_beginning_of_every_tree_is_proved_to_be_one() -> None:
    for size in range(len(FORTY) + 1):
        for first in range(size + 1):
            roots = tree_root(FORTY[:first]), tree_root(FORTY[:size])
            proof = consistency_proof(FORTY[:size], first)
            assert is_consistent((first, size), roots, proof), (first, size)


hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(1, 40)


def bent(proof: list[bytes], at: int) -> list[bytes]:
    return [*proof[:at], bytes(32), *proof[at + 1 :]]


@given(sizes, st.data())
def test_nothing_else_is_proved_to_be_in_a_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = tree_root(FORTY[:size]), inclusion_proof(FORTY[:size], index)
    other = data.draw(st.integers(0, 39).filter(lambda number: number != index))

    assert not is_included(data.draw(hashes), index, size, proof, root)
    assert not is_included(FORTY[index], other, size, proof, root)
    assert not is_included(FORTY[index], index, size, [*proof, bytes(32)], root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not is_included(FORTY[index], index, size, bent(proof, at), root)
        assert not is_included(FORTY[index], index, size, proof[:-1], root)


@given(sizes, st.data())
def test_a_tree_that_was_rewritten_is_proved_to_be_no_beginning(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    rewritten = list(FORTY[:first])
    rewritten[data.draw(st.integers(0, first - 1))] = bytes(32)
    roots = tree_root(rewritten), tree_root(FORTY[:size])
    proof = consistency_proof(FORTY[:size], first)

    assert not is_consistent((first, size), roots, proof)
    assert not is_consistent((first, size), (roots[1], roots[1]), [*proof, bytes(32)])
    assert not is_consistent((size, first), roots, proof) or first == size


@given(st.integers(1, 39), st.lists(hashes, max_size=6))
def test_invented_hashes_prove_nothing(first: int, proof: list[bytes]) -> None:
    roots = tree_root(FORTY[:first]), bytes(32)
    assert not is_consistent((first, 40), roots, proof)
    assert not is_included(bytes(32), first, 40, proof, tree_root(FORTY))


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ProofError, match="no leaf"):
        inclusion_proof(FORTY[:3], index)


def test_a_tree_does_not_begin_with_a_longer_one() -> None:
    with pytest.raises(ProofError, match="no beginning of 4"):
        consistency_proof(FORTY[:3], 4)
