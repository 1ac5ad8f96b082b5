"""What every test may use, and what continuous integration insists on."""

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.loops import end_loop
from tests.nursery import end_nursery
from tests.postgres import end_server
from tests.running import Demo, running_demo

INSIST = "SCHOOLGATE_CI"
ROUNDS = "SCHOOLGATE_TORTURE_ROUNDS"
WANTS = "Skipped: needs "  # how a test begins that could not be made for want of a tool

# A script's background job ignores Ctrl-C, and whatever a test starts and stops so would ignore it too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What a program of ours compiled is kept for the next: compiling is more than half of what a start costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How many examples a property is tried with where its test does not say: a share here, many in torture. How
# long one may take is not asked, since machines are shared.
settings.register_profile("share", max_examples=50, deadline=None)
settings.register_profile("torture", max_examples=500, deadline=None)
settings.load_profile("torture" if os.environ.get(ROUNDS) else "share")


def pytest_collection_finish() -> None:
    """Thousands of tests are not looked through again at each collection of garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    end_loop()
    end_nursery()
    end_server()


@pytest.fixture(scope="session")
def torture_rounds() -> int:
    """How often a torture test repeats itself: a small share here, many in `make torture`."""
    return int(os.environ.get(ROUNDS, "2"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a story that could not be told is a failure, not a skip; so is whatever `needs` a tool.

    What is not part of the project (real lists, the corpus) or of the machine (no right to mount) may be
    missing there too.
    """
    report = yield
    told = not report.skipped or hasattr(report, "wasxfail")
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if os.environ.get(INSIST) and not told and (item.get_closest_marker("system") or why.startswith(WANTS)):
        report.outcome = "failed"
        report.longrepr = f"skipped, and {INSIST} lets nothing be skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The example school, running: one for all tests, which leave its policy and people as they were."""
    with running_demo(tmp_path_factory.mktemp("demo") / "state") as running:
        yield running
