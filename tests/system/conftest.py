"""One school for the stories that leave it as they found it; those that break things build their own."""

from collections.abc import Iterator

import pytest

from tests.system.school import School, a_school


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with a_school(tmp_path_factory.mktemp("school")) as made:
        yield made
