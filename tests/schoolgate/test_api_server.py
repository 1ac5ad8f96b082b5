"""What the API is served with: nothing of a request is written down or believed that should not be."""

import subprocess
import sys
from pathlib import Path

import uvicorn
from starlette.responses import PlainTextResponse

from schoolgate.api_server import as_served
from tests.running import ROOT, clean_environ


def test_no_address_is_written_down_and_no_header_says_who_asks() -> None:
    config = as_served(PlainTextResponse("here"), None)  # type: ignore[arg-type]  # any app is served alike

    assert isinstance(config, uvicorn.Config)
    said = (config.access_log, config.proxy_headers, config.server_header)
    assert not any(said)


def test_a_child_has_loaded_it_all_before_it_is_told_to_start(tmp_path: Path) -> None:
    """Loading takes longest: the supervisor has it done while it prepares the database."""
    look = "import sys; from schoolgate import serving\n"
    look += "def told(_):\n"
    look += "    sys.stdout.write(repr({'audit_api.app', 'uvicorn', 'schoolgate.pac'} <= set(sys.modules)))\n"
    look += "    raise SystemExit\n"
    look += "from schoolgate.settings import load_settings; serving.start_when_told = told\n"
    look += "serving.serve_api(load_settings(), None, 3)\n"
    environ = clean_environ({"SCHOOLGATE_STATE": str(tmp_path / "state")})

    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.stdout == "True", done.stderr
