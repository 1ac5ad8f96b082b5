"""One list at a time: where it lies after it was taken, and what is known of it when it was not."""

from datetime import timedelta
from pathlib import Path

import pytest

from filter_lists.lists_config import ListConfig, parse_lists
from filter_lists.taking import Taken, Taker
from tests.filter_lists.list_school import MONDAY, School


def take(school: School, list_id: str, fetch: tuple[str, ...] | None = None) -> Taken:
    with school.store.locked():
        return Taker(school.order(fetch), school.store).take(config_of(school, list_id))


def config_of(school: School, list_id: str) -> ListConfig:
    found = parse_lists(school.text, school.folder).get(list_id)
    assert found is not None
    return found


def test_a_list_is_in_use_only_when_its_record_says_so(school: School) -> None:
    school.feed("bets", "bet.example\n", etag='"one"')
    taken = take(school, "bets")
    assert (taken.result, taken.is_new, taken.bytes) == ("fetched", True, 12)
    assert taken.path
    assert taken.path.read_text() == "bet.example\n"
    assert school.store.path(taken.config) is None

    school.store.write(taken.config, taken.record)
    assert school.store.path(taken.config) == taken.path
    assert (taken.record.etag, taken.record.checked_at) == ('"one"', MONDAY)


def test_a_list_that_is_not_due_is_where_it_was(school: School) -> None:
    school.feed("bets", "bet.example\n")
    first = take(school, "bets")
    school.store.write(first.config, first.record)
    later = take(school, "bets")
    assert (later.result, later.path, later.record, later.fault) == ("not-due", first.path, first.record, "")
    assert len(school.server.seen) == 1


def test_a_list_whose_file_is_damaged_is_fetched_at_once_and_whole(school: School) -> None:
    school.feed("bets", "bet.example\n", etag='"one"')
    first = take(school, "bets")
    school.store.write(first.config, first.record)
    assert first.path
    first.path.write_text("damaged")

    again = take(school, "bets")

    assert again.path
    assert again.path.read_text() == "bet.example\n"
    assert "if-none-match" not in school.server.headers("/bets")[1]


def test_a_refused_list_is_as_it_was_before(school: School) -> None:
    school.feed("bets", "bet.example\n")
    first = take(school, "bets")
    school.store.write(first.config, first.record)
    school.feed("bets", "other.example\n")
    school.now += timedelta(days=1)
    second = take(school, "bets")
    refused = Taker(school.order(), school.store).refuse(second.config, second.before, "it is odd")
    assert (refused.result, refused.path, refused.why, refused.fault) == (
        "failed",
        first.path,
        "it is odd",
        "",
    )
    assert (refused.record.failures, refused.record.files) == (1, first.record.files)


@pytest.mark.parametrize("fetch", [(), None])
def test_a_list_that_was_never_there_is_a_fault(school: School, fetch: tuple[str, ...] | None) -> None:
    url = school.server.answer("/gone", 404)
    school.lists["gone"] = f"source: '{url}', format: plain, category: games"
    taken = take(school, "gone", fetch)
    assert taken.path is None
    assert ("never fetched" in taken.fault) is (fetch == ())
    assert ("answered 404" in taken.fault) is (fetch is None)


def test_a_file_is_read_where_it_lies(school: School, tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("ours.example\n")
    school.lists["ours"] = "source: ours.txt, format: plain, category: games"
    taken = take(school, "ours")
    assert (taken.result, taken.path, taken.record) == ("local", tmp_path / "ours.txt", taken.before)
