"""Of the doctor: what listens on the gate's port must prove to be it, and its records must be stored."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit_log.heartbeat import HEARTBEAT, JOURNAL
from proxy_addon.school_trust import FINGERPRINT, FOLDER
from proxy_addon.watch_proof import FILE, Secret, new_nonce, read_secret, write_secret
from schoolgate import doctor_gate
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT, Demo

EVERYWHERE = "0.0.0.0"  # noqa: S104  # a setting, not bound


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings(ROOT / "config", {}), state=tmp_path, proxy_port=0, api_port=0)


@pytest.fixture
def another() -> Iterator[int]:
    """The port of a program that is none of ours."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def running(demo: Demo, settings: Settings) -> Settings:
    """A gate that runs, which began an hour ago, and nothing else of its school."""
    shutil.copy(demo.state / FILE, settings.state)
    shutil.copy(demo.state / FINGERPRINT, settings.state)
    shutil.copytree(demo.state / FOLDER, settings.state / FOLDER, dirs_exist_ok=True)
    hour_ago = datetime.now(UTC).timestamp() - 3600
    os.utime(settings.state / FILE, (hour_ago, hour_ago))
    secret = read_secret(settings.state)
    assert secret is not None
    return replace(settings, proxy_host=secret.host, proxy_port=secret.port)


def heard(settings: Settings, ago: timedelta) -> None:
    (settings.state / JOURNAL).mkdir(exist_ok=True)
    told = {"at": (datetime.now(UTC) - ago).isoformat(), "sql": "ok", "behind_bytes": 0, "damaged_bytes": 0}
    (settings.state / JOURNAL / HEARTBEAT).write_text(json.dumps(told))


def test_that_no_gate_runs_is_no_fault_and_is_said(settings: Settings) -> None:
    (found,) = doctor_gate.gate_filters(settings)
    free = list(doctor_gate.ports(settings))

    assert (found.fit, found.warns, found.says) == (True, True, "none runs on this machine just now")
    assert [each.word for each in free] == ["ok", "ok"]


@pytest.mark.parametrize("told", [False, True])
def test_another_program_on_the_gates_port_is_a_finding(
    settings: Settings, another: int, *, told: bool
) -> None:
    """Whether or not a gate of ours listened there before it."""
    settings = replace(settings, proxy_port=another)
    if told:
        write_secret(settings.state, Secret(new_nonce(), "127.0.0.1", another + 1 if another < 65535 else 1))

    port, _console = doctor_gate.ports(settings)
    (gate,) = doctor_gate.gate_filters(settings)

    assert (port.fit, gate.fit) == (False, False)
    assert "does not prove to be our gate" in port.says
    assert "does not prove to be our gate" in gate.says


def test_a_program_that_took_the_port_of_a_gate_that_died_is_a_finding(settings: Settings) -> None:
    """It answers, and knows nothing of the secret that the gate left behind."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    write_secret(settings.state, Secret(new_nonce(), "127.0.0.1", server.server_port))
    try:
        port, _console = doctor_gate.ports(replace(settings, proxy_port=server.server_port))
        (gate,) = doctor_gate.gate_filters(replace(settings, proxy_port=server.server_port))
    finally:
        server.shutdown()
        server.server_close()

    assert (port.fit, gate.fit) == (False, False)


def test_our_own_gate_on_its_port_is_well(running: Settings) -> None:
    port, _console = doctor_gate.ports(running)
    (gate,) = doctor_gate.gate_filters(running)

    assert (port.word, port.says.rpartition(": ")[2]) == ("ok", "our gate listens there")
    assert gate.word == "ok"


def test_a_gate_elsewhere_does_not_speak_for_another_program(running: Settings, another: int) -> None:
    port, _console = doctor_gate.ports(replace(running, proxy_host="127.0.0.1", proxy_port=another))

    assert not port.fit


def test_a_recorder_that_was_just_heard_is_well(running: Settings) -> None:
    heard(running, timedelta(seconds=2))

    (found,) = doctor_gate.recorder(running)

    assert found.word == "ok"


def test_a_recorder_silent_for_days_while_the_gate_runs_is_a_finding(running: Settings) -> None:
    heard(running, timedelta(days=3, minutes=1))

    (found,) = doctor_gate.recorder(running)

    assert not found.fit
    assert found.says.endswith("3 days ago, and the gate runs")


def test_a_gate_without_any_recorder_is_a_finding(running: Settings) -> None:
    (found,) = doctor_gate.recorder(running)

    assert (found.fit, found.says) == (False, "none has run here yet, and the gate runs")


def test_a_recorder_of_a_school_that_is_shut_down_is_said(settings: Settings) -> None:
    (never,) = doctor_gate.recorder(settings)
    heard(settings, timedelta(hours=5))
    (silent,) = doctor_gate.recorder(settings)

    assert (never.word, silent.word) == ("note", "note")
    assert silent.says.endswith("5 hours ago")


@pytest.mark.parametrize(("name", "fit"), [("", False), ("proxy.school.example", True)])
def test_a_file_that_leads_devices_to_themselves_is_a_finding(
    settings: Settings, name: str, *, fit: bool
) -> None:
    (found,) = doctor_gate.pac_file(replace(settings, api_host=EVERYWHERE, proxy_name=name))

    assert found.fit is fit
    assert fit or "set proxy_name in config/school.yaml" in found.says
