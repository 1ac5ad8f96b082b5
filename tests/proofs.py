"""Proofs for bundles that a test writes itself: a real little change log, with a key of the tests' own.

    prove_bundle(state, write_bundle(state, policy_text=..., ...))

Nobody's rules are bent: two people propose and approve in it, and the gate checks it as it checks any other.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_log.checkpoint import write_note
from audit_log.seal import GENESIS, leaf_of, stamp
from change_control.log_tree import LogTree
from filter_policy.bundle import FOLDER, read_bundle, write_durably
from filter_policy.bundle_proof import (
    PUBLIC_KEY,
    SUFFIX,
    Proof,
    ProofFault,
    SealedLine,
    proof_path,
    read_proof,
    signed_proof,
)
from filter_policy.case_orders import ISOLATE
from filter_policy.inclusion import absent
from filter_policy.model import Opening, Unblock
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
Said = tuple[str, str, str, dict[str, Any]]  # event, actor, object, detail


class LittleLog:
    """A change log in memory, sealed as ours is."""

    def __init__(self) -> None:
        self.tree = LogTree()
        self.lines: list[SealedLine] = []

    def add(  # what a line holds, in its order
        self, event: str, actor: str, object_id: str, detail: Mapping[str, Any], at: datetime = NOON
    ) -> None:
        prev, seq = (self.tree.leaf(self.tree.size) if self.lines else GENESIS), len(self.lines) + 1
        entry: dict[str, Any] = {
            "seq": seq,
            "at": stamp(at),
            "event": event,
            "actor": actor,
            "role": "technician",
        }
        sealed = rfc8785.dumps({**entry, "object": object_id, "detail": dict(detail), "texts": {}}).decode()
        self.tree.add(leaf_of(prev, sealed))
        self.lines.append(SealedLine(seq, prev, sealed))

    def proof(self, key: Ed25519PrivateKey = KEY, without: tuple[str, ...] = ()) -> Proof:
        """Of all its lines but those of these events."""
        lines = [each for each in self.lines if json.loads(each.entry)["event"] not in without]
        size, wanted = self.tree.size, [each.seq - 1 for each in lines]
        nodes = tuple(self.tree.over(low, high) for low, high in absent(0, size, wanted))
        return Proof(write_note(size, self.tree.over(0, size), key), tuple(lines), nodes)


def prove_bundle(state: Path, name: str, key: Ed25519PrivateKey = KEY) -> str:
    """Write its proof, and the key beside it. The log is longer than any that was proven here before."""
    log = log_for(state, name)
    while log.tree.size <= _longest(state):
        log.add("person:enrol", "p_hedy", "p_hedy", {})
    save_proof(state, name, log.proof(key), key)
    return name


def save_proof(state: Path, name: str, proof: Proof, key: Ed25519PrivateKey = KEY) -> None:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_durably(proof_path(state, name), signed_proof(proof, name, key.sign))
    write_durably(state / FOLDER / PUBLIC_KEY, pem)


def log_for(state: Path, name: str) -> LittleLog:
    """What must have been said for this bundle to be in force."""
    log, bundle = LittleLog(), read_bundle(state, name)
    lists = {"id": "lists1", "generation": bundle.lists, "sealed_lists": sorted(bundle.sealed_lists)}
    log.add("school:found", "system", "policy1", {"policy_sha256": "", "people": [], "found_lists": lists})
    by_two(log, "policy", "policy1", {"policy_sha256": _sha256(bundle.policy_text)})
    people = [_person(each.person) for each in bundle.accounts.values()]
    by_two(log, "people", "people1", {"people": people})
    for unblock in bundle.policy.unblocks:
        by_two(log, "unblock", unblock.id, dict(_unblock(unblock)))
    for opening in bundle.policy.openings:
        log.add("opening:open", opening.opened_by, opening.id, _opening(opening))
    for order in bundle.orders:
        detail = {"incident": order.incident_id, "facts": order.sha256}
        if order.act == ISOLATE:
            log.add("incident:isolate", "p_cora", order.id, detail, order.at)
        else:
            first, second = sorted(order.people)
            log.add("incident:ask", first, order.id, detail, order.at)
            log.add("incident:sign", second, order.id, detail, order.at)
    return log


def by_two(log: LittleLog, kind: str, object_id: str, detail: Mapping[str, Any]) -> None:
    log.add(f"{kind}:propose", "p_terry", object_id, detail)
    log.add(f"{kind}:approve", "p_hedy", object_id, {**detail, "proposed_by": "p_terry"})


def _longest(state: Path) -> int:
    found = [0]
    for path in (state / FOLDER).glob(f"*{SUFFIX}"):
        try:
            found.append(int(read_proof(state, path.with_suffix("").name).note.split("\n")[1]))
        except (ProofFault, IndexError):
            continue
    return max(found)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _person(person: Any) -> dict[str, Any]:
    times = ("starts_at", "ends_at", "suspended_from", "suspended_until")
    said: dict[str, Any] = {name: _time(getattr(person, name)) for name in times}
    said |= {"filter_groups": list(person.filter_groups), "classes": list(person.classes)}
    said |= {"role": person.role and str(person.role), "agreement_signed": person.agreement_signed}
    return {"person": person.id, "new": True, "set": said, "named": [], "passwords": [], "code": False}


def _unblock(unblock: Unblock) -> Iterator[tuple[str, Any]]:
    yield "sites", [str(site) for site in unblock.sites]
    for name in ("classes", "filter_groups", "people"):
        yield name, sorted(getattr(unblock, name))
    yield "starts_at", stamp(unblock.starts_at)
    yield "ends_at", stamp(unblock.ends_at)
    yield "windows", [[stamp(end) for end in window] for window in unblock.windows]


def _opening(opening: Opening) -> dict[str, Any]:
    times = {"starts_at": stamp(opening.starts_at), "ends_at": stamp(opening.ends_at)}
    return {"classes": sorted(opening.classes), **times}


def _time(at: Any) -> str | None:
    return None if at is None else stamp(at)
