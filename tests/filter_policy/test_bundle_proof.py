"""What a bundle holds is proven by the lines that say who agreed on it, from the log that was signed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from filter_lists.names import parse_site
from filter_policy.bundle import Account, BundleFault, read_bundle, write_bundle
from filter_policy.bundle_proof import (
    ProofFault,
    Proven,
    proof_path,
    prove,
    proven_by,
    public_key,
    read_proof,
)
from filter_policy.model import Opening, Role
from tests.builders import NOON, POLICY, a_person, a_teacher, an_unblock
from tests.proofs import KEY, LittleLog, by_two, log_for, prove_bundle, save_proof

LISTS = "1" * 64
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
WINDOW = (NOON, NOON + timedelta(minutes=40))


def a_bundle(state: Path, **changes: Any) -> str:
    held: dict[str, Any] = {
        "policy_text": POLICY,
        "lists": LISTS,
        "accounts": [Account(a_person(classes=("6B",)), "x"), Account(a_teacher(), "y")],
        "unblocks": [an_unblock("bet.test", windows=(WINDOW,))],
        "openings": [Opening("o1", "p_tess", frozenset({"6B"}), NOON, NOON + timedelta(minutes=45))],
        "sealed_lists": ["iwf"],
    }
    return write_bundle(state, **held | changes)


def proven(state: Path, name: str) -> Proven:
    return prove(state, name, read_bundle(state, name), KEY.public_key())


def test_what_two_people_agreed_on_is_proven(tmp_path: Path) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))

    found = proven(tmp_path, name)

    assert (found.policy_entry, found.lists_entry, found.narrows) == (3, 1, None)


def test_a_bundle_without_a_proof_is_not_proven(tmp_path: Path) -> None:
    name = a_bundle(tmp_path)
    with pytest.raises(ProofFault, match="no proof that can be read"):
        proven(tmp_path, name)


def test_a_proof_of_another_bundle_is_none(tmp_path: Path) -> None:
    mine = prove_bundle(tmp_path, a_bundle(tmp_path))
    other = a_bundle(tmp_path, unblocks=[])
    proof_path(tmp_path, mine).rename(proof_path(tmp_path, other))

    with pytest.raises(ProofFault, match="not signed with this school's key"):
        proven(tmp_path, other)


def test_another_key_proves_nothing(tmp_path: Path) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path), OTHER)

    with pytest.raises(ProofFault, match="not signed with this school's key"):
        proven(tmp_path, name)


MORE: dict[str, tuple[dict[str, Any], str]] = {
    "policy": ({"policy_text": POLICY.replace("longest_days: 42", "longest_days: 41")}, "this policy"),
    "lists": ({"lists": "2" * 64}, "these lists"),
    "a sealed list less": ({"sealed_lists": []}, "these lists"),
    "another unblock": ({"unblocks": [an_unblock("bet.test", id="u2")]}, "unblock u2"),
    "another site": ({"unblocks": [an_unblock("porn.test", windows=(WINDOW,))]}, "its sites"),
    "a longer one": (
        {"unblocks": [an_unblock("bet.test", windows=(WINDOW,), ends_at=NOON + timedelta(days=9))]},
        "its ends_at",
    ),
    "without its windows": ({"unblocks": [an_unblock("bet.test")]}, "its windows"),
    "for others": (
        {"unblocks": [an_unblock("bet.test", windows=(WINDOW,), classes=frozenset({"6A"}))]},
        "its classes",
    ),
    "an opening": ({"openings": [Opening("o2", "p_tess", frozenset({"6B"}), NOON, NOON)]}, "opening o2"),
    "an opening of somebody else's": (
        {"openings": [Opening("o1", "p_x", frozenset({"6B"}), NOON, NOON)]},
        "opening o1",
    ),
    "a longer opening": (
        {"openings": [Opening("o1", "p_tess", frozenset({"6B"}), NOON, NOON + timedelta(hours=2))]},
        "opening o1",
    ),
    "an account": ({"accounts": [Account(a_person("mal"), "z")]}, "account p_mal"),
    "another role": (
        {"accounts": [Account(a_person(role=Role.TECHNICIAN, classes=("6B",)), "x")]},
        "its role",
    ),
    "another group": (
        {"accounts": [Account(a_person(groups=("staff",), classes=("6B",)), "x")]},
        "its filter_groups",
    ),
    "another class": ({"accounts": [Account(a_person(classes=("6A",)), "x")]}, "its classes"),
}


@pytest.mark.parametrize("what", MORE)
def test_what_the_lines_do_not_say_is_not_proven(tmp_path: Path, what: str) -> None:
    changes, says = MORE[what]
    log = log_for(tmp_path, a_bundle(tmp_path))
    name = a_bundle(tmp_path, **changes)
    save_proof(tmp_path, name, log.proof())

    with pytest.raises(ProofFault, match=says):
        proven(tmp_path, name)


def test_what_ends_sooner_than_was_said_is_proven(tmp_path: Path) -> None:
    log = log_for(tmp_path, a_bundle(tmp_path))
    sooner = Opening("o1", "p_tess", frozenset({"6B"}), NOON, NOON + timedelta(minutes=5))
    name = a_bundle(tmp_path, openings=[sooner])
    save_proof(tmp_path, name, log.proof())

    assert proven(tmp_path, name).size == log.tree.size


@pytest.mark.parametrize(
    "without",
    ["policy:approve", "policy:propose", "unblock:propose", "unblock:approve", "opening:open",
     "people:propose", "people:approve", "school:found"],
)  # fmt: skip
def test_each_line_is_needed(tmp_path: Path, without: str) -> None:
    name = a_bundle(tmp_path)
    save_proof(tmp_path, name, log_for(tmp_path, name).proof(without=(without,)))

    with pytest.raises(ProofFault):
        proven(tmp_path, name)


def agreed_otherwise(state: Path, change: Callable[[LittleLog], None]) -> str:
    """A bundle, and a log that ends with something else."""
    name = a_bundle(state)
    log = log_for(state, name)
    change(log)
    save_proof(state, name, log.proof())
    return name


UNBLOCK = {
    "sites": ["bet.test"], "classes": ["6B"], "filter_groups": [], "people": [],
    "starts_at": "2026-11-24T11:00:00.000000Z", "ends_at": "2026-11-24T13:00:00.000000Z",
    "windows": [["2026-11-24T12:00:00.000000Z", "2026-11-24T12:40:00.000000Z"]],
}  # fmt: skip


def own_approval(log: LittleLog) -> None:
    log.add("unblock:approve", "p_terry", "u1", {**UNBLOCK, "proposed_by": "p_terry"})


def approval_under_another_name(log: LittleLog) -> None:
    """The line says that somebody else had proposed it."""
    log.add("unblock:approve", "p_terry", "u1", {**UNBLOCK, "proposed_by": "p_hedy"})


def approval_of_the_system(log: LittleLog) -> None:
    log.add("unblock:approve", "system", "u1", {**UNBLOCK, "proposed_by": "p_terry"})


def envelope_that_nobody_used(log: LittleLog) -> None:
    log.add("unblock:approve", "break-glass", "u1", {**UNBLOCK, "proposed_by": "p_terry"})


def something_else_was_proposed(log: LittleLog) -> None:
    log.add("unblock:propose", "p_terry", "u1", {**UNBLOCK, "sites": ["harmless.test"]})
    log.add("unblock:approve", "p_hedy", "u1", {**UNBLOCK, "proposed_by": "p_terry"})


def newer_policy(log: LittleLog) -> None:
    by_two(log, "policy", "policy2", {"policy_sha256": "0" * 64})


def newer_lists(log: LittleLog) -> None:
    log.add("lists:update", "system", "lists2", {"generation": "2" * 64, "sealed_lists": ["iwf"]})


def lists_opened_by_one(log: LittleLog) -> None:
    said = {"generation": LISTS, "sealed_lists": ["iwf"], "loosening": True, "proposed_by": "system"}
    log.add("lists:confirm", "p_terry", "lists2", said)


def lists_updated_by_a_person(log: LittleLog) -> None:
    said = {"generation": LISTS, "sealed_lists": ["iwf"], "loosening": False}
    log.add("lists:update", "p_terry", "lists2", said)


def another_group_since(log: LittleLog) -> None:
    by_two(log, "people", "people2", {"people": [row({"filter_groups": ["guests"]})]})


def suspended_since(log: LittleLog) -> None:
    log.add("person:suspend", "p_terry", "p_anna", {"from": "2026-11-24T11:00:00.000000Z", "until": None})


def ended_since(log: LittleLog) -> None:
    log.add("person:end", "p_terry", "p_anna", {"ends_at": "2026-11-24T11:00:00.000000Z"})


def erased_since(log: LittleLog) -> None:
    log.add("erasure:approve", "p_terry", "e1", {"person": "p_anna"})


def power_by_one(log: LittleLog) -> None:
    log.add(
        "people:tighten", "p_terry", "people2", {"people": [{**row({"role": "technician"}), "code": True}]}
    )


def row(set_: dict[str, Any]) -> dict[str, Any]:
    return {"person": "p_anna", "new": False, "set": set_, "named": [], "passwords": [], "code": False}


def nonsense(log: LittleLog) -> None:
    log.add("people:approve", "p_terry", "people2", {"people": 5, "proposed_by": "p_hedy"})


@pytest.mark.parametrize(
    "change",
    [own_approval, approval_under_another_name, approval_of_the_system, envelope_that_nobody_used,
     something_else_was_proposed, newer_policy, newer_lists, lists_opened_by_one, lists_updated_by_a_person,
     another_group_since, suspended_since, ended_since, erased_since, power_by_one, nonsense],
)  # fmt: skip
def test_lines_that_say_otherwise_prove_nothing(tmp_path: Path, change: Callable[[LittleLog], None]) -> None:
    name = agreed_otherwise(tmp_path, change)

    with pytest.raises(ProofFault):
        proven(tmp_path, name)


def test_the_envelope_stands_in_for_the_second_person_where_a_line_names_who_used_it(tmp_path: Path) -> None:
    def used(log: LittleLog) -> None:
        envelope_that_nobody_used(log)
        log.add("break-glass:use", "p_terry", "b1", {"for": "approve", "proposal": "u1"})

    assert proven(tmp_path, agreed_otherwise(tmp_path, used)).size


def test_what_one_person_may_shut_needs_no_second(tmp_path: Path) -> None:
    def tightened(log: LittleLog) -> None:
        log.add("policy:tighten", "p_terry", "policy2", log_detail(log, "policy:approve"))
        log.add("lists:tighten", "p_terry", "lists2", {"generation": LISTS, "sealed_lists": ["iwf"]})
        log.add("people:tighten", "p_terry", "people2", {"people": [row({"classes": ["6B"]})]})

    assert proven(tmp_path, agreed_otherwise(tmp_path, tightened)).policy_entry > 3


def test_of_companions_those_are_open_that_the_second_person_named(tmp_path: Path) -> None:
    asked = {**UNBLOCK, "sites": ["bet.test", "other.test"], "companions": ["cdn.test", "ads.test"]}
    agreed = {"sites": ["bet.test"], "companions": ["cdn.test", "never-asked-for.test"]}

    def chosen(log: LittleLog) -> None:
        log.add("unblock:propose", "p_terry", "u1", asked)
        log.add("unblock:approve", "p_hedy", "u1", {**asked, "agreed": agreed, "proposed_by": "p_terry"})

    name = agreed_otherwise(tmp_path, chosen)
    bundle, proof = read_bundle(tmp_path, name), read_proof(tmp_path, name)

    def with_sites(*sites: str) -> Any:
        only = replace(bundle.policy.unblocks[0], sites=tuple(map(parse_site, sites)))
        return replace(bundle, policy=replace(bundle.policy, unblocks=(only,)))

    assert proven_by(proof, with_sites("bet.test", "cdn.test"), KEY.public_key())
    for more in ("other.test", "ads.test", "never-asked-for.test"):
        with pytest.raises(ProofFault, match="its sites"):
            proven_by(proof, with_sites("bet.test", "cdn.test", more), KEY.public_key())


def log_detail(log: LittleLog, event: str) -> dict[str, Any]:
    found = [json.loads(each.entry) for each in log.lines if f'"event":"{event}"' in each.entry]
    return dict(found[-1]["detail"])


def test_a_line_that_was_changed_is_in_no_log(tmp_path: Path) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))
    proof = read_proof(tmp_path, name)
    for number, line in enumerate(proof.lines):
        changed = replace(line, entry=line.entry.replace('"actor":"', '"actor":"p_'))
        lines = (*proof.lines[:number], changed, *proof.lines[number + 1 :])
        with pytest.raises(ProofFault):
            proven_by(replace(proof, lines=lines), read_bundle(tmp_path, name), KEY.public_key())
    same = replace(proof, lines=(*proof.lines[:-1], replace(proof.lines[-1], prev=bytes(32))))
    with pytest.raises(ProofFault, match="not in the log"):
        proven_by(same, read_bundle(tmp_path, name), KEY.public_key())


def test_what_is_no_proof_at_all_is_refused(tmp_path: Path) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))
    path = proof_path(tmp_path, name)
    whole = json.loads(path.read_text())
    wrong: list[object] = [
        [],
        {**whole, "format": 2},
        {**whole, "narrows": "../x"},
        {**whole, "nodes": ["zz"]},
    ]
    wrong += [{**whole, "lines": [*whole["lines"], whole["lines"][0]]}, {**whole, "lines": [[True, "", ""]]}]
    wrong += [{**whole, "signature": 5}, {**whole, "note": whole["note"] + " "}, None]
    for each in wrong:
        path.write_text(json.dumps(each))
        with pytest.raises(ProofFault):
            proven(tmp_path, name)
    path.write_bytes(b"\xff[")
    with pytest.raises(ProofFault):
        proven(tmp_path, name)


def narrow(state: Path, base: str, **changes: Any) -> str:
    from filter_policy.bundle_proof import Proof

    name = a_bundle(state, **changes)
    save_proof(state, name, Proof("", (), (), base))
    return name


def test_a_bundle_that_only_shuts_more_is_proven_by_the_one_it_narrows(tmp_path: Path) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path))
    anna = a_person(classes=("6B",), suspended_from=NOON, ends_at=NOON)
    name = narrow(tmp_path, base, unblocks=[], openings=[], accounts=[Account(anna, "x")])

    found = proven(tmp_path, name)

    assert found.narrows == base
    assert found.follows(proven(tmp_path, base))
    assert not proven(tmp_path, base).follows(found)


@pytest.mark.parametrize("what", MORE)
def test_a_bundle_that_opens_more_narrows_nothing(tmp_path: Path, what: str) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path))
    name = narrow(tmp_path, base, **MORE[what][0])

    with pytest.raises(ProofFault, match="opens more"):
        proven(tmp_path, name)


def test_what_narrows_a_narrower_one_or_itself_is_not_proven(tmp_path: Path) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path))
    narrower = narrow(tmp_path, base, unblocks=[])

    with pytest.raises(BundleFault):
        proven(tmp_path, narrow(tmp_path, narrower, unblocks=[], openings=[]))
    with pytest.raises(BundleFault):
        proven(tmp_path, narrow(tmp_path, "f" * 64, unblocks=[], openings=[]))


def test_the_key_of_this_machine_comes_before_the_one_beside_the_bundles(tmp_path: Path) -> None:
    assert public_key(tmp_path) is None
    prove_bundle(tmp_path, a_bundle(tmp_path), OTHER)
    assert public_key(tmp_path) == OTHER.public_key()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "change-log.pub").write_bytes(b"no key")

    with pytest.raises(ProofFault, match="cannot be read"):
        public_key(tmp_path)
