"""One process each: what the gate must never reach, and an API that says when it serves."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn

from schoolgate.front import Front
from schoolgate.ready_server import ReadyServer
from schoolgate.serving import gate_settings, own_addresses
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT, clean_environ, cli

CONFIG = Path(__file__).parents[2] / "config"


def settings(**environ: str) -> Settings:
    return load_settings(CONFIG, {f"SCHOOLGATE_{key}": value for key, value in environ.items()})


def test_our_own_api_and_database_are_own_addresses() -> None:
    assert own_addresses(settings(API_PORT="8123")) == (("127.0.0.1", 8123),)
    with_database = settings(DATABASE_URL="postgresql+psycopg://a:b@10.0.0.9/school")
    assert own_addresses(with_database) == (("127.0.0.1", 8000), ("10.0.0.9", 5432))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mitmproxy's own, as it is imported
def test_the_gate_listens_where_the_settings_or_the_supervisor_say(tmp_path: Path) -> None:
    told = settings(PROXY_PORT="3128", STATE=str(tmp_path), GATE="gate-7")

    assert gate_settings(told, None).listen_port == 3128
    assert gate_settings(told, 0).listen_port == 0
    assert (gate_settings(told, None).gate, gate_settings(told, None).upstream_ca) == ("gate-7", None)


def test_the_gate_loads_no_database_library() -> None:
    look = "import sys, schoolgate.serving as s, schoolgate.school_ca, schoolgate.wiring; "
    look += "from schoolgate.settings import load_settings; s.gate_settings(load_settings(), None); "
    look += "sys.stdout.write(repr({'sqlalchemy', 'alembic', 'fastapi'} & set(sys.modules)))"
    command = [sys.executable, "-c", look]

    done = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, check=True)

    assert done.stdout == "set()"


def test_settings_are_read_when_first_asked_for(tmp_path: Path) -> None:
    front = Front(tmp_path / "config")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "school.yaml").write_text("gate: late\n")

    assert front.settings.gate == "late"
    assert front.settings is front.settings


def test_a_port_that_the_api_cannot_have_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli(
            *("api", "--port", str(taken.getsockname()[1])), environ={"SCHOOLGATE_STATE": str(tmp_path / "s")}
        )

    assert done.returncode == 1
    assert "cannot listen" in done.stderr


def test_the_server_says_when_it_serves_and_not_before() -> None:
    async def nothing(scope: object, receive: object, send: object) -> None:
        raise NotImplementedError

    said: list[bool] = []

    def ready() -> None:
        said.append(server.started)
        server.should_exit = True

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = ReadyServer(uvicorn.Config(nothing, lifespan="off", log_config=None), ready)
        asyncio.run(server.serve(sockets=[listening]))

    assert said == [True]
