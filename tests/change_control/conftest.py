"""A school for each test, copied from one that is built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from change_control.desk import Desk
from tests.change_control.listed import Listed, build_listed, copy_of_listed
from tests.change_control.school import a_founded_desk, build_school, copy_of


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, copied for each test: argon2 is slow on purpose."""
    state = tmp_path_factory.mktemp("school") / "state"
    build_school(state)
    return state


@pytest.fixture
def desk(school: Path, tmp_path: Path) -> Iterator[Desk]:
    copied = copy_of(school, tmp_path / "state")
    yield copied
    copied.engine.dispose()


@pytest.fixture
def founded(tmp_path: Path) -> Iterator[tuple[Desk, dict[str, str]]]:
    """Two people and their codes; nobody has enrolled."""
    made, codes = a_founded_desk(tmp_path / "state")
    yield made, codes
    made.engine.dispose()


@pytest.fixture(scope="session")
def listed_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed") / "school"
    build_listed(folder).desk.engine.dispose()
    return folder


@pytest.fixture
def listed(listed_school: Path, tmp_path: Path) -> Iterator[Listed]:
    """With lists that change; nobody has agreed on them yet."""
    school = copy_of_listed(listed_school, tmp_path / "listed")
    yield school
    school.desk.engine.dispose()
