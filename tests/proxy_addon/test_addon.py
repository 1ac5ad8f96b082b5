"""Trying the filter out with mitmdump: it filters, it says that it is not for use, and it fails closed."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness import ROOT, until

MITMDUMP = Path(sys.executable).with_name("mitmdump")


@contextmanager
def mitmdump(folder: Path, *options: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(MITMDUMP), "-s", "proxy_addon/addon.py", "--set", f"confdir={folder / 'ca'}"]
    command += ["--set", f"listen_port={port}", "--set", "listen_host=127.0.0.1", *options]
    (folder / "temporary").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "temporary")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True, env=environment)
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()


def status(port: int, url: str) -> str:
    command = [
        "curl",
        "-s",
        "-k",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-x",
        f"http://127.0.0.1:{port}",
        url,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_it_filters_and_says_that_it_is_not_for_use(tmp_path: Path) -> None:
    options = ("--set", "schoolgate_config=config", "--set", "schoolgate_group=upper-ks2")
    with mitmdump(tmp_path, *options) as (port, process):
        assert until(lambda: status(port, "http://gambling.test/"), lambda s: s != "000") == "403"
        assert status(port, "https://gambling.test/") == "403"
        assert status(port, "http://127.0.0.1:2/") == "403"
        assert "UNFILTERED" in (tmp_path / "log").read_text()
        process.terminate()
        process.wait(timeout=30)
    assert list((tmp_path / "temporary").glob("schoolgate-*")) == [], "its index goes with it"


def test_a_policy_that_cannot_be_read_is_not_an_open_door(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("nonsense: [")
    with mitmdump(tmp_path, "--set", f"schoolgate_config={tmp_path}") as (port, process):
        assert until(process.poll, lambda code: code is not None) == 1
        assert status(port, "http://gambling.test/") == "000"
        assert "everything is blocked" in (tmp_path / "log").read_text()
