"""What the recorder says of itself can be read, or it has said nothing."""

import json
from pathlib import Path

import pytest

from audit_log.heartbeat import HEARTBEAT, JOURNAL, Heartbeat, Stopped, read_heartbeat
from tests.builders import NOON

SAID = {"at": NOON.isoformat(), "sql": "ok", "behind_bytes": 3, "damaged_bytes": 0}
PLACES = [
    {"segment": "gate-2-00000000000000000001.journal", "offset": 10, "resume": 25},
    {"segment": "gate-1-00000000000000000001.journal", "offset": 70, "resume": 75},
]


def say(state: Path, text: str) -> None:
    (state / JOURNAL).mkdir(exist_ok=True)
    (state / JOURNAL / HEARTBEAT).write_text(text)


def test_an_older_recorder_says_nothing_of_damage(tmp_path: Path) -> None:
    say(tmp_path, json.dumps(SAID))

    assert read_heartbeat(tmp_path) == Heartbeat(NOON, sql_away=False, behind_bytes=3, damaged_bytes=0)


def test_the_places_where_it_stopped_come_in_order(tmp_path: Path) -> None:
    say(tmp_path, json.dumps(SAID | {"sql": "away", "stopped": PLACES}))

    told = read_heartbeat(tmp_path)

    assert told is not None
    assert told.sql_away
    assert [(each.segment[:6], each.bytes) for each in told.stopped] == [("gate-1", 5), ("gate-2", 15)]
    assert told.stopped[0] == Stopped("gate-1-00000000000000000001.journal", 70, 75)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '"ok"', json.dumps(SAID | {"stopped": 7}), json.dumps(SAID | {"stopped": ["here"]})],
)
def test_what_cannot_be_read_is_nothing_said(tmp_path: Path, text: str) -> None:
    say(tmp_path, text)

    assert read_heartbeat(tmp_path) is None


def test_no_recorder_was_ever_there(tmp_path: Path) -> None:
    assert read_heartbeat(tmp_path) is None
