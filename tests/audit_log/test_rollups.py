"""The totals that reports read are what counting the rows would give, without counting them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import Engine, select

from audit_log.db import open_engine, reading
from audit_log.recorder import Recorder
from audit_log.tables import rollup_day, rollup_hour
from tests.audit_log.conftest import empty_again
from tests.audit_log.journals import Story, play, stories, totals_kept, totals_of_rows
from tests.audit_log.records import Record, a_close, a_segment, a_whole, add_to, an_open
from tests.builders import NOON


def moved(engine: Engine, folder: Path, *records: Record) -> Recorder:
    a_segment(folder, records, how="continued")
    recorder = Recorder(engine, folder)
    recorder.run_once()
    return recorder


def requests(engine: Engine) -> int:
    with reading(engine) as conn:
        return sum(row.requests for row in conn.execute(select(rollup_hour)))


@settings(max_examples=60, deadline=None)
@given(story=stories)
def test_totals_are_what_counting_the_rows_gives_on_sqlite(
    empty_log: Callable[[], Path], story: Story
) -> None:
    folder = empty_log()
    play(story, f"sqlite:///{folder / 'log.sqlite'}", folder)
    engine = open_engine(f"sqlite:///{folder / 'log.sqlite'}")
    kept, counted = totals_kept(engine), totals_of_rows(engine)
    engine.dispose()
    assert kept == counted


@settings(max_examples=15, deadline=None)
@given(story=stories)
def test_totals_are_what_counting_the_rows_gives_on_postgresql(
    postgresql_with_tables: str, tmp_path_factory: pytest.TempPathFactory, story: Story
) -> None:
    engine = open_engine(postgresql_with_tables)
    try:
        play(story, postgresql_with_tables, tmp_path_factory.mktemp("journal"))
        assert totals_kept(engine) == totals_of_rows(engine)
    finally:
        engine.dispose()
        empty_again(postgresql_with_tables)


def test_an_hour_tells_group_category_verdict_and_list(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1), an_open(2, page=False), a_whole(3, list=None, groups=["a", "b"]))

    with reading(engine) as conn:
        found = {tuple(row) for row in conn.execute(select(rollup_hour))}
    hour = NOON.replace(minute=0, second=0, microsecond=0)
    assert found == {
        (hour, ("upper-ks2",), "education", "allow", "starter-education", 2, 1),
        (hour, ("a", "b"), "gambling", "block", "", 1, 1),
    }


def test_a_day_tells_the_site_and_not_each_host(engine: Engine, tmp_path: Path) -> None:
    hosts: list[Any] = ["www.bbc.co.uk", "news.bbc.co.uk", "127.0.0.1", None]
    moved(engine, tmp_path, *[an_open(number, host=host) for number, host in enumerate(hosts)])

    with reading(engine) as conn:
        found = {(row.day, row.site): row.requests for row in conn.execute(select(rollup_day))}
    day = NOON.date().isoformat()
    assert found == {(day, "bbc.co.uk"): 2, (day, "127.0.0.1"): 1, (day, ""): 1}


def test_a_connect_that_was_decrypted_is_no_request(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1, kind="connect"), a_close(1, decrypted=True), an_open(2), a_close(2))

    assert requests(engine) == 1


def test_a_connect_counts_when_it_closes_in_the_hour_in_which_it_was_opened(
    engine: Engine, tmp_path: Path
) -> None:
    path = a_segment(tmp_path, [an_open(1, kind="connect")], how="continued")
    Recorder(engine, tmp_path).run_once()
    assert requests(engine) == 0, "interrupted, as far as anybody knows"

    add_to(path, a_close(1, at=(NOON + timedelta(hours=3)).isoformat(), decrypted=False))
    Recorder(engine, tmp_path).run_once()
    with reading(engine) as conn:
        (hour,) = conn.scalars(select(rollup_hour.c.hour))
    assert (hour, requests(engine)) == (NOON.replace(minute=0, second=0, microsecond=0), 1)


def test_a_connect_that_is_answered_at_once_counts_at_once(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_whole(1, kind="connect"))

    assert requests(engine) == 1


def test_what_comes_again_is_not_counted_again(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1), a_close(1))
    a_segment(tmp_path, [an_open(1), a_close(1), an_open(2)], ns=2)
    Recorder(engine, tmp_path).run_once()

    assert requests(engine) == 2


def test_what_cannot_be_a_row_is_not_counted(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1), an_open(2, verdict="maybe" * 9 + "\0\ud800"), a_close(2))

    assert requests(engine) == 1


def test_the_last_instant_of_an_hour_is_in_it(engine: Engine, tmp_path: Path) -> None:
    late = datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC)
    moved(engine, tmp_path, an_open(1, at=late), an_open(2, at=late + timedelta(microseconds=1)))

    with reading(engine) as conn:
        hours = sorted(conn.scalars(select(rollup_hour.c.hour)))
        days = sorted(conn.scalars(select(rollup_day.c.day)))
    assert hours == [late.replace(minute=0, second=0, microsecond=0), late + timedelta(microseconds=1)]
    assert days == ["2026-11-30", "2026-12-01"]
