"""v2fly's domain lists, one by one and as a folder where they draw in each other."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry, Expression
from filter_lists.readers.v2fly import read_v2fly
from filter_lists.readers.v2fly_folder import DEEPEST, Folder
from filter_lists.report import Note, ReadOptions, ReadReport, Why
from filter_lists.sources import ListSource, left_out, parts_of
from filter_lists.unpacking import SourceFault


def read(text: bytes | str, wide: tuple[str, ...] = ()) -> tuple[list[Entry | Expression], ReadReport]:
    report = ReadReport()
    raw = text.encode() if isinstance(text, str) else text
    said = list(read_v2fly(raw.splitlines(keepends=True), report, ReadOptions(frozenset(wide))))
    assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
    return said, report


def hosts(folder: Folder, name: str) -> list[str]:
    return [each.host for each in read(folder.resolved(name))[0] if isinstance(each, Entry)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bet.example", Entry("bet.example")),
        ("domain:Bet.example # why", Entry("bet.example")),
        ("full:bet.example", Entry("bet.example", below=False)),
        ("full:192.0.2.1", Entry("192.0.2.1")),
        ("keyword:Odds-2.u", Expression(r"odds\-2\.u", "host")),
        (r"regexp:(^|\.)bet[0-9]+\.example$", Expression(r"(^|\.)bet[0-9]+\.example$", "host")),
        (r"regex:^bet\.[^.]+$", Expression(r"^bet\.[^.]+$", "host")),
        ("bet.example &odds", Entry("bet.example")),
    ],
)
def test_each_kind_of_line_says_just_what_it_says(line: str, said: Entry | Expression) -> None:
    found, report = read(line)
    assert found == [said]
    assert not report.noted


def test_attributes_are_noted_and_change_nothing() -> None:
    said, report = read("full:bet.example @ads @!cn &odds # why\n")
    assert said == [Entry("bet.example", below=False)]
    assert set(report.noted) == {Note.ATTRIBUTE}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("uk", Why.TOO_WIDE),
        ("include:odds @ads", Why.INCLUDE),
        ("bet.example odds.example", Why.SEVERAL),
        ("bet.example @", Why.SEVERAL),
        ("bet.example:80", Why.NOT_A_SITE),
        ("prefix:bet.example", Why.NOT_A_SITE),
        ("full:", Why.NOT_A_SITE),
        ("keyword:", Why.EXPRESSION),
        ("keyword:wörter", Why.NOT_A_SITE),
        ("regexp:(a", Why.EXPRESSION),
        ("regexp:(?!a)b", Why.EXPRESSION),
        ("keyword:.", Why.EXPRESSION),
    ],
)
def test_what_is_no_rule_is_counted_with_its_reason(line: str, why: Why) -> None:
    said, report = read(line)
    assert (said, set(report.skipped), report.noted) == ([], {why}, {})


def test_a_school_may_mean_a_whole_suffix() -> None:
    assert read("xxx", ("xxx",))[0] == [Entry("xxx")]


FOLDER = Folder(
    {
        "all": b"own.example\ninclude:Ads @ads # why\ninclude:misc @-cn @-!cn\ninclude:nowhere\n",
        "Ads": b"a.example @ads\nb.example\nfull:c.example @ads @cn\ninclude:more @cn\n",
        "misc": b"d.example @cn\ne.example\nf.example @!cn\ninclude:more\n",
        "more": b"g.example @cn @ads\nh.example # @ads\ni.example @cn &elsewhere\n",
    }
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("more", "g h i"),
        ("ads", "a b c g i"),
        ("ADS", "a b c g i"),
        ("misc", "d e f g h i"),
        ("all", "own a c e g h"),
        ("elsewhere", "i"),
    ],
)
def test_a_list_has_what_it_draws_in_as_far_as_attributes_say(name: str, expected: str) -> None:
    assert sorted(hosts(FOLDER, name)) == sorted(f"{each}.example" for each in expected.split())


def test_the_lines_of_the_list_itself_keep_their_numbers_and_what_cannot_be_drawn_in_is_counted() -> None:
    text = FOLDER.resolved("all")
    assert text.split(b"\n")[0] == b"own.example"
    report = read(text)[1]
    assert (report.skipped[Why.INCLUDE].count, report.skipped[Why.INCLUDE].line) == (1, 4)


def test_an_include_that_cannot_be_followed_is_counted_however_deep_it_stands() -> None:
    folder = Folder(
        {
            "a": b"include:b @ads\n",
            "b": b"include:nowhere\nx.example @ads\ninclude:c @\n",
            "c": b"c.example\n",
        }
    )
    said, report = read(folder.resolved("a"))
    assert said == [Entry("x.example")]
    assert report.skipped[Why.INCLUDE].count == 2


def test_lists_that_draw_in_each_other_are_named() -> None:
    folder = Folder(
        {"a": b"include:b\n", "b": b"x.example\ninclude:c @ads\n", "c": b"include:a\n", "d": b"d.example"}
    )
    assert hosts(folder, "d") == ["d.example"]
    for name in "abc":
        with pytest.raises(SourceFault, match=rf"{name} > . > . > {name}"):
            folder.resolved(name)


def test_a_chain_may_be_long_but_not_endless() -> None:
    chain = {f"l{n}": f"x{n}.example\ninclude:l{n + 1}\n".encode() for n in range(DEEPEST + 2)}
    assert len(hosts(Folder(chain), "l3")) == DEEPEST - 1
    with pytest.raises(SourceFault, match="l0 > "):
        Folder(chain).resolved("l0")


def test_lists_that_come_to_too_much_are_refused() -> None:
    names = [f"{n}.x.example" for n in range(30_000)]
    chain = {"l0": "\n".join(names).encode()} | {
        f"l{n}": f"include:l{n - 1}\n".encode() for n in range(1, 80)
    }
    folder = Folder(chain)
    for n in range(0, 80, 20):
        if n < 60:
            assert len(hosts(folder, f"l{n}")) == len(names)
    with pytest.raises(SourceFault, match="lines"):
        folder.resolved("l79")


def lay(place: Path, files: dict[str, bytes], kind: str) -> Path:
    if kind == "archive":
        path = place / "all.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(f"top/{name}")
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
        return path
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_folder_or_archive_gives_the_lists_that_are_named(tmp_path: Path, kind: str) -> None:
    files = {
        "data/odds": b"bet.example\ninclude:more\n",
        "data/more": b"more.example\n",
        "main.go": b"package main\n",
    }
    path = lay(tmp_path, files, kind)
    source = ListSource("v", "", "v2fly", path, {"odds": ("gambling",)})
    ((part, said),) = [(part, read(part.open().read())[0]) for part in parts_of(source)]
    assert (part.name, part.category, part.format) == ("odds", "odds", "v2fly")
    assert said == [Entry("bet.example"), Entry("more.example")]
    assert left_out(source) == ("more",)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = ListSource(
        "v", "", "v2fly", lay(tmp_path, {"odds": b"bet.example\n"}, "folder"), {"dice": ("games",)}
    )
    with pytest.raises(SourceFault, match="dice"):
        list(parts_of(source))


def test_a_single_file_is_read_as_it_stands(tmp_path: Path) -> None:
    path = lay(tmp_path, {"odds": b"bet.example\n"}, "folder") / "odds"
    (part,) = parts_of(ListSource("v", "gambling", "v2fly", path))
    with part.open() as file:
        assert read(file.read())[0] == [Entry("bet.example")]


def test_two_lists_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="odds"):
        Folder.at(lay(tmp_path, {"a/odds": b"a.example", "b/odds": b"b.example"}, "folder"), 1 << 20)


NAMES = st.sampled_from(["a", "b", "c", "d"])
MARKS = st.sampled_from(["", " @ads", " @-ads", " @cn", " @", " x", " &d"])
LINES = st.lists(
    st.builds("{}{}{}".format, st.sampled_from(["include:", "include:", "full:", "x.", ""]), NAMES, MARKS)
)


@settings(deadline=None)
@given(files=st.dictionaries(NAMES, LINES))
def test_whatever_lists_draw_in_nothing_is_made_up_or_lost(files: dict[str, list[str]]) -> None:
    folder = Folder({name: "\n".join(lines).encode() for name, lines in files.items()})
    everything = {" ".join(line.split()) for lines in files.values() for line in lines}
    for name in sorted(folder.names):
        try:
            resolved = folder.resolved(name).decode().split("\n")
        except SourceFault:
            continue
        own = files.get(name, [])
        assert [line.removeprefix("# ") for line in resolved[: len(own)]] == own
        assert {" ".join(line.split()) for line in resolved[len(own) :] if line} <= everything


@settings(deadline=None)
@given(host=st.from_regex(r"([a-z][a-z0-9]{0,6}\.){1,3}example", fullmatch=True), below=st.booleans())
def test_an_entry_written_as_a_line_is_read_as_the_same_entry(host: str, below: bool) -> None:
    assert read(("domain:" if below else "full:") + host)[0] == [Entry(host, below=below)]
