"""Headless Chromium behind the gate, on a device that has the school's CA and trusts nothing else of ours."""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--proxy-bypass-list=<-loopback>",
]


def chromium_or_skip() -> str:
    chromium, certutil = shutil.which("chromium"), shutil.which("certutil")
    if not chromium or not certutil:
        pytest.skip("needs Chromium and certutil (Debian: chromium, libnss3-tools)")
    return chromium


@contextmanager
def a_browser(
    home: Path,
    *,
    proxy: str | None = None,
    pac: str | None = None,
    who: tuple[str, str] | None = None,
    ca: Path | None = None,
) -> Iterator[BrowserContext]:
    """`who`: name and password, given when `proxy` asks for them. `pac`: the text that says which proxy."""
    chromium = chromium_or_skip()
    _trust(home, ca)
    through: dict[str, str] = {"server": proxy} if proxy else {}
    if who and proxy:
        through |= {"username": who[0], "password": who[1]}
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(home / "profile"),
            executable_path=chromium,
            args=_switches(proxy, pac),
            env={"HOME": str(home)},
            proxy=through or None,  # type: ignore[arg-type]  # a TypedDict with optional keys
            viewport={"width": 1000, "height": 700},
            locale="en-GB",
        )
        try:
            yield context
        finally:
            context.close()


def _switches(proxy: str | None, pac: str | None) -> list[str]:
    if pac is not None:
        return [*QUIET, "--proxy-pac-url=data:application/x-javascript-config;base64," + _base64(pac)]
    return QUIET if proxy else [arg for arg in QUIET if "proxy" not in arg]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _trust(home: Path, ca: Path | None) -> None:
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    store = f"sql:{database}"
    subprocess.run(["certutil", "-d", store, "-N", "--empty-password"], check=True, capture_output=True)
    if ca is not None:
        command = ["certutil", "-d", store, "-A", "-t", "C,,", "-n", "school", "-i", str(ca)]
        subprocess.run(command, check=True, capture_output=True)
