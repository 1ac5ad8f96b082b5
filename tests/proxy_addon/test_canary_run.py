"""The gate asks itself by the clock, and tells what was answered otherwise than the policy says."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from proxy_addon.canaries import canaries_of
from tests.builders import POLICY, a_policy
from tests.harness import ROOT, Gate, a_gate

AT_ONCE = 0.5
MANY = len(list(canaries_of(a_policy())))


@contextlib.contextmanager
def asking_itself(gate: Gate, how: str) -> Iterator[None]:
    settings = gate.folder / "asking.json"
    settings.write_text(json.dumps({"state": str(gate.state), "canaries_after": AT_ONCE}))
    command = [sys.executable, "-m", "tests.proxy_addon.broken_gate", str(settings), how]
    with (
        (gate.folder / "asking.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log) as child,
    ):
        try:
            assert child.stdout is not None
            assert int(child.stdout.readline())
            yield
        finally:
            child.terminate()
        assert child.wait(20) == 0


def test_each_group_and_kind_has_a_row_and_what_is_wrong_has_two() -> None:
    with a_gate(POLICY) as gate:
        gate.stop()
        with asking_itself(gate, "none"):
            rows = gate.wait_rows(lambda rows: len(rows) >= MANY)
        assert {row["kind"] for row in rows} == {"canary"}
        assert {row["outcome"] for row in rows} == {"done"}
        assert len({(*row["groups"], row["category"]) for row in rows}) == MANY
        assert gate.origin.seen == []

        with asking_itself(gate, "gambling-open"):
            rows = gate.wait_rows(lambda rows: any(row["outcome"] == "failed" for row in rows))
        failed = [row for row in rows if row["outcome"] == "failed"]
        assert {(row["category"], row["verdict"], row["reason"]) for row in failed} == {
            ("gambling", "allow", "category-allowed")
        }
        says = "expected block (category-not-allowed), got allow (category-allowed)"
        assert {row["rule"] for row in failed} == {says}
        assert "canary.failed" in (gate.folder / "asking.log").read_text()
