"""One proof for many entries of the log, and what is none."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.checkpoint import write_note
from audit_log.merkle import leaf_hash, root_of
from change_control.log_tree import LogTree
from filter_policy.inclusion import InclusionFault, absent, root_from, signed_in
from tests.proofs import KEY

LOGS = st.integers(1, 70).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1))
)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def nodes_for(size: int, wanted: set[int]) -> tuple[bytes, ...]:
    tree = LogTree()
    for leaf in leaves_of(size):
        tree.add(leaf)
    return tuple(tree.over(low, high) for low, high in absent(0, size, sorted(wanted)))


@given(LOGS)
def test_any_entries_of_any_log_are_proven_to_be_in_it(log: tuple[int, set[int]]) -> None:
    size, wanted = log
    leaves = leaves_of(size)

    root = root_from(size, {number: leaves[number] for number in wanted}, nodes_for(size, wanted))

    assert root == root_of(leaves)


@given(LOGS, st.data())
def test_another_entry_or_a_node_more_or_less_proves_nothing(
    log: tuple[int, set[int]], data: st.DataObject
) -> None:
    size, wanted = log
    leaves, nodes = leaves_of(size), list(nodes_for(size, wanted))
    ours = {number: leaves[number] for number in wanted}
    changed = data.draw(st.sampled_from(sorted(wanted)))
    wrong = [
        (size, {**ours, changed: leaf_hash(b"other")}, nodes),
        (size, ours, [*nodes, leaves[0]]),
        (size, ours, nodes[:-1] if nodes else [leaves[0]]),
    ]

    for length, entries, given_nodes in wrong:
        try:
            assert root_from(length, entries, given_nodes) != root_of(leaves)
        except InclusionFault:
            continue


@pytest.mark.parametrize(
    ("size", "leaves", "nodes"),
    [
        (0, {}, []),
        (1, {}, [bytes(32)]),
        (1, {1: bytes(32)}, []),
        (1, {-1: bytes(32)}, []),
        (2, {0: bytes(32)}, [b"short"]),
        (2**60, {0: bytes(32)}, []),
    ],
)
def test_what_is_no_proof_is_refused(size: int, leaves: dict[int, bytes], nodes: list[bytes]) -> None:
    with pytest.raises(InclusionFault):
        root_from(size, leaves, nodes)


def test_a_checkpoint_is_read_when_our_key_signed_it() -> None:
    note = write_note(7, bytes(32), KEY)

    assert signed_in(note, KEY.public_key()) == (7, bytes(32))
    assert signed_in(note + "\N{EM DASH} witness.example AAAA\n", KEY.public_key()).size == 7


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        write_note(7, bytes(32), KEY).replace("\n7\n", "\n8\n"),
        write_note(7, bytes(32), KEY).replace("schoolgate", "other"),
        write_note(7, bytes(32), KEY).partition("\n\n")[0] + "\n\n",
        write_note(7, bytes(32), Ed25519PrivateKey.from_private_bytes(bytes(32))),
        write_note(7, bytes(32), KEY).replace(
            "=\n\n", "=\n\nnot base64: \N{EM DASH} schoolgate/change-log *\n"
        ),
        "schoolgate/change-log\n7\n*\n\n\N{EM DASH} schoolgate/change-log *\n",
    ],
)
def test_a_checkpoint_that_our_key_did_not_sign_is_none(note: str) -> None:
    ours = write_note(7, bytes(32), KEY)
    try:
        assert signed_in(note, KEY.public_key()) == signed_in(ours, KEY.public_key())
    except InclusionFault:
        return
    assert note.endswith(ours.partition("\n\n")[2])  # a line of somebody else's before ours
