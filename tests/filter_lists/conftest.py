"""What several tests of the lists use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.filter_lists.list_school import School
from tests.filter_lists.list_server import a_list_server


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with a_list_server(tmp_path) as server:
        yield School(tmp_path, server)
