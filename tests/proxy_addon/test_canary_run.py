"""The gate asks itself by the clock, and tells what was answered otherwise than the policy says."""

import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from proxy_addon.canaries import SCHEMES, canaries_of
from proxy_addon.canary_run import SILENT, CanaryRun
from proxy_addon.records import Rows
from proxy_addon.watch_proof import Secret, new_nonce
from tests.builders import NOON, POLICY, a_policy
from tests.harness import Gate, a_gate
from tests.nursery import a_child
from tests.proxy_addon.test_canaries import FORCE

AT_ONCE = 0.5
MANY = len(list(canaries_of(a_policy())))


@contextlib.contextmanager
def asking_itself(gate: Gate, how: str) -> Iterator[None]:
    settings = gate.folder / "asking.json"
    settings.write_text(json.dumps({"state": str(gate.state), "canaries_after": AT_ONCE}))
    with (gate.folder / "asking.log").open("w") as log:
        child = a_child("tests.proxy_addon.broken_gate", str(settings), how, log=log)
    assert child.stdout is not None
    with child.stdout as said:
        try:
            assert int(said.readline())
            yield
        finally:
            child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0


def a_run(**changes: Any) -> CanaryRun:
    """Due at once, of a gate that nobody is."""
    given: dict[str, Any] = {
        "state": Path("/nowhere"),
        "in_force": lambda: FORCE,
        "now": lambda: NOON,
        "note": lambda _row: None,
    }
    secret = Secret(new_nonce(), "127.0.0.1", 1)
    return CanaryRun(secret, Rows("gate-1"), **given | {"after": 0.0} | changes)


def said_by(run: CanaryRun) -> list[Any]:
    with capture_logs() as said:
        asyncio.run(run.look())
    return [(each["event"], each.get("failed")) for each in said if each["event"] != "canary.failed"]


def test_where_nobody_answers_it_stops_asking_and_tells() -> None:
    notes: list[dict[str, Any]] = []
    assert said_by(a_run(note=notes.append)) == [("canaries.ran", 2 * SILENT)]
    assert {(row["outcome"], row["verdict"], row["reason"]) for row in notes} == {
        ("failed", "block", "failed-closed")
    }


def test_a_run_that_fails_stops_no_gate() -> None:
    def broken() -> datetime:
        raise OSError

    assert said_by(a_run(now=broken)) == [("canaries.not_run", None)]


def test_a_gate_that_leaves_tells_nothing_false_and_one_without_a_policy_asks_nothing() -> None:
    leaving = a_run()
    leaving.stop()
    assert said_by(leaving) == [("canaries.ran", 0)]
    assert said_by(a_run(in_force=lambda: None)) == []
    assert said_by(a_run(after=None)) == []


def test_each_group_and_kind_has_a_row_and_what_is_wrong_has_two() -> None:
    with a_gate(POLICY) as gate:
        gate.stop()
        with asking_itself(gate, "none"):
            rows = gate.wait_rows(lambda rows: len(rows) >= MANY)
        assert {row["kind"] for row in rows} == {"canary"}
        assert {row["outcome"] for row in rows} == {"done"}
        asked = Counter((*row["groups"], row["category"]) for row in rows)
        assert (len(asked), set(asked.values())) == (MANY // 2, {2}), "each by http and by https"
        assert {url for row in rows if (url := row["url"].partition(":")[0]) in SCHEMES} == set(SCHEMES)
        assert gate.origin.seen == []

        with asking_itself(gate, "gambling-open"):
            rows = gate.wait_rows(lambda rows: any(row["outcome"] == "failed" for row in rows))
        failed = [row for row in rows if row["outcome"] == "failed"]
        assert {(row["category"], row["verdict"], row["reason"]) for row in failed} == {
            ("gambling", "allow", "category-allowed")
        }
        says = "expected block (category-not-allowed), got allow (category-allowed)"
        assert {row["rule"] for row in failed} == {f"http: {says}", f"https: {says}"}
        assert "canary.failed" in (gate.folder / "asking.log").read_text()
