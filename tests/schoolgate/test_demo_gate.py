"""What the demo's gate is told besides its settings, and that it is nobody else's to use."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from schoolgate.demo.origins import Origins
from tests.running import ROOT, Demo, cli

MODULE = "schoolgate.demo.gate"


def test_it_needs_a_spec_and_a_config() -> None:
    done = subprocess.run(
        [sys.executable, "-m", MODULE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2


def test_its_spec_names_the_example_hosts_and_trusts_the_example_authority(demo: Demo) -> None:
    spec = json.loads((demo.state / "gate.json").read_text())
    origins = Origins.from_json(spec["origins"])

    assert set(origins.by_host) == set(demo.told["sites"])
    assert not origins.closed
    assert Path(spec["upstream_ca"]).read_text().count("BEGIN CERTIFICATE") > 50


def test_the_gate_of_a_real_school_knows_no_example_host(tmp_path: Path) -> None:
    """Resolver and example authority come with the demo's own entry point; no setting brings them."""
    settings = {"SCHOOLGATE_STATE": str(tmp_path / "state")}
    assert cli("proxy", "--spec", "gate.json", environ=settings).returncode == 2


def test_a_supervised_gate_without_a_word_from_its_supervisor_never_listens(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    reading, writing = os.pipe()
    words = ["--config", str(demo.state / "config"), "--spec", str(demo.state / "gate.json")]
    command = [sys.executable, "-m", MODULE, *words, "--port", str(port), "--ready-fd", str(writing)]

    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=(writing,), capture_output=True, check=False
    )
    os.close(writing)

    assert done.returncode == 0
    assert os.read(reading, 10) == b""
    os.close(reading)
