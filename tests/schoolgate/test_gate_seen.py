"""The gate as the API sees it."""

from pathlib import Path

from proxy_addon.watch_proof import Secret, new_nonce, write_secret
from schoolgate.gate_seen import KEPT, GateSeen
from tests.harness import a_gate


def test_where_no_gate_is_on_this_machine_nothing_is_said(tmp_path: Path) -> None:
    assert GateSeen(tmp_path)() is None


def test_a_gate_that_went_is_seen_to_have_gone_after_a_few_seconds() -> None:
    time = [0.0]
    with a_gate() as gate:
        seen = GateSeen(gate.state, lambda: time[0])
        assert seen() == ""
        gate.stop()
        assert seen() == "", "it was asked a moment ago"
        time[0] += KEPT
        assert "no answer" in (seen() or "")


def test_somebody_else_on_its_port_is_told(tmp_path: Path) -> None:
    write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", 1))
    assert GateSeen(tmp_path)()
