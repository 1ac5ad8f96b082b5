"""A batch goes in once, whatever order its lines come in, and one odd record holds nobody up."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, table
from structlog.testing import capture_logs

from audit_log.db import migrate, open_engine, reading
from audit_log.intake_batch import BATCH, read_piece
from audit_log.intake_known import learn
from audit_log.recorder import Recorder
from audit_log.segments import segments
from audit_log.tables import filtering_log, filtering_seal, journal_aside, who_set
from tests.audit_log.records import (
    Record,
    a_close,
    a_live_gate,
    a_segment,
    a_whole,
    add_to,
    an_open,
    event_id,
)
from tests.builders import NOON


def moved(engine: Engine, folder: Path, *records: Record) -> int:
    """The new rows after one more segment with these records."""
    a_segment(folder, records, ns=len(segments(folder)) + 1, how="continued")
    return Recorder(engine, folder).run_once()


def outcomes(engine: Engine) -> dict[int, tuple[Any, ...]]:
    """(status, outcome) by number."""
    table = filtering_log.c
    with reading(engine) as conn:
        rows = conn.execute(select(table.event_id, table.status, table.outcome)).all()
    return {int(row.event_id): (row.status, row.outcome) for row in rows}


def aside(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        return {row.key: row.why for row in conn.execute(select(journal_aside))}


def test_an_open_and_its_close_are_one_row(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, an_open(1), a_close(1), an_open(2), a_whole(3)) == 3

    assert outcomes(engine) == {1: (200, "done"), 2: (None, "interrupted"), 3: (403, "done")}


def test_a_close_may_come_first(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_close(1, status=204), an_open(1))

    assert outcomes(engine) == {1: (204, "done")}


def test_a_close_may_come_first_and_long_before(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, a_close(1, status=204), an_open(2), a_close(2)) == 1
    assert aside(engine) == {f"{event_id(1)}:close": "closed before it was opened"}

    assert moved(engine, tmp_path, an_open(1)) == 1
    assert outcomes(engine) == {1: (204, "done"), 2: (200, "done")}
    assert aside(engine) == {}


def test_what_comes_twice_is_one_row(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, an_open(1), an_open(1), a_close(1), a_close(1)) == 1
    assert moved(engine, tmp_path, an_open(1), a_close(1)) == 0

    assert outcomes(engine) == {1: (200, "done")}


def test_a_close_that_comes_again_with_its_open_still_closes(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1)], how="continued")
    Recorder(engine, tmp_path).run_once()
    assert outcomes(engine) == {1: (None, "interrupted")}

    add_to(path, an_open(1), a_close(1))
    Recorder(engine, tmp_path).run_once()
    assert outcomes(engine) == {1: (200, "done")}


@pytest.mark.parametrize(
    "odd",
    [
        an_open(5, at=None, verdict=None),
        an_open(5) | {"at": "yesterday"},
        an_open(5) | {"groups": 9},
        an_open(5, verdict={"a": "dict"}),
        an_open(5, category="c" * 999 + "\0"),
        an_open(5, reason="nul\0"),
        an_open(5, rule="\ud800"),
        {"t": "no-such-thing", "id": "x\0y\ud800"},
        {"t": "no-such-thing"},
        {"t": "open"},
        {},
    ],
)
def test_an_odd_record_is_kept_aside_and_holds_nobody_up(engine: Engine, tmp_path: Path, odd: Record) -> None:
    moved(engine, tmp_path, an_open(1), odd, a_close(1), an_open(2), a_close(2))

    rows = outcomes(engine)
    assert (rows[1], rows[2]) == ((200, "done"), (200, "done"))
    assert (5 in rows) or len(aside(engine)) == 1, "SQLite takes some things that PostgreSQL does not"


@pytest.mark.parametrize(
    "odd", [{"status": {"a": 1}}, {"down": 2**70}, {"outcome": ["done"]}, {"status": "2OO"}]
)
def test_an_odd_close_is_kept_aside_and_its_row_stays(engine: Engine, tmp_path: Path, odd: Record) -> None:
    path = a_segment(tmp_path, [an_open(1), an_open(2)], how="continued")
    Recorder(engine, tmp_path).run_once()
    add_to(path, a_close(1, **odd), a_close(2))
    Recorder(engine, tmp_path).run_once()

    rows = outcomes(engine)
    assert rows[2] == (200, "done")
    assert rows[1][1] != "interrupted" or len(aside(engine)) == 1


def test_what_is_kept_aside_is_whole(engine: Engine, tmp_path: Path) -> None:
    odd = an_open(5, verdict={"a": "dict"}, url="\ud800\0")
    moved(engine, tmp_path, odd, a_close(5))

    with reading(engine) as conn:
        kept = json.loads(conn.scalar(select(journal_aside.c.record)) or "")
    assert kept == {"open": odd, "close": a_close(5)}


def test_a_batch_is_no_longer_than_a_transaction_should_be(tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(number) for number in range(BATCH + 10)])

    first = read_piece(segments(tmp_path)[0], 0)
    second = read_piece(segments(tmp_path)[0], first.end)
    assert (len(first.opens), len(second.opens)) == (BATCH - 1, 11)
    assert second.end == path.stat().st_size
    assert (first.new_process, second.new_process) == (True, False)


def test_another_record_with_the_same_id_is_kept_aside(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1), an_open(1, host="other.example"), a_close(1), a_close(1, status=500))

    assert outcomes(engine) == {1: (200, "done")}
    assert set(aside(engine).values()) == {"another record has this id"}
    assert len(aside(engine)) == 2


def test_what_two_gates_say_of_one_id_is_one_row_and_the_other_is_kept_aside(
    engine: Engine, tmp_path: Path
) -> None:
    a_segment(tmp_path, [an_open(1)], gate="gate-1")
    a_segment(tmp_path, [an_open(1)], gate="gate-2")

    assert Recorder(engine, tmp_path).run_once() == 1
    assert len(aside(engine)) == 1


@pytest.mark.parametrize("event_id", ["", "short", "x\0y", "\ud800", "9" * 200])
def test_a_close_of_no_event_is_kept_aside(engine: Engine, tmp_path: Path, event_id: str) -> None:
    assert moved(engine, tmp_path, an_open(1), a_close(1, id=event_id), a_close(1)) == 1

    assert outcomes(engine) == {1: (200, "done")}
    assert len(aside(engine)) == 1


@pytest.mark.parametrize(
    "at", ["2026-02-30T12:00:00.000000Z", "2026-11-24T25:00:00.000000Z", "0000-11-24T12:00:00.000000Z"]
)
def test_a_time_that_never_was_is_kept_aside(engine: Engine, tmp_path: Path, at: str) -> None:
    assert moved(engine, tmp_path, an_open(1), an_open(2) | {"at": at}) == 1

    (why,) = aside(engine).values()
    assert "not a time" in why


def rows(engine: Engine) -> list[Any]:
    with reading(engine) as conn:
        return list(conn.execute(select(filtering_log).order_by(filtering_log.c.event_id)))


def test_a_row_knows_its_derived_columns(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1), an_open(2), an_open(3, host=None, role=None, groups=[], classes=[]))

    first, second, third = rows(engine)
    assert (first.host_key, third.host_key) == ("example.bbc.news.", None)
    with reading(engine) as conn:
        sets = {row.id: (row.role, row.filter_groups, row.classes) for row in conn.execute(select(who_set))}
    assert sets == {first.who: ("pupil", ("upper-ks2",), ("6B",)), third.who: ("", (), ())}
    assert first.who == second.who


def test_a_row_keeps_terms_page_and_how_long_it_is_kept(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1, terms="rivers of wales", page=False, keep="pupils"), an_open(2))

    assert [(r.search_terms, r.page, r.keep) for r in rows(engine)] == [
        ("rivers of wales", False, "pupils"),
        (None, True, "everyone"),
    ]


ODD_TEXT = 'tab\t newline\n return\r backslash \\N \\. quote" pipe| \x07 ünï ∀ 🦉'


def test_odd_text_is_stored_as_it_came(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1, rule=ODD_TEXT, terms="\\N", entry="\\."), an_open(2, rule="\\N"))

    assert [(r.rule, r.search_terms) for r in rows(engine)] == [(ODD_TEXT, "\\N"), ("\\N", None)]


def test_rows_of_two_days_and_two_months_lie_in_their_tables(engine: Engine, tmp_path: Path) -> None:
    times = [datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)]
    records = [an_open(number, at=at) for number, at in enumerate(times)]
    moved(engine, tmp_path, *records, a_close(0), a_close(1))

    names = {"sqlite": ("2026_11", "2026_12"), "postgresql": ("20261130", "20261201")}[engine.dialect.name]
    with reading(engine) as conn:
        counts = [
            conn.scalar(select(func.count()).select_from(table(f"filtering_log_{name}"))) for name in names
        ]
    assert counts == [1, 1]


def test_closings_of_several_days_find_their_rows(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(
        tmp_path, [an_open(n, at=NOON + timedelta(days=12 * n)) for n in range(6)], how="continued"
    )
    Recorder(engine, tmp_path).run_once()
    add_to(path, *[a_close(n) for n in range(6)])
    Recorder(engine, tmp_path).run_once()

    assert outcomes(engine) == dict.fromkeys(range(6), (200, "done"))


def seals(engine: Engine) -> list[Any]:
    with reading(engine) as conn:
        return list(conn.execute(select(filtering_seal).order_by(filtering_seal.c.seq)))


def test_a_batch_has_a_seal_for_each_part(engine: Engine, tmp_path: Path) -> None:
    late = NOON + timedelta(days=1)
    moved(engine, tmp_path, an_open(1, keep="pupils"), an_open(2, keep="adults"), an_open(3, at=late))

    assert {seal.part for seal in seals(engine)} == {
        "pupils/2026-11-24",
        "adults/2026-11-24",
        "everyone/2026-11-25",
    }
    opened = {row.opened_in: f"{row.keep}/{row.at.date()}" for row in rows(engine)}
    assert opened == {seal.seq: seal.part for seal in seals(engine)}


def test_a_closing_is_sealed_under_the_part_of_its_row(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1, keep="pupils")], how="continued")
    Recorder(engine, tmp_path).run_once()
    add_to(path, a_close(1), an_open(2, keep="adults"))
    Recorder(engine, tmp_path).run_once()

    parts = {seal.seq: seal.part for seal in seals(engine)}
    (row, _) = rows(engine)
    assert parts[row.closed_in] == "pupils/2026-11-24"
    assert row.closed_in > row.opened_in


def test_a_part_of_which_every_row_is_refused_has_no_seal(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, an_open(1, keep="a" * 80, rule="\ud800"), an_open(2), an_open(3, keep="adults"))

    assert [seal.seq for seal in seals(engine)] == [1, 2], "numbers have no gaps"
    assert {seal.part for seal in seals(engine)} == {"everyone/2026-11-24", "adults/2026-11-24"}


def test_the_time_of_a_seal_never_goes_back(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1)], how="continued")
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    add_to(path, an_open(2))
    Recorder(engine, tmp_path, clock=lambda: NOON - timedelta(hours=1)).run_once()
    add_to(path, an_open(3))
    Recorder(engine, tmp_path, clock=lambda: NOON + timedelta(hours=1)).run_once()

    times = [datetime.fromisoformat(json.loads(seal.entry)["at"]) for seal in seals(engine)]
    assert times == [NOON, NOON, NOON + timedelta(hours=1)]


def test_the_quick_way_and_the_careful_one_store_the_same(engine: Engine, tmp_path: Path) -> None:
    records = [an_open(1), an_open(2, kind="connect"), a_whole(3), a_close(1), an_open(4)]
    moved(engine, tmp_path, *records)
    quick = [tuple(row) for row in rows(engine)], [seal.entry for seal in seals(engine)]
    odd = an_open(9) | {"at": "9999-12-31T12:00:00.000000Z"}  # no table goes as far as that
    other = open_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    migrate(other)
    (tmp_path / "careful").mkdir()
    with capture_logs() as said:
        moved(other, tmp_path / "careful", *records, odd)
    careful = [tuple(row) for row in rows(other)], [seal.entry for seal in seals(other)]
    other.dispose()

    assert "batch.again" in [line["event"] for line in said]
    assert careful[0] == quick[0]
    assert without_time(careful[1]) == without_time(quick[1])


def without_time(entries: list[str]) -> list[dict[str, Any]]:
    return [json.loads(entry) | {"at": None, "from": None} for entry in entries]


def test_what_is_open_is_known_again_after_a_start(engine: Engine, tmp_path: Path) -> None:
    with a_live_gate(tmp_path) as write:
        write(an_open(1, kind="connect"), an_open(2), a_close(2))
        recorder = Recorder(engine, tmp_path)
        recorder.run_once()
        with reading(engine) as conn:
            known = learn(conn)

    assert recorder._known is not None
    assert known.open == recorder._known.open
    assert list(known.open) == [event_id(1)]
