"""How the canaries stand: the newest row of each, what fails first."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from audit_log.canaries import DOMAIN, UNLISTED, latest, newest
from audit_log.db import reading
from audit_log.recorder import Recorder
from proxy_addon import watch_proof
from tests.audit_log.records import Record, a_segment, a_whole
from tests.audit_log.test_kinds_beside_requests import CANARY
from tests.builders import NOON

HOUR = timedelta(hours=1)


def a_canary(number: int, about: str | None, group: str = "staff", **changes: object) -> Record:
    host = f"c-{about or 'unlisted'}.{DOMAIN}"
    return a_whole(number) | CANARY | {"groups": [group], "category": about, "host": host} | changes


def test_the_newest_of_each_counts_and_what_fails_comes_first(engine: Engine, tmp_path: Path) -> None:
    records = [
        a_canary(1, "gambling"),
        a_canary(2, "gambling", "guests"),
        a_canary(3, None, host=f"unlisted.{DOMAIN}"),
        a_canary(4, "education", host="bbc.example"),
        a_canary(5, "gambling", outcome="failed", rule="expected block"),
        a_canary(6, "gambling", "guests", outcome="failed"),
        a_canary(7, "gambling", "guests"),
        a_canary(8, "child-sexual-abuse", host=None, rule="block (illegal) access.child-sexual-abuse"),
        a_whole(9),
    ]
    a_segment(tmp_path, records)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    with reading(engine) as conn:
        found = latest(conn, HOUR)
        assert newest(conn) == NOON + timedelta(seconds=8)
    assert [(one.group, one.about, one.is_check, one.works) for one in found] == [
        ("staff", "gambling", False, False),
        ("guests", "gambling", False, True),
        ("staff", "child-sexual-abuse", False, True),
        ("staff", UNLISTED, False, True),
        ("staff", "bbc.example", True, True),
    ]
    assert found[0].rule == "expected block"
    assert {one.about for one in found if one.reason == "illegal"} == {"child-sexual-abuse"}


def test_what_was_asked_long_ago_is_not_how_it_stands(engine: Engine, tmp_path: Path) -> None:
    old = a_canary(1, "gambling") | {"at": "2026-11-24T09:00:00.000000Z"}
    a_segment(tmp_path, [old, a_canary(2, "education")])
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    with reading(engine) as conn:
        assert [one.about for one in latest(conn, HOUR)] == ["education"]


def test_where_none_ran_there_is_none(engine: Engine) -> None:
    with reading(engine) as conn:
        assert (newest(conn), latest(conn, HOUR)) == (None, [])


def test_the_gate_names_the_made_up_sites_as_they_are_read_here() -> None:
    assert DOMAIN == watch_proof.CANARIES
