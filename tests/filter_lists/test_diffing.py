"""How much came and how much went: exact, whatever moved between lists."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.compiler import ListSource, compile_index
from filter_lists.diffing import Change, diff, entries_gone
from filter_lists.generations import open_generation
from filter_lists.index import Index
from tests.sealing import compile_lists

HOSTS = [
    "one.example",
    "two.example",
    "three.example",
    "four.example/part",
    "five.example",
    "one.two.example",
]


def built(folder: Path, **lists: str) -> Index:
    sources = []
    for name, text in lists.items():
        path = folder / f"{name}.txt"
        path.write_text(text)
        sources.append(ListSource(name, "gambling", "adblock" if "|" in text else "plain", path))
    return Index.open(folder / "out" / compile_index(sources, folder / "out"))


def test_what_came_and_what_went_is_counted_for_each_list(tmp_path: Path) -> None:
    old = built(tmp_path, bets="one.example\ntwo.example\nthree.example/a\n", same="one.example")
    new = built(tmp_path, bets="one.example\nfour.example\nfive.example/a\nsix.example", same="one.example")
    assert diff(old, new) == (Change("bets", "gambling", 3, 4, added=3, removed=2, opened=2, shut=3),)
    assert sorted(entries_gone(old, new, ("bets", "gambling"), 9)) == ["three.example/a", "two.example"]
    assert len(entries_gone(old, new, ("bets", "gambling"), 1)) == 1


def test_an_entry_that_another_list_still_has_is_gone_from_its_own(tmp_path: Path) -> None:
    old = built(tmp_path, bets="one.example\ntwo.example", more="one.example")
    new = built(tmp_path, bets="two.example", more="one.example")
    assert diff(old, new) == (Change("bets", "gambling", 2, 1, added=0, removed=1, opened=1, shut=0),)


def test_of_a_sealed_list_what_came_and_went_is_counted_too(tmp_path: Path) -> None:
    """However many there are after: one that was exchanged for another is gone."""
    lists = [["a.test/1", "b.test/1", "c.test"], ["a.test/1", "d.test", "e.test/x?y=1"]]
    names = [compile_lists(tmp_path, {}, {"iwf": ("child-sexual-abuse", lines)}) for lines in lists]
    old, new = (open_generation(tmp_path, name) for name in names)
    assert diff(old, new) == (
        Change("iwf", "child-sexual-abuse", 3, 3, added=2, removed=2, opened=2, shut=2),
    )
    assert entries_gone(old, new, ("iwf", "child-sexual-abuse"), 9) == ()


def test_an_exception_that_comes_opens_and_one_that_goes_shuts(tmp_path: Path) -> None:
    old = built(tmp_path, bets="||one.example^\n||two.example^\n@@||a.one.example^\n")
    new = built(tmp_path, bets="||one.example^\n||two.example^\n@@||b.one.example^\n@@||c.one.example^\n")
    assert diff(old, new) == (Change("bets", "gambling", 2, 2, added=0, removed=0, opened=2, shut=1),)


def test_a_block_that_is_important_no_more_opens(tmp_path: Path) -> None:
    old = built(tmp_path, bets="||one.example^$important\n||two.example^\n@@||one.example^\n")
    new = built(tmp_path, bets="||one.example^\n||two.example^$important\n@@||one.example^\n")
    assert diff(old, new) == (Change("bets", "gambling", 2, 2, added=0, removed=0, opened=1, shut=1),)


def test_a_list_that_comes_or_goes_is_all_added_or_all_removed(tmp_path: Path) -> None:
    old = built(tmp_path, bets="one.example")
    new = built(tmp_path, odds="one.example\ntwo.example")
    assert [(each.list_id, each.added, each.removed) for each in diff(old, new)] == [
        ("bets", 0, 1),
        ("odds", 2, 0),
    ]


def test_the_same_lists_differ_in_nothing(tmp_path: Path) -> None:
    old = built(tmp_path, bets="one.example\ntwo.example")
    assert diff(old, built(tmp_path, bets="# another order\ntwo.example\none.example")) == ()


LISTS = st.fixed_dictionaries({name: st.sets(st.sampled_from(HOSTS), min_size=1) for name in ("a", "b")})


@settings(deadline=None, max_examples=60)
@given(LISTS, LISTS)
def test_the_counts_are_those_of_plain_sets(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
    with TemporaryDirectory() as folder:
        old = built(Path(folder), **{name: "\n".join(lines) for name, lines in before.items()})
        new = built(Path(folder), **{name: "\n".join(lines) for name, lines in after.items()})
        found = {each.list_id: (each.before, each.after, each.added, each.removed) for each in diff(old, new)}
    assert found == {
        name: (
            len(before[name]),
            len(after[name]),
            len(after[name] - before[name]),
            len(before[name] - after[name]),
        )
        for name in before
        if before[name] != after[name]
    }
