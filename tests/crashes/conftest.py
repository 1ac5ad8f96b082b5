"""How often the rounds go, what each said, and the figures that docs/reliability.md keeps."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

with warnings.catch_warnings():  # mitmproxy warns about its own libraries: once, before warnings are errors
    warnings.simplefilter("ignore")
    import proxy_addon.run  # noqa: F401  # for the sake of importing it here

from tests.conftest import ROUNDS
from tests.crashes.databases import Database, Postgresql, Server, a_postgresql, a_server, a_sqlite_file

FEW = 3
FIGURES: list[tuple[str, str]] = []

Say = Callable[[str], None]
Figure = Callable[[str, str], None]


@pytest.fixture
def rounds() -> int:
    """How often: 200 in `make torture`, few where every test has seconds."""
    return int(os.environ.get(ROUNDS, FEW))


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """One PostgreSQL for all tests that kill it, and for nobody else."""
    with a_server() as server:
        yield server


@pytest.fixture
def postgresql(own_server: Server) -> Iterator[Postgresql]:
    with a_postgresql(own_server) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Of each kind in turn, with our tables and nothing in them."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql")
    else:
        with a_sqlite_file(tmp_path) as found:
            yield found


@pytest.fixture
def say(rounds: int, capsys: pytest.CaptureFixture[str]) -> Say:
    """A line for each round, where there are many: nobody wants to wait an hour without a word."""

    def told(line: str) -> None:
        if rounds > FEW:
            with capsys.disabled():
                sys.stdout.write(f"  {line}\n")
                sys.stdout.flush()

    told("")
    return told


@pytest.fixture
def figure() -> Figure:
    """A row of the table at the end."""
    return lambda what, found: FIGURES.append((what, found))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section(f"figures of {datetime.now(UTC).date()}, for docs/reliability.md")
        for what, found in FIGURES:
            terminalreporter.write_line(f"| {what} | {found} |")
