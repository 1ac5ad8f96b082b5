"""Seals are made of halves: 58 bytes each, under two Merkle roots, whatever order they came in."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.merkle import leaf_hash, root_of
from audit_log.row_seal import HALF_BYTES, half, root_over, seal_of, split
from tests.audit_log.records import event_id
from tests.builders import NOON

PART = "pupils/2026-11-24"


def test_a_half_is_its_id_and_the_hash_of_its_values() -> None:
    values = (event_id(7), "é", None, True, 3)
    said = json.dumps(values, separators=(",", ":")).encode()

    assert half(event_id(7), values) == event_id(7).encode() + hashlib.sha256(said).digest()
    assert len(half(event_id(7), values)) == HALF_BYTES


@pytest.mark.parametrize("odd", ["", "short", "0" * 27, "é" + "0" * 25])
def test_a_half_of_no_event_of_ours_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match=r"event id|ascii"):
        half(odd, (odd,))


def test_a_seal_says_how_many_and_both_roots() -> None:
    opened = [half(event_id(n), (n,)) for n in (1, 2, 3)]
    closed = [half(event_id(2), ("done",))]

    assert json.loads(seal_of(4, NOON, PART, opened, closed).entry) == {
        "seq": 4,
        "at": "2026-11-24T12:00:00.000000Z",
        "part": PART,
        "opened": 3,
        "opened_root": root_over(opened).hex(),
        "closed": 1,
        "closed_root": root_over(closed).hex(),
        "incidents": 3,
    }


@given(st.permutations(range(9)))
def test_the_order_they_came_in_does_not_matter(numbers: list[int]) -> None:
    in_order = [half(event_id(n), (n,)) for n in range(9)]
    sealed = seal_of(1, NOON, PART, [in_order[n] for n in numbers], [])

    assert sealed == seal_of(1, NOON, PART, in_order, [])
    assert split(sealed.opened) == in_order


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_the_root_is_that_of_the_change_logs_own_tree(leaves: list[bytes]) -> None:
    assert root_over(leaves) == root_of(map(leaf_hash, leaves))


def test_what_is_left_of_a_leaf_that_was_cut_is_not_lost() -> None:
    whole = half(event_id(1), ()) + half(event_id(2), ())

    assert split(whole[:-1])[-1] == whole[HALF_BYTES:-1]
