"""When a checkpoint has to go, when one is late, and a folder in which nothing is ever written over."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.checkpoint import Signed, write_note
from change_control.checkpoint_delivery import (
    FOLDER,
    OVERDUE,
    RETRY,
    Delivery,
    DeliveryError,
    Known,
    is_due,
    is_overdue,
    newest_file,
    this_morning,
    write_to_folder,
)
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LONDON = ZoneInfo("Europe/London")
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # bounds
OCCASION = NOON - timedelta(hours=6)


HERE = Known(KEY.public_key(), lambda sizes: dict.fromkeys(sizes, bytes(32)))  # a log of such roots


def a_note(size: int, root: bytes = bytes(32)) -> Signed:
    return Signed(size, NOON, write_note(size, root, KEY))


def tried(at: datetime | None, tried_at: datetime, fault: str | None = None) -> Delivery:
    return Delivery(FOLDER, 9, at, tried_at, fault)


@given(INSTANTS, st.sampled_from(["Europe/London", "Pacific/Chatham", "America/St_Johns", "UTC"]))
def test_this_morning_is_six_o_clock_at_school_and_less_than_a_long_day_ago(now: datetime, zone: str) -> None:
    school = ZoneInfo(zone)
    morning = this_morning(school, now)

    assert (morning.astimezone(school).hour, morning.astimezone(school).minute) == (6, 0)
    assert timedelta(0) <= now - morning < timedelta(hours=25)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (tried(OCCASION - timedelta(days=1), OCCASION - timedelta(days=1)), True),
        (tried(OCCASION, OCCASION), False),
        (tried(NOON, NOON), False),
        (tried(None, NOON - RETRY, "away"), True),
        (tried(None, NOON - RETRY + timedelta(seconds=1), "away"), False),
        (tried(None, OCCASION - timedelta(seconds=1), "away"), True),  # tried before there was this occasion
        (tried(NOON + timedelta(days=9), NOON + timedelta(days=9)), True),  # no such time has been
    ],
)
def test_a_way_is_due_once_for_each_occasion_and_each_hour_until_it_arrives(
    last: Delivery | None, *, due: bool
) -> None:
    assert is_due(last, OCCASION, NOON) == due


@given(INSTANTS, st.floats(0, 100), st.floats(0, 100), st.booleans())
def test_whatever_is_late_is_tried_now_or_was_within_the_hour(
    now: datetime, arrived: float, since: float, ever: bool
) -> None:
    at, tried_at = now - timedelta(hours=arrived + since), now - timedelta(hours=since)
    last = tried(at if ever else None, tried_at)
    if is_overdue(last, NOON, now):
        assert is_due(last, this_morning(LONDON, now), now) or now - tried_at < RETRY


def test_late_is_more_than_26_hours_since_it_arrived_or_since_the_first_entry() -> None:
    since = NOON - timedelta(days=30)
    assert is_overdue(None, since, NOON)
    assert not is_overdue(None, NOON - OVERDUE, NOON)
    assert not is_overdue(tried(NOON - OVERDUE, NOON), since, NOON)
    assert is_overdue(tried(NOON - OVERDUE - timedelta(seconds=1), NOON), since, NOON)
    assert is_overdue(tried(None, NOON, "away"), since, NOON)


def test_a_file_is_written_once_and_what_lies_there_is_left(tmp_path: Path) -> None:
    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)
    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)
    (one,) = tmp_path.iterdir()
    assert (one.name, one.read_text()) == ("checkpoint-2026-11-24-5.txt", a_note(5).note)
    assert newest_file(tmp_path) == one


def test_another_root_of_the_same_size_is_a_fault_and_the_first_file_stays(tmp_path: Path) -> None:
    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)
    for day in ("2026-11-24", "2026-11-25"):
        with pytest.raises(DeliveryError, match=r"checkpoint-2026-11-24-5\.txt says otherwise"):
            write_to_folder(tmp_path, a_note(5, b"x" * 32), day, HERE, is_ours=False)

    assert (tmp_path / "checkpoint-2026-11-24-5.txt").read_text() == a_note(5).note
    assert (tmp_path / "checkpoint-2026-11-25-5.txt").read_text() == a_note(5, b"x" * 32).note


def test_a_log_that_became_shorter_is_a_fault_with_both_numbers(tmp_path: Path) -> None:
    write_to_folder(tmp_path, a_note(9), "2026-11-24", HERE, is_ours=False)
    with pytest.raises(DeliveryError, match="of 9 entries was delivered, and the log has only 5"):
        write_to_folder(tmp_path, a_note(5), "2026-11-25", HERE, is_ours=False)


def test_a_log_that_was_written_anew_and_grew_contradicts_what_was_delivered(tmp_path: Path) -> None:
    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)
    anew = Known(KEY.public_key(), lambda sizes: dict.fromkeys(sizes, b"x" * 32))
    with pytest.raises(DeliveryError, match=r"checkpoint-2026-11-24-5\.txt says otherwise"):
        write_to_folder(tmp_path, a_note(9, b"x" * 32), "2026-11-25", anew, is_ours=False)


def test_what_this_server_did_not_sign_is_no_alarm(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    (tmp_path / "checkpoint-2026-11-20-5.txt").write_text(write_note(5, b"x" * 32, other))
    (tmp_path / "checkpoint-2026-11-21-900.txt").write_text(write_note(900, b"x" * 32, other))
    (tmp_path / "checkpoint-2026-11-22-5.txt").write_text("")
    os.mkfifo(tmp_path / "checkpoint-2026-11-23-5.txt")

    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)

    assert (tmp_path / "checkpoint-2026-11-24-5.txt").read_text() == a_note(5).note


@pytest.mark.parametrize("there", ["", "half a note", None])
def test_what_lies_in_the_place_of_today_is_no_delivery(tmp_path: Path, there: str | None) -> None:
    path = tmp_path / "checkpoint-2026-11-24-5.txt"
    if there is None:
        os.mkfifo(path)
    else:
        path.write_text(there)
    with pytest.raises(DeliveryError, match="is there already, and is not the checkpoint of today"):
        write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)


def test_a_file_that_was_torn_in_half_is_no_checkpoint_and_told(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-2026-11-24-5.txt").write_text(a_note(5).note[:30])
    with pytest.raises(DeliveryError, match="is there already"):
        write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)


def test_what_was_begun_and_not_finished_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / ".checkpoint-2026-11-24-5.txt.new").write_text("half")
    write_to_folder(tmp_path, a_note(5), "2026-11-24", HERE, is_ours=False)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2026-11-24-5.txt"]


def test_only_a_folder_of_our_own_is_made(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="cannot be used"):
        write_to_folder(tmp_path / "share", a_note(5), "2026-11-24", HERE, is_ours=False)
    write_to_folder(tmp_path / "state" / "checkpoints", a_note(5), "2026-11-24", HERE, is_ours=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DeliveryError, match="cannot be used"):
        write_to_folder(tmp_path / "file", a_note(5), "2026-11-24", HERE, is_ours=False)
