"""A school for each test, copied from one that is built once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from audit_log.db import writing
from audit_log.people import set_password
from tests.audit_api.listed import ListedSchool
from tests.audit_api.school import HASHER, School, build_school, console_password, copy_of
from tests.builders import NOON
from tests.change_control.listed import build_listed, copy_of_listed


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, copied for each test: argon2 is slow on purpose."""
    state = tmp_path_factory.mktemp("window") / "state"
    build_school(state)
    return state


@pytest.fixture(scope="session")
def listed_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with lists on its disk, founded, with everybody enrolled, and its lists agreed on by two."""
    folder = tmp_path_factory.mktemp("listed") / "school"
    made = build_listed(folder)
    school = ListedSchool(made.desk)
    with writing(school.desk.engine) as conn:
        hashed = HASHER.hash(console_password("gail"))
        set_password(conn, school.person("gail").id, "console", hashed, NOON - timedelta(days=1))
    school.agree()
    school.desk.engine.dispose()
    return folder


@pytest.fixture
def listed(listed_template: Path, tmp_path: Path) -> Iterator[ListedSchool]:
    desk = copy_of_listed(listed_template, tmp_path / "school").desk
    yield ListedSchool(desk)
    desk.engine.dispose()


@pytest.fixture
def school(template: Path, tmp_path: Path) -> Iterator[School]:
    desk = copy_of(template, tmp_path / "state")
    yield School(desk)
    desk.engine.dispose()
