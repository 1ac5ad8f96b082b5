"""One proof for many entries of the log, and what is none."""

from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.checkpoint import write_note
from audit_log.merkle import leaf_hash, root_of
from change_control.log_tree import LogTree
from filter_policy.inclusion import MOST_ENTRIES, InclusionFault, absent, leaf_of, node, root_from, signed_in
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


NO_LENGTH = "it proves no entry of a log of that length"
ZERO, ONE = bytes(32), bytes([1]) * 32


@pytest.mark.parametrize(
    ("size", "leaves", "nodes", "says"),
    [
        (0, {}, [], NO_LENGTH),
        (1, {}, [ZERO], NO_LENGTH),
        (1, {1: ZERO}, [], NO_LENGTH),
        (1, {1: ZERO}, [ZERO], NO_LENGTH),  # the node would be taken for the root
        (2, {0: ZERO, 2: ZERO}, [ZERO], NO_LENGTH),
        (1, {-1: ZERO}, [], NO_LENGTH),
        (MOST_ENTRIES + 1, {0: ZERO}, [ZERO] * 41, NO_LENGTH),
        (2, {0: ZERO}, [b"short"], "a node that is no hash"),
        (2, {0: ZERO}, [bytes(33)], "a node that is no hash"),
        (4, {0: ZERO}, [ZERO], "too few nodes"),
        (2, {0: ZERO}, [ZERO, ZERO], "too many nodes"),
    ],
)
def test_what_is_no_proof_is_refused(
    size: int, leaves: dict[int, bytes], nodes: list[bytes], says: str
) -> None:
    with pytest.raises(InclusionFault) as fault:
        root_from(size, leaves, nodes)

    assert str(fault.value) == says


def test_the_longest_log_that_is_read_is_still_read() -> None:
    assert len(root_from(MOST_ENTRIES, {0: ZERO}, [ZERO] * 40)) == 32


def test_hashes_are_those_of_every_tree_of_that_kind() -> None:
    """RFC 6962, 2.1: a leaf begins with 0 and a node with 1, so that neither passes for the other."""
    assert leaf_of(b"before", "entry") == sha256(b"\0beforeentry").digest()
    assert node(ZERO, ONE) == sha256(b"\1" + ZERO + ONE).digest()


def test_a_checkpoint_is_read_when_our_key_signed_it() -> None:
    note = write_note(7, bytes(32), KEY)

    assert signed_in(note, KEY.public_key()) == (7, bytes(32))
    assert signed_in(note + "\N{EM DASH} witness.example AAAA\n", KEY.public_key()).size == 7


def a_note(body: str, key: Ed25519PrivateKey = KEY, named: Ed25519PrivateKey = KEY) -> str:
    """Signed with `key`, under the number of `named`."""
    number = sha256(b"schoolgate/change-log\n\x01" + named.public_key().public_bytes_raw()).digest()[:4]
    return f"{body}\n{DASH} schoolgate/change-log {b64encode(number + key.sign(body.encode())).decode()}\n"


DASH = "\N{EM DASH}"
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ROOT = b64encode(ZERO).decode()
BODY = f"schoolgate/change-log\n7\n{ROOT}\n"
OURS = a_note(BODY)
LINE = OURS.partition("\n\n")[2]
NONE = "its checkpoint is none of this log"
UNSIGNED = "its checkpoint is not signed with this school's key"
UNREAD = "its checkpoint is not understood"


def test_a_line_of_anybody_else_is_not_for_us() -> None:
    for others in (f"{DASH} witness.example AAAA\n", a_note(BODY, OTHER, OTHER).partition("\n\n")[2]):
        assert signed_in(f"{BODY}\n{others}{LINE}", KEY.public_key()) == (7, ZERO)
        with pytest.raises(InclusionFault, match=UNSIGNED):
            signed_in(f"{BODY}\n{others}", KEY.public_key())


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ("", NONE),
        ("\n\n", NONE),
        (BODY, NONE),  # without any line of a signature
        (a_note("schoolgate/change-log\n7\n"), NONE),  # without a root
        (a_note(BODY.replace("\n7\n", "\n-7\n")), NONE),
        (a_note(BODY.replace("schoolgate", "other")), NONE),
        (OURS.replace("\n7\n", "\n8\n"), UNSIGNED),
        (f"{BODY}\n", UNSIGNED),
        (a_note(BODY, OTHER, OTHER), UNSIGNED),
        (a_note(BODY, OTHER), UNSIGNED),
        (f"{BODY}\n{LINE.replace('log ', 'log *')}", UNREAD),
        (f"{BODY}\nnot base64: {DASH} schoolgate/change-log *\n", UNSIGNED),
        (a_note(BODY.replace(ROOT, f"*{ROOT}")), UNREAD),
    ],
)
def test_a_checkpoint_that_our_key_did_not_sign_is_none(note: str, says: str) -> None:
    with pytest.raises(InclusionFault) as fault:
        signed_in(note, KEY.public_key())

    assert str(fault.value) == says


def test_a_line_of_nonsense_before_ours_changes_nothing() -> None:
    assert signed_in(f"{BODY}\nnot base64: {DASH} schoolgate *\n{LINE}", KEY.public_key()) == (7, ZERO)
