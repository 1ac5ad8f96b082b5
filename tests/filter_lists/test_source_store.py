"""What was fetched is found again, by the way in which it was taken; and it ages by its schedule."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.lists_config import ListConfig, parse_lists
from filter_lists.needed import Needed
from filter_lists.source_store import KEPT, WAYS, Record, SourceStore, is_due, is_overdue

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TIMES = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def a_list(more: str = "", source: str = "https://lists.example/a", folder: Path = Path()) -> ListConfig:
    row = f"source: '{source}', format: plain, category: games{more}"
    (found,) = parse_lists(f"lists:\n  a: {{{row}}}\n", folder).lists
    return found


DAILY = a_list(", every: 1 day")


def add(store: SourceStore, config: ListConfig, content: str) -> Record:
    """Fetched and taken into use."""
    with store.locked(), store.new_file() as file:
        file.write_text(content)
        name = store.add(config, file)
        before = store.record(config)
        record = Record(config.source, NOON, NOON, NOON, files=(name, *before.files))
        store.write(config, record)
    return record


@given(
    st.builds(
        Record, checked_at=TIMES, tried_at=TIMES, etag=st.text(), failures=st.integers(0, 9), note=st.text()
    )
)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert Record.from_json(record.to_json()) == record


def test_a_list_is_found_where_it_was_put(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    assert (store.path(DAILY), store.record(DAILY)) == (None, Record(source=DAILY.source))

    record = add(store, DAILY, "bet.example\n")

    again = SourceStore(tmp_path)
    path = again.path(DAILY)
    assert path == tmp_path / "list-sources" / "a" / record.sha256
    assert path.read_text() == "bet.example\n"
    assert again.record(DAILY).files == record.files


def test_this_and_the_last_two_are_kept(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    records = [add(store, DAILY, f"bet{number}.example\n") for number in range(5)]
    kept = {path.name for path in (tmp_path / "list-sources" / "a").iterdir()}
    assert kept == {"state.json", *(each.sha256 for each in records[2:])}


def test_what_was_taken_in_one_way_is_not_used_in_another(tmp_path: Path) -> None:
    """Else a text that nobody agreed on could choose the bytes for the one in force."""
    store = SourceStore(tmp_path)
    other = a_list(", every: 1 day", "https://other.example/a")
    add(store, DAILY, "bet.example\n")
    assert (store.path(other), store.record(other).etag) == (None, "")

    add(store, other, "other.example\n")

    for config, content in ((DAILY, "bet.example\n"), (other, "other.example\n")):
        path = store.path(config)
        assert path is not None
        assert path.read_text() == content


def test_the_ways_that_were_used_last_are_kept(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    ways = [a_list("", f"https://lists.example/{number}") for number in range(6)]
    for each in ways:
        add(store, each, f"{each.source}\n")
    assert [store.path(each) is not None for each in ways] == [False, False, True, True, True, True]
    assert len(list((tmp_path / "list-sources" / "a").iterdir())) == 5


def test_once_a_list_is_sealed_nothing_of_it_stays_that_can_be_read(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    add(store, DAILY, "bet.example\n")
    sealed = a_list(", every: 1 day, sealed: true")
    add(store, sealed, "noise")
    names = {path.name for path in (tmp_path / "list-sources" / "a").iterdir()}
    assert names == {"state.json", store.record(sealed).files[0]}
    assert store.record(sealed).files[0] == store.record(sealed).sha256 + ".sealed"


@pytest.mark.parametrize("sealed", ["", ", sealed: true"])
def test_what_is_tried_out_takes_nothing_from_what_is_agreed_or_in_force(tmp_path: Path, sealed: str) -> None:
    """Each time it was tried out in another way, and each time the agreed way failed to change."""
    agreed = a_list(sealed, "https://lists.example/agreed")
    old = a_list(sealed, "https://lists.example/old")
    first = add(SourceStore(tmp_path), old, "in force\n")
    files = frozenset({("a", first.sha256)})
    store = SourceStore(tmp_path, Needed(frozenset({("a", agreed.way)}), files))
    for number in range(KEPT + 1):
        add(store, old, f"came since {number}\n")
    add(store, agreed, "agreed\n")
    tried = [a_list(sealed, f"https://lists.example/{number}") for number in range(WAYS + 2)]
    for each in tried:
        add(store, each, f"{each.source}\n")

    path = store.path(agreed)
    assert path is not None
    assert path.read_text() == "agreed\n"
    kept = store.kept(old, first.sha256)
    assert kept is not None
    assert kept.read_text() == "in force\n"
    assert sum(store.path(each) is not None for each in tried) == (1 if sealed else WAYS)


def test_only_the_very_bytes_are_kept(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    record = add(store, DAILY, "bet.example\n")
    path = store.kept(DAILY, record.sha256)
    assert path == store.path(DAILY)
    assert path is not None
    path.write_text("other.example\n")
    assert store.kept(DAILY, record.sha256) is None
    assert store.kept(DAILY, "0" * 64) is None
    (tmp_path / "ours.txt").write_text("bet.example\n")
    ours = a_list("", "ours.txt", tmp_path)
    assert store.kept(ours, record.sha256) == tmp_path / "ours.txt"
    assert store.kept(ours, "0" * 64) is None


def test_a_stored_file_that_is_not_what_lists_yaml_pins_is_not_used(tmp_path: Path) -> None:
    """Whoever can write the store could else name other bytes in its record."""
    content, other = "bet.example\nodds.example\n", "bet.example\n"
    pinned = a_list(f", sha256: {hashlib.sha256(content.encode()).hexdigest()}")
    store = SourceStore(tmp_path)
    add(store, pinned, content)
    assert store.path(pinned) is not None
    name = add(store, pinned, other).sha256
    assert store.path(pinned) is None
    assert store.kept(pinned, name) is None


def test_a_damaged_file_is_as_if_it_was_never_fetched(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    add(store, DAILY, "bet.example\n")
    path = store.path(DAILY)
    assert path is not None
    path.write_text("other.example\n")
    assert store.path(DAILY) is None
    path.unlink()
    assert store.path(DAILY) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"ways": 1}', '{"ways": {"x": 1}}', '{"ways": {"x": {}}}', "\0"]
)
def test_damaged_state_is_no_state(tmp_path: Path, content: str) -> None:
    store = SourceStore(tmp_path)
    add(store, DAILY, "bet.example\n")
    (tmp_path / "list-sources" / "a" / "state.json").write_text(content)
    assert store.record(DAILY) == Record(source=DAILY.source)
    assert add(store, DAILY, "bet.example\n") == store.record(DAILY)


def test_a_download_that_nobody_takes_leaves_nothing(tmp_path: Path) -> None:
    store = SourceStore(tmp_path)
    with store.locked(), store.new_file() as file:
        file.write_text("bet.exa")
    assert [path.name for path in (tmp_path / "list-sources").iterdir()] == [".lock"]


def test_a_file_beside_lists_yaml_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    config = a_list(", every: 1 day", "ours.txt", tmp_path)
    store = SourceStore(tmp_path)
    assert "cannot be read" in store.record(config).fault
    (tmp_path / "ours.txt").touch()
    os.utime(tmp_path / "ours.txt", (NOON.timestamp(), NOON.timestamp()))
    assert store.record(config).checked_at == NOON
    assert store.path(config) == tmp_path / "ours.txt"
    assert not is_due(config, store.record(config), NOON + 9 * DAY)
    assert is_overdue(config, store.record(config), NOON + 2 * DAY)
    folder = a_list(", every: 1 day", ".", tmp_path)
    later = (NOON + DAY).timestamp()
    os.utime(tmp_path / "ours.txt", (later, later))
    os.utime(tmp_path, (NOON.timestamp(), NOON.timestamp()))
    assert store.record(folder).checked_at == NOON + DAY


@pytest.mark.parametrize(
    ("age", "due", "overdue"),
    [
        (timedelta(0), False, False),
        (DAY - timedelta(seconds=1), False, False),
        (DAY, True, False),
        (DAY * 1.5, True, False),
        (DAY * 1.5 + timedelta(seconds=1), True, True),
        (-HOUR, True, True),  # the clock was wrong then, or is now
    ],
)
def test_a_list_is_due_after_its_time_and_overdue_after_half_as_much_again(
    age: timedelta, due: bool, overdue: bool
) -> None:
    record = Record(checked_at=NOON - age, tried_at=NOON - age)
    assert (is_due(DAILY, record, NOON), is_overdue(DAILY, record, NOON)) == (due, overdue)


def test_a_list_that_was_never_fetched_is_due_and_overdue() -> None:
    assert is_due(DAILY, Record(), NOON)
    assert is_overdue(DAILY, Record(), NOON)


def test_a_server_that_fails_is_asked_again_soon_and_then_less_and_less() -> None:
    waits = []
    record = Record()
    for _ in range(9):
        record = record.failed("gone", NOON)
        minutes = next(m for m in range(0, 60 * 25, 15) if is_due(DAILY, record, NOON + timedelta(minutes=m)))
        waits.append(minutes)
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    assert record.failures == 9
    assert record.checked(NOON).failures == 0


@given(st.timedeltas(timedelta(0), timedelta(days=9)), st.integers(0, 30))
def test_a_list_that_is_overdue_is_due_or_waits_for_less_than_its_time(age: timedelta, failures: int) -> None:
    record = Record(checked_at=NOON - 10 * DAY, tried_at=NOON - age, failures=failures)
    assert is_due(DAILY, record, NOON) or (failures and age < DAY)
