"""The tree of RFC 6962, held against the standard test leaves and against the definition itself."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.merkle import Frontier, node, root_of

# The eight leaves that RFC 6962 implementations test with.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(by_definition(leaves[:split]), by_definition(leaves[split:]))


def test_the_standard_leaves_have_the_standard_root() -> None:
    assert root_of(hashlib.sha256(b"\x00" + leaf).digest() for leaf in LEAVES).hex() == ROOT


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_the_root_is_what_the_standard_defines(leaves: list[bytes]) -> None:
    assert root_of(leaves) == by_definition(leaves)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.integers(0, 40))
def test_a_frontier_that_was_put_away_goes_on_as_if_it_had_not(leaves: list[bytes], pause: int) -> None:
    early = Frontier()
    for leaf in leaves[:pause]:
        early.add(leaf)

    later = Frontier.from_bytes(early.size, bytes(early))
    for leaf in leaves[pause:]:
        later.add(leaf)

    assert later.root() == root_of(leaves)


def test_a_frontier_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 full subtrees"):
        Frontier.from_bytes(3, bytes(32))
