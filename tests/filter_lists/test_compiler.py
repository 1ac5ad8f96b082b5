"""List files become one index, or nothing changes and every fault is named."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from filter_lists import compiler
from filter_lists.compiler import ListsError, ListSource, compile_index
from filter_lists.index import Index
from filter_lists.names import parse_url


def a_list(
    folder: Path, list_id: str, text: str, category: str = "gambling", format_: str = "plain"
) -> ListSource:
    path = folder / f"{list_id}.txt"
    path.write_text(text)
    return ListSource(list_id, category, format_, path)


def test_lists_of_both_formats_are_compiled_into_one_index(tmp_path: Path) -> None:
    plain = a_list(tmp_path, "plain", "bet.example\n")
    hosts = a_list(tmp_path, "hosts", "0.0.0.0 bet.example\n", "games", "hosts")
    index = Index.open(tmp_path / "out" / compile_index([plain, hosts], tmp_path / "out"))
    found = index.lookup(parse_url("https://www.bet.example/"))
    assert [(each.category, each.list_id) for each in found] == [("gambling", "plain"), ("games", "hosts")]


def test_the_generation_is_the_content_and_not_the_order_or_the_place(tmp_path: Path) -> None:
    sources = [a_list(tmp_path, name, f"{name}.example\nbet.example\n") for name in ("one", "two", "three")]
    generations = {
        compile_index(order, tmp_path / str(number)) for number, order in enumerate(permutations(sources))
    }
    assert len(generations) == 1


def test_a_changed_list_is_another_generation_and_the_old_one_stays(tmp_path: Path) -> None:
    old = compile_index([a_list(tmp_path, "bets", "bet.example")], tmp_path / "out")
    new = compile_index([a_list(tmp_path, "bets", "bet.example\nodds.example")], tmp_path / "out")
    assert old != new
    assert Index.open(tmp_path / "out" / old).lookup(parse_url("https://odds.example/")) == ()
    assert Index.open(tmp_path / "out" / new).lookup(parse_url("https://odds.example/"))


def test_an_entry_that_comes_twice_is_one_listing(tmp_path: Path) -> None:
    generation = compile_index([a_list(tmp_path, "bets", "bet.example\nBET.example.\n")], tmp_path / "out")
    index = Index.open(tmp_path / "out" / generation)
    assert len(index.lookup(parse_url("https://bet.example/"))) == 1
    assert (index.lists[0].entries, index.lists[0].lines, len(index)) == (1, 2, 1)


def test_what_was_not_understood_stays_known(tmp_path: Path) -> None:
    generation = compile_index(
        [a_list(tmp_path, "bets", "# bets\nbet.example\nco.uk\nuk\n")], tmp_path / "out"
    )
    (summary,) = Index.open(tmp_path / "out" / generation).lists
    assert (summary.list_id, summary.lines, summary.understood) == ("bets", 3, 1)
    assert [(count, line) for _, count, line in summary.skipped] == [(2, 3)]


def test_every_fault_is_named_and_nothing_is_built(tmp_path: Path) -> None:
    sources = [
        a_list(tmp_path, "good", "bet.example"),
        a_list(tmp_path, "good", "bet.example"),
        a_list(tmp_path, "empty", "# nothing\n"),
        a_list(tmp_path, "secret", "a secret word\n"),
        ListSource("gone", "games", "plain", tmp_path / "gone.txt"),
        ListSource("folder", "games", "plain", tmp_path),
    ]
    with pytest.raises(ListsError) as caught:
        compile_index(sources, tmp_path / "out")
    assert sorted(fault.partition(":")[0] for fault in caught.value.faults) == [
        "empty",
        "folder",
        "gone",
        "good",
        "secret",
    ]
    assert "word" not in str(caught.value)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


def test_no_lists_at_all_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ListsError):
        compile_index([], tmp_path)


def test_more_kinds_of_hits_than_two_bytes_can_count_are_told_apart() -> None:
    index = Index.in_memory({f"n{number}.example": [("some", f"list-{number}")] for number in range(65_538)})
    for number in (0, 1, 65_535, 65_536, 65_537):
        found = index.lookup(parse_url(f"https://n{number}.example/"))
        assert [each.list_id for each in found] == [f"list-{number}"]


def a_table(folder: Path, *theirs: str) -> ListSource:
    rows = "site,category\nbet.example,gambling\nnews.example,news\nodd.example,o\x1bdd\n"
    source = a_list(folder, "table", rows, "", "csv")
    return replace(source, categories={each: (each,) for each in theirs})


def test_a_word_that_a_table_does_not_have_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ListsError, match=r"has no category gamblnig; it has, .*: gambling, news, o\?dd$"):
        compile_index([a_table(tmp_path, "gamblnig")], tmp_path / "out")


def test_the_words_of_a_table_that_are_not_named_are_told(tmp_path: Path) -> None:
    generation = compile_index([a_table(tmp_path, "gambling")], tmp_path / "out")
    (summary,) = Index.open(tmp_path / "out" / generation).lists
    assert (summary.left_out, summary.entries) == (("news", "o?dd"), 1)


def test_of_very_many_words_of_a_table_some_are_told(tmp_path: Path) -> None:
    rows = "".join(f"w{number}.example,w{number:03}\n" for number in range(70))
    source = a_list(tmp_path, "table", f"site,category\n{rows}", "", "csv")
    generation = compile_index([replace(source, categories={"w000": ("gambling",)})], tmp_path / "out")
    (summary,) = Index.open(tmp_path / "out" / generation).lists
    assert (len(summary.left_out), summary.left_out[-1]) == (51, "and 19 more")


def test_a_line_that_is_skipped_for_one_name_is_not_skipped_for_its_exceptions_too(tmp_path: Path) -> None:
    text = "server=/good.example/bad name/#\naddress=/bet.example/0.0.0.0\n"
    source = replace(a_list(tmp_path, "names", text, format_="dnsmasq"), exceptions="none")
    (summary,) = Index.open(tmp_path / "out" / compile_index([source], tmp_path / "out")).lists
    assert (summary.lines, summary.understood, sum(count for _, count, _ in summary.skipped)) == (2, 1, 1)


def test_a_list_in_utf_16_names_its_file_and_what_to_do(tmp_path: Path) -> None:
    source = a_list(tmp_path, "bets", "")
    source.path.write_text("bet.example\n", "utf-16")
    with pytest.raises(ListsError, match=r"bets: .*bets\.txt: is UTF-16; save it as UTF-8"):
        compile_index([source], tmp_path / "out")


def test_a_reading_process_that_is_killed_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    text = "#".ljust(1 << 10, "x") + "\n"
    large = [a_list(tmp_path, name, "bet.example\n" + text * (9 << 10)) for name in ("one", "two")]
    os.mkfifo(tmp_path / "out-of-reach")
    stuck = ListSource("stuck", "games", "plain", tmp_path / "out-of-reach")
    killer = threading.Thread(target=kill_a_reader)

    def tell(stage: str, _done: int, _total: int) -> None:
        if stage == "reading" and not killer.ident:
            killer.start()

    with pytest.raises(ListsError, match="is there enough memory"):
        compile_index([*large, stuck], tmp_path / "out", tell)
    killer.join()


def kill_a_reader() -> None:
    """One of those that this process starts now; the list that nobody writes keeps one of them waiting."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("utf-8").split()
        for child in children:
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(int(child), signal.SIGKILL)
                    return
        time.sleep(0.02)


def test_a_list_of_endless_lines_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MOST_LINES", 1000)
    with pytest.raises(ListsError, match="more than 1,000 lines"):
        compile_index([a_list(tmp_path, "bets", "bet.example\n" + "\n" * 1000)], tmp_path / "out")
    compile_index([a_list(tmp_path, "bets", "bet.example\n" * 1000)], tmp_path / "out")
