"""A school for each test, copied from one that is built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit_api.school import School, build_school, copy_of


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, copied for each test: argon2 is slow on purpose."""
    state = tmp_path_factory.mktemp("window") / "state"
    build_school(state)
    return state


@pytest.fixture
def school(template: Path, tmp_path: Path) -> Iterator[School]:
    desk = copy_of(template, tmp_path / "state")
    yield School(desk)
    desk.engine.dispose()
