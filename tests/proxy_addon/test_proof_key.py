"""The key that bundles are proven with: read once, kept, and never done without."""

import asyncio
import inspect
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from filter_lists.gathering import Gatherer
from filter_lists.writing import write_generation
from filter_policy.bundle import name_current, write_bundle
from filter_policy.bundle_proof import Proof, ProofFault, proof_path, public_key
from proxy_addon import run
from proxy_addon.bundle_watch import BundleWatch
from proxy_addon.judge import InForce
from proxy_addon.proof_key import ProofKey
from tests.builders import POLICY, an_unblock
from tests.documents import ROOT
from tests.harness import everybody
from tests.proofs import KEY, log_for, prove_bundle, save_proof

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
NEWER = POLICY.replace("longest_days: 42", "longest_days: 41")


class Watched:
    """A gate's look at its bundles, without the gate."""

    def __init__(self, state: Path) -> None:
        self.state = state
        (state / "lists").mkdir(parents=True)
        self.lists = write_generation(Gatherer(), (), state / "lists")
        self.start()

    def start(self) -> None:
        self.taken: list[InForce] = []
        self.watch = BundleWatch(self.state, self.taken.append, ProofKey(self.state))

    def written(self, policy_text: str = POLICY, *sites: str) -> str:
        unblocks = [an_unblock(*sites)] if sites else []
        return write_bundle(
            self.state, policy_text=policy_text, lists=self.lists, accounts=everybody(), unblocks=unblocks
        )

    def look(self) -> list[str]:
        """What is said of it."""
        with capture_logs() as logs:
            asyncio.run(self.watch.look())
        return [each.get("why", each["event"]) for each in logs]

    @property
    def name(self) -> str | None:
        return self.watch.in_force.name if self.watch.in_force else None


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "state")


def test_a_proven_bundle_is_taken(watched: Watched) -> None:
    name = prove_bundle(watched.state, watched.written(POLICY, "bet.test"))

    assert watched.look() == ["bundle.taken"]
    assert watched.name == name


def test_before_the_first_proven_one_there_is_nothing_in_force(watched: Watched) -> None:
    watched.written()

    assert watched.look() == ["the school's public key is not there yet"]
    assert watched.name is None


def test_a_policy_written_by_hand_never_becomes_the_running_one(watched: Watched) -> None:
    name = prove_bundle(watched.state, watched.written())
    watched.look()
    by_hand = watched.written(NEWER)
    with_its_proof = proof_path(watched.state, by_hand)
    with_its_proof.write_bytes(proof_path(watched.state, name).read_bytes())

    assert watched.look() == ["its proof is not signed with this school's key"]
    assert watched.look() == []  # said once
    assert watched.name == name


def test_a_proof_that_is_put_right_is_looked_at_again(watched: Watched) -> None:
    prove_bundle(watched.state, watched.written())
    watched.look()
    newer = watched.written(NEWER)
    assert "no proof" in watched.look()[0]

    prove_bundle(watched.state, newer)

    assert watched.look() == ["bundle.taken"]
    assert watched.name == newer


def test_what_was_in_force_before_does_not_come_back(watched: Watched) -> None:
    older = prove_bundle(watched.state, watched.written(POLICY, "bet.test"))
    watched.look()
    newer = prove_bundle(watched.state, watched.written())
    watched.look()
    name_current(watched.state, older)

    assert watched.look() == ["it is older than what is in force"]
    assert watched.name == newer


def test_what_only_shuts_is_taken_and_holds_until_something_newer_is_proven(watched: Watched) -> None:
    base = prove_bundle(watched.state, watched.written(POLICY, "bet.test"))
    watched.look()
    less = watched.written()
    save_proof(watched.state, less, Proof("", (), (), base))
    assert watched.look() == ["bundle.taken"]

    name_current(watched.state, base)
    assert watched.look() == ["it is older than what is in force"]
    prove_bundle(watched.state, base)

    assert watched.look() == ["bundle.taken"]
    assert watched.name == base


def test_a_gate_that_starts_anew_takes_what_only_shuts(watched: Watched) -> None:
    base = prove_bundle(watched.state, watched.written(POLICY, "bet.test"))
    less = watched.written()
    save_proof(watched.state, less, Proof("", (), (), base))

    assert watched.look() == ["bundle.taken"]
    assert watched.name == less


def test_a_key_that_changes_later_is_not_believed(watched: Watched) -> None:
    prove_bundle(watched.state, watched.written())
    watched.look()
    (watched.state / "keys" / "change-log.pub").unlink()
    other = watched.written(NEWER)
    save_proof(watched.state, other, log_for(watched.state, other).proof(OTHER), OTHER)

    assert watched.look() == ["its proof is not signed with this school's key"]


def test_a_gate_on_a_machine_of_its_own_keeps_the_key_it_saw_first(watched: Watched) -> None:
    prove_bundle(watched.state, watched.written())
    watched.look()
    assert public_key(watched.state) == KEY.public_key()
    other = prove_bundle(watched.state, watched.written(NEWER), OTHER)

    watched.start()

    assert watched.look() == ["its proof is not signed with this school's key"]
    assert watched.name is None
    assert other != watched.name


def test_a_key_that_cannot_be_kept_is_still_used(tmp_path: Path) -> None:
    prove_bundle(tmp_path, write_bundle(tmp_path, policy_text=POLICY, lists="1" * 64, accounts=[]))
    (tmp_path / "keys").touch()  # in the way

    with capture_logs() as logs:
        key = ProofKey(tmp_path)

    assert key.key == KEY.public_key()
    assert [each["event"] for each in logs] == ["proof_key.not_kept"]


def test_before_there_is_a_key_nothing_is_proven(tmp_path: Path) -> None:
    with pytest.raises(ProofFault, match="not there yet"):
        _ = ProofKey(tmp_path).key


def test_no_setting_does_without_the_proof() -> None:
    """There is one place that watches bundles, it gives the key of the state folder, and has no other way."""
    needed = inspect.signature(BundleWatch).parameters["proofs"]
    assert (needed.default, needed.annotation) == (inspect.Parameter.empty, ProofKey)
    rooms = [path for room in ("proxy_addon", "schoolgate") for path in sorted((ROOT / room).rglob("*.py"))]
    made = [path.name for path in rooms if re.search(r"\bBundleWatch\(", path.read_text("utf-8"))]
    assert made == ["run.py"]
    assert "ProofKey(settings.state)" in inspect.getsource(run)
    names = inspect.getsource(run.GateSettings)
    assert not [word for word in ("proof", "key") if word in names]
