"""Beside each bundle lies its proof: that what the gate runs was agreed on, and is in the sealed change log.

`bundle/<sha256>.proof` holds the signed checkpoint of that moment, the sealed lines that brought into force
what the bundle holds, with one inclusion proof for all of them (RFC 6962), and the school's signature under
the bundle's name: lines alone cannot show that no later one took something back. A gate takes no bundle
without a good one, so neither policy.yaml on the disk nor a bundle written by hand ever becomes the policy.

Where nothing more can be proven (the log contradicts what was signed, or a row what was sealed), what only
shuts must still reach the gates. Then the proof says which proven bundle this one narrows.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from filter_policy.bundle import FOLDER, Bundle, BundleFault, is_name, read_bundle
from filter_policy.inclusion import InclusionFault, is_signed, leaf_of, root_from, signed_in
from filter_policy.narrowing import wider
from filter_policy.proof_cases import check_orders
from filter_policy.proof_lines import (
    Line,
    Lines,
    LinesFault,
    check_openings,
    check_people,
    check_unblocks,
    line_of,
    lists_line,
    policy_line,
)

FORMAT = 1
SUFFIX = ".proof"
ORIGIN = "schoolgate/bundle"
PUBLIC_KEY = "change-log.pub"  # in the folder of keys, and beside the bundles for gates on other machines
KEYS = "keys"


class ProofFault(BundleFault):
    """What this bundle holds is not proven to have been agreed on."""


@dataclass(frozen=True, slots=True)
class SealedLine:
    seq: int
    prev: bytes
    entry: str


@dataclass(frozen=True, slots=True)
class Proof:
    """As the file has it; nothing of it is believed before `prove`."""

    note: str
    lines: tuple[SealedLine, ...]
    nodes: tuple[bytes, ...]
    narrows: str | None = None  # the name of the proven bundle that this one only shuts more of
    signature: bytes = b""
    number: int = 0  # of the bundles that narrow one, in the order they were signed


@dataclass(frozen=True, slots=True)
class Proven:
    """What was found good: how long the log was, and which entries brought policy and lists."""

    size: int
    policy_entry: int
    lists_entry: int
    narrows: str | None = None
    number: int = 0

    def follows(self, last: "Proven") -> bool:
        """No way back to what was in force before: a log only grows, and what was shut alone stays shut."""
        if last.narrows is None:
            return self.size >= last.size
        if self.narrows is None:
            return self.size > last.size
        return self.size > last.size or (self.size == last.size and self.number > last.number)


def prove(state: Path, name: str, bundle: Bundle, key: Ed25519PublicKey) -> Proven:
    """Raises ProofFault, or BundleFault where the bundle that it narrows cannot be read."""
    proof = read_proof(state, name)
    if not is_signed(key, proof.signature, statement(name, proof)):
        raise ProofFault("its proof is not signed with this school's key")
    if proof.narrows is None:
        return proven_by(proof, bundle, key)
    base = read_bundle(state, proof.narrows)
    if read_proof(state, proof.narrows).narrows is not None:
        raise ProofFault("it narrows a bundle that is itself not proven")
    found = prove(state, proof.narrows, base, key)
    if what := wider(bundle, base):
        raise ProofFault(f"it opens more than what was proven: {what}")
    return Proven(found.size, found.policy_entry, found.lists_entry, proof.narrows, proof.number)


def proven_by(proof: Proof, bundle: Bundle, key: Ed25519PublicKey) -> Proven:
    """What the lines say, once they are known to be in the log. Raises ProofFault."""
    try:
        signed = signed_in(proof.note, key)
        leaves = {each.seq - 1: leaf_of(each.prev, each.entry) for each in proof.lines}
        if root_from(signed.size, leaves, proof.nodes) != signed.root:
            raise ProofFault("its lines are not in the log that was signed")
        lines = Lines.in_order(_line(each) for each in proof.lines)
        policy = policy_line(lines, bundle.policy_text)
        lists = lists_line(lines, policy, bundle.lists, bundle.sealed_lists)
        check_unblocks(lines, bundle.policy.unblocks)
        check_openings(lines, bundle.policy.openings)
        check_orders(lines, bundle.orders)
        check_people(lines, (each.person for each in bundle.accounts.values()), bundle.policy)
    except (InclusionFault, LinesFault) as fault:
        raise ProofFault(str(fault)) from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ProofFault(f"its proof is not understood: {type(error).__name__}") from None
    return Proven(signed.size, policy.seq, lists.seq)


def _line(sealed: SealedLine) -> Line:
    return line_of(sealed.seq, json.loads(sealed.entry))


def statement(name: str, proof: Proof) -> bytes:
    """What the school signs: this bundle at this checkpoint; nothing that could pass for a checkpoint."""
    said = [ORIGIN, name, proof.note, proof.narrows]
    return json.dumps([*said, proof.number] if proof.number else said).encode()


def signed_proof(proof: Proof, name: str, sign: Callable[[bytes], bytes]) -> bytes:
    """The content of the file."""
    said = {
        "format": FORMAT,
        "note": proof.note,
        "lines": [[each.seq, each.prev.hex(), each.entry] for each in proof.lines],
        "nodes": [each.hex() for each in proof.nodes],
        "narrows": proof.narrows,
        "signature": base64.b64encode(sign(statement(name, proof))).decode(),
    }
    if proof.number:
        said["number"] = proof.number
    return json.dumps(said, separators=(",", ":")).encode()


def proof_path(state: Path, name: str) -> Path:
    return state / FOLDER / f"{name}{SUFFIX}"


def read_proof(state: Path, name: str) -> Proof:
    """Raises ProofFault."""
    try:
        return _proof_in(json.loads(proof_path(state, name).read_bytes()))
    except OSError as error:
        raise ProofFault(f"it has no proof that can be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ProofFault(f"its proof is not understood: {type(error).__name__}") from None


def _proof_in(said: Any) -> Proof:
    if said["format"] != FORMAT:
        raise ProofFault(f"its proof has format {said['format']!r}, and this version reads {FORMAT}")
    narrows, number = said["narrows"], said.get("number", 0)
    if not (narrows is None or is_name(narrows)) or type(number) is not int:
        raise ProofFault("its proof does not say in words of ours what it narrows")
    return Proof(
        str(said["note"]),
        _sealed_lines(said["lines"]),
        tuple(bytes.fromhex(each) for each in said["nodes"]),
        narrows,
        base64.b64decode(said["signature"], validate=True),
        number,
    )


def _sealed_lines(raw: Sequence[Any]) -> tuple[SealedLine, ...]:
    found = tuple(SealedLine(seq, bytes.fromhex(prev), entry) for seq, prev, entry in raw)
    if len({each.seq for each in found}) != len(found) or not all(type(each.seq) is int for each in found):
        raise ProofFault("its proof has lines that are none, or stand twice")
    return found


def public_key(state: Path) -> Ed25519PublicKey | None:
    """This machine's own copy of the school's key; else what lies beside the bundles; None where neither is.

    Raises ProofFault for a file that holds no such key.
    """
    for path in (state / KEYS / PUBLIC_KEY, state / FOLDER / PUBLIC_KEY):
        try:
            key = load_pem_public_key(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            raise ProofFault(f"the school's public key cannot be read: {type(error).__name__}") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ProofFault("the school's public key is none of ours")
        return key
    return None
