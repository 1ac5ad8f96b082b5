"""A browser that reaches the gate by the protected address, told so by hand and by the PAC file."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from schoolgate.pac import pac_of
from schoolgate.settings import Settings
from tests.builders import POLICY
from tests.harness import PASSWORD, Gate, a_gate
from tests.system.browser import a_browser, chromium_or_skip

# This machine signs in where it is asked to; a browser that nobody told a password is known by its network.
AT_ONCE = POLICY.replace("addresses: 127.20.0.0/16", "addresses: 127.0.0.0/8")
SITES = {"allowed.test": "education", "blocked.test": "gambling"}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    chromium_or_skip()
    with a_gate(AT_ONCE, sites=SITES, clock=None) as running:
        yield running


def pac_for(gate: Gate) -> str:
    here = Settings(root=gate.folder, config=gate.folder, proxy_port=gate.port)
    return pac_of(replace(here, proxy_name="localhost"))


def look_around(browser: BrowserContext) -> None:
    page = browser.new_page()
    for url, status in (
        ("https://allowed.test/", 200),
        ("http://allowed.test/", 200),
        ("https://blocked.test/", 403),
    ):
        answer = page.goto(url)
        assert answer is not None
        assert (url, answer.status) == (url, status)


def test_chromium_signs_in_and_browses_by_the_protected_address(gate: Gate, tmp_path: Path) -> None:
    address = f"https://localhost:{gate.port}"
    with a_browser(tmp_path, proxy=address, who=("anna", PASSWORD), ca=gate.ca) as browser:
        look_around(browser)
    assert {row["reason"] for row in gate.rows()} >= {"category-not-allowed"}


def test_chromium_finds_the_protected_address_in_the_file(gate: Gate, tmp_path: Path) -> None:
    """Without a password here: a test cannot type one into the question of a proxy from a file."""
    before = len(gate.rows())
    with a_browser(tmp_path, pac=pac_for(gate), ca=gate.ca) as browser:
        look_around(browser)
    assert {row["host"] for row in gate.rows()[before:]} >= {"allowed.test", "blocked.test"}
