"""What reports read is counted again from the rows of each day."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit_log.day_totals import difference, less, totals_hash
from tests.audit_log.attacks import attack, store


@pytest.fixture
def log(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    store(engine, tmp_path)
    without_guards(engine)
    return engine


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE rollup_day SET requests = requests + 1",
        "UPDATE rollup_day SET pages = pages - 1",
        "UPDATE rollup_hour SET requests = 0",
        "UPDATE rollup_hour SET verdict = 'allow'",
        "DELETE FROM rollup_day WHERE verdict = 'block'",
        "UPDATE rollup_day SET day = '2026-11-25'",
        "INSERT INTO rollup_day VALUES ('2026-10-01', 'a.example', '[]', 'allow', 1, 1)",
    ],
)
def test_totals_that_are_not_what_the_rows_say_are_found(log: Engine, change: str) -> None:
    found = attack(log, change)

    assert found.says.startswith("The totals of ")
    assert not found.whole


def test_what_came_late_is_taken_off_and_nothing_counts_as_nothing() -> None:
    before = Counter({("day", "2026-11-24", "bbc.example", "[]", "allow", "requests"): 2})
    late = Counter({("day", "2026-11-24", "new.example", "[]", "allow", "requests"): 1})

    assert totals_hash(less(before + late, late)) == totals_hash(before)
    assert totals_hash(before) != totals_hash(late)


def test_the_first_difference_is_told_in_words() -> None:
    one = Counter({("day", "2026-11-24", "bbc.example", "[]", "allow", "requests"): 2})

    assert difference(one, Counter(one)) is None
    assert difference(one, Counter()) == (
        "2 requests are counted for day 2026-11-24, site bbc.example, filter_groups [], verdict allow,"
        " and the rows have 0"
    )
