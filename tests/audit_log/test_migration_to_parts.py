"""A log of before goes over into parts whole: every row, its seals, and totals that agree with the rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from audit_log.db import migrate, open_engine, reading, writing
from audit_log.rows import host_key

ROW = {
    "event_id": "0" * 26, "reference": "000-000", "at": "2026-11-22 10:00:00.000001", "kind": "request",
    "gate": "gate-1", "person_id": "p_anna", "role": "pupil", "filter_groups": '["upper-ks2"]',
    "classes": '["6B"]', "client_address": None, "method": "GET", "url": "https://news.bbc.co.uk/",
    "host": "news.bbc.co.uk", "category": "news", "list_id": "l", "entry": "bbc.co.uk", "verdict": "allow",
    "reason": "category-allowed", "rule": "access.news", "unblock_id": None, "policy_revision": "r",
    "decrypted": False, "status": 200, "bytes_up": 1, "bytes_down": 2, "duration_ms": 3, "outcome": "done",
    "opened_in": 1, "closed_in": 1,
}  # fmt: skip


@pytest.fixture
def of_before(fresh_url: str) -> Iterator[Engine]:
    """A database as the version before left it."""
    engine = open_engine(fresh_url)
    config = Config()
    config.set_main_option("script_location", "audit_log:migrations")
    config.set_main_option("path_separator", "os")
    with writing(engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0006")
    yield engine
    engine.dispose()


def keep(engine: Engine, *rows: dict[str, Any]) -> None:
    zone = "" if engine.dialect.name == "sqlite" else "+00"
    values = ", ".join(f":{name}" for name in ROW)
    with writing(engine) as conn:
        for number, changes in enumerate(rows):
            row = ROW | {"event_id": f"{number:026d}"} | changes
            row["at"] += zone
            conn.execute(text(f"INSERT INTO filtering_log ({', '.join(ROW)}) VALUES ({values})"), row)  # noqa: S608  # our own names


def test_every_row_goes_over_with_what_now_belongs_to_it(of_before: Engine) -> None:
    keep(of_before, {}, {"at": "2026-12-01 00:00:00.000000", "host": None, "role": None, "classes": "[]"})

    migrate(of_before)

    with reading(of_before) as conn:
        rows = conn.execute(
            text("SELECT l.*, w.classes AS w FROM filtering_log l JOIN who_set w ON w.id = l.who")
        )
        first, second = sorted(rows.mappings(), key=lambda row: row["event_id"])
    assert (first["host_key"], first["keep"], first["w"]) == (host_key("news.bbc.co.uk"), "earlier", '["6B"]')
    assert bool(first["page"])
    assert first["opened_in"] == 1
    assert (second["host_key"], second["w"]) == (None, "[]")


def test_the_totals_are_those_of_the_rows_and_count_no_opened_tunnel(of_before: Engine) -> None:
    tunnels = ({"decrypted": True}, {"decrypted": False}, {"outcome": "interrupted"}, {"outcome": None})
    keep(of_before, {}, {}, {"host": "www.bbc.co.uk"}, *({"kind": "connect"} | tunnel for tunnel in tunnels))

    migrate(of_before)

    with reading(of_before) as conn:
        assert conn.execute(text("SELECT requests, pages FROM rollup_hour")).all() == [(4, 4)]
        day = conn.execute(text("SELECT day, site, requests FROM rollup_day")).all()
    assert day == [("2026-11-22", "bbc.co.uk", 4)]


def test_an_empty_log_goes_over_empty(of_before: Engine) -> None:
    migrate(of_before)

    with reading(of_before) as conn:
        assert conn.scalar(text("SELECT count(*) FROM filtering_log")) == 0
