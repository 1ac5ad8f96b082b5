"""Whatever is asked for, in pages of any size and at any pace: what is there is found, once, newest first."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert

from audit_log.corrections import Correction
from audit_log.db import open_engine, reading, writing
from audit_log.filtering_log import Filter, count, counted, stream
from audit_log.parts import ensure
from audit_log.search_filter import sought
from audit_log.search_walk import STEADY, Key, Pace, Walk, spans
from audit_log.tables import correction
from tests.audit_log.log_rows import (
    START,
    WHOS,
    Row,
    a_row,
    found_by,
    store,
    the_corrections,
    the_filters,
    the_rows,
)

# So small that a handful of rows is many.
HASTY = Pace(sample=3, few=1, hosts=2, terms=1, first=timedelta(hours=1), most=20)
PACES = st.sampled_from((STEADY, HASTY, Pace(sample=4, few=2, hosts=9, terms=2)))


def agree(conn: Connection, found: list[Correction]) -> list[Correction]:
    """Each a second after the one before."""
    agreed = [
        {name: getattr(each, name) for name in Correction.__slots__}
        | {"id": f"c{number}", "agreed_at": START + timedelta(seconds=number)}
        for number, each in enumerate(found)
    ]
    if agreed:
        conn.execute(insert(correction), agreed)
    return [Correction(**each) for each in agreed]


def pages(conn: Connection, what: Filter, limit: int, pace: Pace) -> Iterator[list[str]]:
    """One after the other, to the last."""
    after: Key | None = None
    while True:
        walk = Walk(conn, sought(conn, what), ("event_id", "at"), pace)
        rows = walk.older(limit, after)
        yield [row.event_id for row in rows]
        if len(rows) == limit:
            after = rows[-1].at, rows[-1].event_id
        elif walk.stopped_at is not None:
            after = walk.stopped_at, ""
        else:
            return


@settings(max_examples=60, deadline=None)
@given(
    rows=the_rows(),
    late=the_rows(first=100, most=5),
    agreed=the_corrections(),
    what=the_filters(),
    limit=st.integers(1, 7),
    pace=PACES,
)
def test_the_pages_of_any_filter_are_what_fits_it_whatever_comes_in_between(  # noqa: PLR0917  # all drawn
    empty_log: Callable[[], Path],
    rows: list[Row],
    late: list[Row],
    agreed: list[Correction],
    what: Filter,
    limit: int,
    pace: Pace,
) -> None:
    engine = open_engine(f"sqlite:///{empty_log() / 'log.sqlite'}")
    with writing(engine) as conn:
        store(conn, rows)
        known = agree(conn, agreed)
    coming = iter(late)

    def arrive() -> None:
        with writing(engine) as conn:
            store(conn, [row for row in [next(coming, None)] if row])

    found = []
    with engine.connect() as conn:
        for page in pages(conn, what, limit, pace):
            found += page
            conn.rollback()
            arrive()
    engine.dispose()

    there = found_by(what, rows, known)
    assert [each for each in found if each in set(there)] == there
    assert found == [each for each in found_by(what, [*rows, *late], known) if each in set(found)]


def test_postgresql_finds_the_same(postgresql_engine: Engine) -> None:
    with writing(postgresql_engine) as conn:
        ensure(conn, [START.date() + timedelta(days=number) for number in range(5)])

    @settings(max_examples=25, deadline=None)
    @given(rows=the_rows(), agreed=the_corrections(), what=the_filters(), limit=st.integers(1, 7), pace=PACES)
    def finds_what_fits(
        rows: list[Row], agreed: list[Correction], what: Filter, limit: int, pace: Pace
    ) -> None:
        with postgresql_engine.connect() as conn, conn.begin() as undone:
            store(conn, rows)
            known = agree(conn, agreed)
            assert [each for page in pages(conn, what, limit, pace) for each in page] == found_by(
                what, rows, known
            )
            assert count(conn, what) == len(found_by(what, rows, known))
            undone.rollback()

    finds_what_fits()


@settings(max_examples=40, deadline=None)
@given(rows=the_rows(), agreed=the_corrections(), what=the_filters(), pace=PACES)
def test_what_is_counted_some_at_a_time_is_all_of_it(
    empty_log: Callable[[], Path], rows: list[Row], agreed: list[Correction], what: Filter, pace: Pace
) -> None:
    engine = open_engine(f"sqlite:///{empty_log() / 'log.sqlite'}")
    with writing(engine) as conn:
        store(conn, rows)
        known = agree(conn, agreed)
    found, before = 0, None
    while True:
        with reading(engine) as conn:
            of = sought(conn, what)
            walk = Walk(conn, of, (), pace)
            found += walk.count(before)
        if (before := walk.stopped_at) is None:
            break

    assert found == counted(engine, of) == len(found_by(what, rows, known))
    engine.dispose()


@pytest.mark.parametrize(
    "what",
    [
        Filter(reason="site-allowed"),
        Filter(reason="site-allowed", pages_only=True),
        Filter(reason="site-allowed", class_name="6B"),
        Filter(reason="site-allowed", category="news"),
        Filter(person_id="p_anna", host="none.test"),
        Filter(person_id="p_anna", reason="site-allowed"),
    ],
)
def test_a_page_ends_when_enough_was_looked_at_on_whichever_path(engine: Engine, what: Filter) -> None:
    days = [START + timedelta(hours=n) for n in range(60)]
    with writing(engine) as conn:
        store(conn, [a_row(n, at, **A_PAGE | {"category": "news"}) for n, at in enumerate(days)])
    pace = Pace(sample=2, most=30)

    with reading(engine) as conn:
        walk = Walk(conn, sought(conn, what), ("event_id", "at"), pace)
        assert walk.older(10) == []
        looked, stopped = walk._looked, walk.stopped_at
    if what.host is None:  # that there is no such host is known at once
        assert stopped is not None
        assert stopped > days[0]
        assert looked <= 3 * 30


def test_a_stream_is_all_of_it_and_its_count_is_known_before(sqlite_engine: Engine) -> None:
    rows = [a_row(n, START + timedelta(hours=n), **A_PAGE) for n in range(90)]
    with writing(sqlite_engine) as conn:
        store(conn, rows)

    with reading(sqlite_engine) as conn:
        what = Filter(class_name="6B", to_at=START + timedelta(hours=70))
        assert [row.event_id for row in stream(conn, what)] == found_by(what, rows, [])
        assert count(conn, what) == 70


def test_what_is_sought_is_looked_for_along_the_shortest_path(sqlite_engine: Engine) -> None:
    """Of a thousand rows of a class one is news: nobody reads the thousand."""
    rows = [a_row(n, START, **A_PAGE | {"category": "news" if n == 500 else None}) for n in range(1000)]
    with writing(sqlite_engine) as conn:
        store(conn, rows)

    with reading(sqlite_engine) as conn:
        walk = Walk(conn, sought(conn, Filter(class_name="6B", category="news")), ("event_id", "at"))
        path, _ = walk._best(next(spans(conn, walk.of, None)))

    assert path is not None
    assert path.index == "category"


@pytest.mark.parametrize(
    ("what", "index"),
    [
        (Filter(), "at"),
        (Filter(pages_only=True), "shown"),
        (Filter(verdict="block"), "shown"),
        (Filter(kind="connect", verdict="block"), "at"),
        (Filter(kind="handshake"), "kind"),
        (Filter(reason="locked"), "reason"),
        (Filter(reason="category-allowed"), "at"),
        (Filter(class_name="6B"), "who"),
        (Filter(class_name="6B", pages_only=True), "shown_who"),
        (Filter(person_id="p_anna"), "person"),
        (Filter(host="example"), "host"),
        (Filter(host_exact="bbc.example", verdict="block"), "shown_host"),
        (Filter(category="news", verdict="allow"), "category"),
        (Filter(search_terms="rivers"), "terms"),
        (Filter(unblock_id="u_1", person_id="p_anna"), "unblock"),
        (Filter(reference="000-001", class_name="6B"), "reference"),
    ],
)
def test_each_filter_has_a_path(sqlite_engine: Engine, what: Filter, index: str) -> None:
    row = a_row(1, START, **A_PAGE | {"unblock_id": "u_1"})
    many = [a_row(n, START, **A_PAGE | {"host": f"h{n}.test"}) for n in range(2, 9)]
    with writing(sqlite_engine) as conn:
        store(conn, [row, *many])

    with reading(sqlite_engine) as conn:
        walk = Walk(conn, sought(conn, what), ("event_id", "at"))
        path, window = walk._best(next(spans(conn, walk.of, None)))
        if path is not None:
            walk._read(path, window, 10, None)  # SQLite refuses an index that does not serve the question

    assert path is None or path.index == index


A_PAGE = {
    "whose": WHOS[0],
    "person_id": "p_anna",
    "host": "bbc.example",
    "kind": "request",
    "category": None,
    "verdict": "allow",
    "reason": "category-allowed",
    "page": True,
    "client_address": None,
}
