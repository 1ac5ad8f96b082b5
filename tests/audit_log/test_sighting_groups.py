"""What one person did of one kind in one hour is told once; nothing is lost, and nothing told twice."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from structlog.testing import capture_logs

from audit_log.db import reading
from audit_log.recorder import Recorder
from audit_log.sighting_groups import MOST_TOLD, ToldOnce, groups, tried_since
from audit_log.sightings import sightings
from tests.audit_log.records import a_segment, a_whole
from tests.audit_log.test_sightings import CIRCUMVENTION, a_hit
from tests.builders import NOON

FLOOD = [a_whole(number, **CIRCUMVENTION) for number in range(1, 61)]


def test_sixty_ways_round_in_a_minute_are_sixty_sightings_one_group_and_one_line(
    engine: Engine, tmp_path: Path
) -> None:
    a_segment(
        tmp_path, [*FLOOD, a_whole(61, **CIRCUMVENTION | {"entry": "dns-over-https"}), a_hit(62), a_hit(63)]
    )
    with capture_logs() as said:
        Recorder(engine, tmp_path).run_once()

    told = [each["kind"] for each in said if each["event"] == "sighting.recorded"]
    assert sorted(told) == ["circumvention", "circumvention", "illegal-content", "illegal-content"]
    with reading(engine) as conn:
        assert len(sightings(conn, 100)) == 63
        found = groups(conn, 100)
        assert tried_since(conn, NOON) == {"circumvention": 1, "illegal-content": 1}
    assert [each.times for each in found] == [1, 1, 61]
    assert found[-1].last_at - found[-1].first.at == timedelta(seconds=60)


def test_pages_of_groups_meet_each_sighting_once(engine: Engine, tmp_path: Path) -> None:
    apart = [a_whole(number * 600 + 1, **CIRCUMVENTION) for number in range(40)]
    a_segment(tmp_path, apart)
    Recorder(engine, tmp_path).run_once()

    met, after = [], None
    with reading(engine) as conn:
        while page := groups(conn, 2, after):
            met += page
            after = page[-1].first.at, page[-1].first.id
        whole = groups(conn, 100)
        upto = NOON + timedelta(minutes=90)
        early, late = groups(conn, 100, between=(None, upto)), groups(conn, 100, between=(upto, None))
    assert met == whole
    assert sum(each.times for each in met) == 40
    assert sum(each.times for each in (*early, *late)) == 40


def test_where_there_is_none_there_is_no_group(engine: Engine) -> None:
    with reading(engine) as conn:
        assert groups(conn, 10) == []
        assert tried_since(conn, NOON) == {}


def test_what_was_told_is_forgotten_at_last() -> None:
    told = ToldOnce()
    assert all(told.is_new(("circumvention", number)) for number in range(MOST_TOLD))
    assert not told.is_new(("circumvention", 1))
    assert told.is_new(("circumvention", MOST_TOLD))
    assert told.is_new(("circumvention", 1))
