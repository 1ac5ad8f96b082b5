"""`schoolgate proxy-check`: for a person, and for whatever restarts the gate."""

import json
from pathlib import Path

from typer.testing import CliRunner

from schoolgate.cli import app
from tests.harness import a_gate


def asked(config: Path, state: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        app, ["--config", str(config), "proxy-check", *more], env={"SCHOOLGATE_STATE": str(state)}
    )
    return done.exit_code, done.output


def test_it_ends_with_0_only_where_the_gate_blocks(tmp_path: Path) -> None:
    with a_gate() as gate:
        assert asked(tmp_path, gate.state) == (0, "ok    gate: filters: what must be blocked is blocked\n")
        code, said = asked(tmp_path, gate.state, "--json")
        assert (code, json.loads(said)["well"]) == (0, True)
        with gate.failing("decide", "Exception"):
            code, said = asked(tmp_path, gate.state)
        assert (code, said[:4]) == (1, "FAIL")
    code, said = asked(tmp_path, tmp_path, "--json")
    assert (code, json.loads(said)["well"], json.loads(said)["shut"]) == (1, False, False)
