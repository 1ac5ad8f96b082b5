"""What is in force changes as one, soon, and never to something that is not whole."""

from collections.abc import Iterator

import pytest

from tests.harness import Gate, a_gate, until

NOT_FOR_ANYONE = "sites:\n  - {block: [allowed.test], for: everyone, reason: new}\n"


@pytest.fixture
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        yield gate


def status(gate: Gate) -> int:
    return gate.curl("http://allowed.test/", user="anna").status


def test_a_new_policy_is_in_force_soon(gate: Gate) -> None:
    assert status(gate) == 200
    gate.publish(policy_text=gate.policy_text.replace("sites:\n", NOT_FOR_ANYONE))
    assert until(lambda: status(gate), lambda found: found == 403, seconds=2.5) == 403


def test_a_damaged_bundle_leaves_the_old_one_in_force(gate: Gate) -> None:
    text = gate.policy_text
    name = gate.publish(policy_text=text.replace("sites:\n", NOT_FOR_ANYONE))
    bundle = gate.state / "bundle" / name
    assert until(lambda: status(gate), lambda found: found == 403) == 403
    other = gate.publish(policy_text=text)
    (gate.state / "bundle" / other).write_bytes(bundle.read_bytes())
    (gate.state / "bundle" / "current").write_text(other)
    until(gate.said, lambda said: "bundle.refused" in said or "bundle.taken" in said.rpartition(name[:12])[2])
    (gate.state / "bundle" / "current").write_text("f" * 64)
    until(gate.said, lambda said: "bundle.refused" in said)
    assert gate.is_alive
    assert status(gate) in (200, 403)


def test_a_bundle_that_is_missing_is_refused_once(gate: Gate) -> None:
    (gate.state / "bundle" / "current").write_text("f" * 64)
    assert until(gate.said, lambda said: "bundle.refused" in said)
    until(lambda: status(gate), lambda found: False, seconds=1.5)
    assert gate.said().count("bundle.refused") == 1
    assert status(gate) == 200


def test_lists_that_are_damaged_leave_the_old_ones_in_force(gate: Gate) -> None:
    (gate.state / "lists" / ("0" * 64)).mkdir()
    gate.publish(lists="0" * 64, policy_text=gate.policy_text.replace("sites:\n", NOT_FOR_ANYONE))
    assert until(gate.said, lambda said: "bundle.refused" in said)
    assert status(gate) == 200


def test_a_bundle_that_is_put_right_is_taken(gate: Gate) -> None:
    (gate.state / "bundle" / "current").write_text("f" * 64)
    until(gate.said, lambda said: "bundle.refused" in said)
    gate.publish(policy_text=gate.policy_text.replace("sites:\n", NOT_FOR_ANYONE))
    assert until(lambda: status(gate), lambda found: found == 403) == 403
