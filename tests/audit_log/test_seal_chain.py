"""The chain of the seals is followed link by link, and can be gone on with where it was left."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from audit_log.db import reading
from audit_log.fault import Fault
from audit_log.recorder import Recorder
from audit_log.seal_chain import Chain, parsed
from audit_log.sealed_lines import HourLine
from audit_log.streaming import streaming
from tests.audit_log.records import a_segment, a_whole, add_to
from tests.builders import NOON

SOUND = {
    "seq": 3, "at": "2026-11-24T12:00:00.000000Z", "part": "pupils/2026-11-24",
    "opened": 1, "opened_root": "aa", "closed": 0, "closed_root": "bb",
}  # fmt: skip


def store(engine: Engine, folder: Path, *numbers: int) -> None:
    """A seal for each."""
    path = folder / "path"
    journal = Path(path.read_text()) if path.exists() else a_segment(folder, [])
    path.write_text(str(journal))
    for number in numbers:
        add_to(journal, a_whole(number))
        Recorder(engine, folder, clock=lambda: NOON).run_once()


def test_a_check_goes_on_where_it_was_left(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path, 1, 2)
    chain = Chain({})
    with reading(engine) as conn:
        chain.follow(conn)
    assert (chain.seq, chain.parts) == (2, {"everyone/2026-11-24"})
    store(engine, tmp_path, 3)
    with reading(engine) as conn:
        chain.follow(conn)

    assert chain.seq == 3


def test_a_seal_says_what_it_holds() -> None:
    assert parsed(json.dumps(SOUND), 3).part == "pupils/2026-11-24"
    with pytest.raises(Fault, match="was sealed as 3"):
        parsed(json.dumps(SOUND), 4)


@pytest.mark.parametrize("change", [{"opened": "1"}, {"part": 7}, {"closed": None}, {"seq": None}])
def test_a_seal_of_another_shape_is_none(change: dict[str, object]) -> None:
    with pytest.raises(Fault, match=r"is not a seal|was sealed as"):
        parsed(json.dumps(SOUND | change), 3)


def an_hour(seq: int, hour: int, first: int | None, last: int | None) -> HourLine:
    start = NOON + timedelta(hours=hour)
    return HourLine(seq, start, start + timedelta(hours=1), first, last, 0, 0, "")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([an_hour(1, 0, 2, 3)], "begins with seal 2, and not with 1"),
        ([an_hour(1, 0, 1, 3), an_hour(2, 2, 4, 4)], "nothing tells of the time from 24 November 2026 13:00"),
        ([an_hour(1, 0, 3, 1)], "begins with seal 3"),
        ([an_hour(1, 0, None, None)], "contradicts itself"),
    ],
)
def test_hours_that_do_not_follow_each_other_are_told(lines: list[HourLine], says: str) -> None:
    with pytest.raises(Fault, match=says):
        Chain({}, lines)


def test_a_long_answer_is_closed_when_the_reader_stops(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path, 1, 2)
    with reading(engine) as conn, streaming(conn, text("SELECT seq FROM filtering_seal"), at_once=1) as rows:
        assert next(iter(rows)).seq == 1
