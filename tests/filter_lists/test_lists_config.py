"""config/lists.yaml is taken whole or refused whole, with every fault and its line."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.compiler import ListsError
from filter_lists.lists_config import STARTER, ListConfig, ListsConfig, load_lists, parse_lists
from filter_lists.lists_model import Limits, Trust
from filter_lists.quantities import duration_text, share_text
from filter_lists.sources import ListSource
from tests.filter_lists.signing import Signer

KEY = Signer().public
WHOLE = f"""
lists:
  ut1:
    source: https://lists.example/all.tar.gz
    format: squidguard
    categories: {{adult: pornography, gambling: gambling, press: [news, blogs]}}
    licence: CC-BY-SA-4.0
    every: 1 day
    trust: {{loses: 0.5%, gains: 20%, exceptions: category}}
    wide: [xxx, Porn]
    signature: {{minisign: {KEY}}}
    credentials: ut1
    limits: {{bytes: 50 MB, seconds: 30}}
  ours:
    source: ours.txt
    format: plain
    category: gambling
    exceptions: true
    sha256: {"A" * 64}
    every: 12 hours
  abuse:
    {{source: "https://lists.example/abuse", format: plain, category: abuse, sealed: true, every: 6 hours}}
checks:
  must_have: {{gambling: [bet.example, "Bet.example:443/Odds?v=1"]}}
  must_not_have: {{pornography: school.example, news: [192.0.2.1]}}
"""


def load(folder: Path, text: str | bytes) -> ListsConfig:
    path = folder / "lists.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_lists(path)


def faults(folder: Path, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ListsError) as caught:
        load(folder, text)
    return caught.value.faults


def a_list(folder: Path, row: str) -> ListConfig:
    (found,) = parse_lists(f"lists:\n  a: {{{row}}}\n", folder).lists
    return found


def test_everything_that_a_list_may_say_is_read() -> None:
    config = parse_lists(WHOLE, Path("/school"))
    ut1, ours, abuse = config.lists
    assert ut1.categories == {
        "adult": ("pornography",),
        "gambling": ("gambling",),
        "press": ("news", "blogs"),
    }
    assert ut1.trust == Trust(Fraction(1, 200), Fraction(1, 5), "category")
    assert (ut1.local, ut1.licence, ut1.every) == (None, "CC-BY-SA-4.0", timedelta(days=1))
    assert (ut1.wide, ut1.credentials) == (frozenset({"xxx", "porn"}), "ut1")
    assert ut1.limits == Limits(50_000_000, 30)
    assert ut1.signature
    assert ut1.signature.source == "https://lists.example/all.tar.gz.minisig"
    assert (ours.local, ours.sha256, ours.as_exceptions) == (Path("/school/ours.txt"), "a" * 64, True)
    assert (abuse.sealed, abuse.category, abuse.every) == (True, "abuse", timedelta(hours=6))
    assert config.categories == {"pornography", "gambling", "news", "blogs", "abuse"}
    assert config.must_have == {"gambling": ("bet.example", "bet.example/Odds?v=1")}
    assert config.must_not_have == {"pornography": ("school.example",), "news": ("192.0.2.1",)}
    assert (config.text, config.get("abuse"), config.get("other")) == (WHOLE, abuse, None)


def test_a_list_is_handed_to_the_compiler_as_it_was_configured() -> None:
    ut1 = parse_lists(WHOLE, Path("/school")).lists[0]
    assert ut1.as_source(Path("/kept")) == ListSource(
        list_id="ut1",
        category="",
        format="squidguard",
        path=Path("/kept"),
        categories=ut1.categories,
        licence="CC-BY-SA-4.0",
        source="https://lists.example/all.tar.gz",
        wide=frozenset({"xxx", "porn"}),
        exceptions="category",
    )


def test_a_path_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "bets.txt").touch()
    (tmp_path / "folder").mkdir()
    text = f"""
lists:
  bets: {{category: gambling, format: plain, source: bets.txt}}
  more: {{category: gambling, format: hosts, source: {tmp_path}/bets.txt}}
  many: {{category: gambling, format: squidguard, source: folder}}
  ours: {{category: games, format: plain, source: "starter:games.txt"}}
"""
    assert [each.local for each in load(tmp_path, text).lists] == [
        tmp_path / "bets.txt",
        tmp_path / "bets.txt",
        tmp_path / "folder",
        STARTER / "games.txt",
    ]


def test_a_text_can_be_read_where_its_files_are_not(tmp_path: Path) -> None:
    row = "category: games, format: plain, source: gone.txt"
    assert a_list(tmp_path, row).local == tmp_path / "gone.txt"
    assert faults(tmp_path, f"lists:\n  a: {{{row}}}\n") == (
        "lists.yaml:2: lists.a.source: 'gone.txt'; allowed: a file or folder, looked for beside lists.yaml",
    )


def test_what_is_not_said_is_careful(tmp_path: Path) -> None:
    """A feed may lose a little by itself; a file is changed by one person's hand, so it may lose nothing."""
    feed = a_list(tmp_path, "source: 'https://lists.example/a', format: plain, category: games")
    file = a_list(tmp_path, "source: a.txt, format: plain, category: games")
    sealed = a_list(
        tmp_path, "source: 'https://lists.example/a', format: plain, category: games, sealed: true"
    )
    sealed_file = a_list(tmp_path, "source: a.txt, format: plain, category: games, sealed: true")
    assert (feed.every, feed.trust) == (timedelta(weeks=1), Trust(Fraction(2, 100), Fraction(1, 2), "own"))
    assert (file.every, file.trust) == (None, Trust(Fraction(0), Fraction(1, 2), "own"))
    assert (sealed.trust.loses, sealed_file.trust.loses) == (Fraction(1, 2), Fraction(0))
    assert (feed.limits, sealed.limits.bytes) == (Limits(200_000_000, 600), 20_000_000)


@given(st.integers(1, 52 * 168), st.integers(0, 10**8))
def test_a_schedule_and_a_share_are_read_as_they_were_written(hours: int, millionths: int) -> None:
    every, loses = timedelta(hours=hours), Fraction(millionths, 10**8)
    row = f"source: a.txt, format: plain, category: games, every: {duration_text(every)}"
    found = a_list(Path(), f"{row}, trust: {{loses: {share_text(loses)}}}")
    assert (found.every, found.trust.loses) == (every, loses)


def test_every_fault_is_named_with_its_line_its_value_and_what_is_allowed(tmp_path: Path) -> None:
    text = """
lists:
  bets: {category: Gambling!, format: palin, source: gone.txt}
  Bad Name: {category: games, format: plain, source: "starter:games.txt"}
  worse: {category: games, format: plain, source: "starter:../names.py", colour: red}
  short: {category: games}
  none: games
  twice: {category: games, category: games, format: plain, source: "starter:games.txt"}
  shape: {category: [games], format: plain, source: "starter:games.txt"}
  bets: {category: games, format: plain, source: "starter:games.txt"}
extra: 1
"""
    found = faults(tmp_path, text)
    lines = [int(fault.split(":")[1]) for fault in found]
    assert lines == sorted(lines)
    assert set(lines) == {3, 4, 5, 6, 7, 8, 9, 10, 11}
    assert any(fault.startswith("lists.yaml:3: lists.bets.format: 'palin'; allowed: ") for fault in found)
    assert "lists.yaml:6: lists.short.source: is missing; allowed: a value" in found
    assert all(fault.startswith("lists.yaml:") and "; allowed: " in fault for fault in found)


REMOTE = "source: 'https://lists.example/a', format: plain, category: games"
LOCAL = "source: a.txt, format: plain, category: games"
SEALED = REMOTE + ", sealed: true"
ABUSE = "source: b.txt, format: plain, category: abuse, sealed: true"
STARTED = "source: 'starter:games.txt', format: plain, category: games"


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("source: 'http://lists.example/a', format: plain, category: games", "source"),
        ("source: 'ftp://lists.example/a', format: plain, category: games", "source"),
        ("source: 'wss://lists.example/a', format: plain, category: games", "source"),
        ("source: 'http://127.0.0.1.example/a', format: plain, category: games", "source"),
        ("source: 'http://10.0.0.1/a', format: plain, category: games", "source"),
        ("source: 'https://lists.example/a b', format: plain, category: games", "source"),
        ("source: 'https://', format: plain, category: games", "source"),
        ("source: '', format: plain, category: games", "source"),
        ("source: a.txt, format: plain", "category"),
        ("source: a.txt, format: plain, category: games, categories: {a: games}", "categories"),
        ("source: a.txt, format: squidguard, categories: {}", "categories"),
        ("source: a.txt, format: plain, categories: {a: games}", "categories"),
        ("source: a.txt, format: squidguard, categories: {a: Games}", "categories.a"),
        ("source: a.txt, format: squidguard, categories: {a: []}", "categories.a"),
        (REMOTE + ", every: 1 year", "every"),
        (REMOTE + ", every: daily", "every"),
        (REMOTE + ", trust: {loses: 101%}", "trust.loses"),
        (REMOTE + ", trust: {loses: 2}", "trust.loses"),
        (REMOTE + ", trust: {gains: -1%}", "trust.gains"),
        (REMOTE + ", trust: {exceptions: all}", "trust.exceptions"),
        (REMOTE + ", trust: 2%", "trust"),
        (REMOTE + ", wide: [a b]", "wide"),
        (REMOTE + ", sha256: abc", "sha256"),
        (REMOTE + f", sha256: {'a' * 64}, signature: {{minisign: {KEY}}}", "signature"),
        (REMOTE + ", signature: {minisign: RWabc}", "signature.minisign"),
        (REMOTE + ", signature: {source: 'https://lists.example/a.minisig'}", "signature.minisign"),
        (REMOTE + f", signature: {{minisign: {KEY}, source: 'http://b.example/'}}", "signature.source"),
        (REMOTE + ", limits: {bytes: 9 GB}", "limits.bytes"),
        (REMOTE + ", limits: {seconds: 0}", "limits.seconds"),
        (REMOTE + ", exceptions: yes", "exceptions"),
        (REMOTE + ", sealed: 1", "sealed"),
        (REMOTE + ', licence: "a\\nb"', "licence"),
        (LOCAL + f", signature: {{minisign: {KEY}}}", "signature"),
        (LOCAL + ", credentials: a", "credentials"),
        (LOCAL + ", limits: {seconds: 1}", "limits"),
        (STARTED + ", every: 1 day", "every"),
        (STARTED + f", sha256: {'a' * 64}", "sha256"),
        (SEALED + ", trust: {loses: 1%}", "trust"),
        (SEALED + ", wide: [xxx]", "wide"),
        (SEALED + ", exceptions: true", "exceptions"),
        (SEALED + ", limits: {bytes: 101 MB}", "limits.bytes"),
        (SEALED.replace("plain", "hosts"), "format"),
        (SEALED.replace("category: games", "categories: {a: games}"), "category"),
    ],
)
def test_what_a_list_may_not_say_is_the_one_fault(row: str, where: str) -> None:
    with pytest.raises(ListsError) as caught:
        a_list(Path(), row)
    assert {fault.split(": ")[1] for fault in caught.value.faults} <= {
        f"lists.a.{where}",
        "lists.a.categories",
    }
    assert any(fault.startswith(f"lists.yaml:2: lists.a.{where}: ") for fault in caught.value.faults)


@pytest.mark.parametrize(
    "source",
    [
        "http://127.0.0.1:8000/list",
        "http://127.1.2.3/",
        "http://[::1]/",
        "http://localhost/",
        "https://127.0.0.1/",
        "https://lists.example:8443/a?b=c",
    ],
)
def test_https_and_this_machine_itself_are_taken(source: str) -> None:
    found = a_list(Path(), f"source: '{source}', format: plain, category: games")
    assert (found.source, found.local) == (source, None)


@pytest.mark.parametrize("scheme", ["https", "http", "ftp"])
def test_a_password_in_an_address_is_refused_and_not_repeated(scheme: str) -> None:
    with pytest.raises(ListsError, match="without name and password") as caught:
        a_list(Path(), f"source: '{scheme}://me:owls@lists.example/a', format: plain, category: games")
    assert "owls" not in str(caught.value)
    with pytest.raises(ListsError) as caught:
        a_list(Path(), REMOTE + ", credentials: 'Bearer owls'")
    assert "owls" not in str(caught.value)


@pytest.mark.parametrize(
    ("checks", "where"),
    [
        ("{must_have: {gamblng: [bet.example]}}", "checks.must_have.gamblng"),
        ("{must_not_have: {sports: [bet.example]}}", "checks.must_not_have.sports"),
        ("{must_have: {abuse: [bet.example]}}", "checks.must_have.abuse"),
        ("{must_have: {games: ['bet example']}}", "checks.must_have.games"),
        ("{must_have: {games: []}}", "checks.must_have.games"),
        ("{may_have: {games: [bet.example]}}", "checks.may_have"),
        ("{must_have: [bet.example]}", "checks.must_have"),
    ],
)
def test_a_check_that_could_not_be_made_is_a_fault(checks: str, where: str) -> None:
    with pytest.raises(ListsError) as caught:
        parse_lists(f"lists:\n  a: {{{LOCAL}}}\n  b: {{{ABUSE}}}\nchecks: {checks}\n", Path())
    assert [fault.split(": ")[1] for fault in caught.value.faults] == [where]


def test_the_way_of_a_list_is_what_decides_its_bytes() -> None:
    """Two texts share what was fetched only where both would have taken the same bytes."""
    plain = a_list(Path(), REMOTE)
    assert plain.way == a_list(Path(), REMOTE + ", every: 1 day, licence: MIT").way
    others = [
        REMOTE.replace("/a", "/b"),
        REMOTE + f", sha256: {'a' * 64}",
        REMOTE + f", signature: {{minisign: {KEY}}}",
        REMOTE + f", signature: {{minisign: {KEY}, source: 'https://lists.example/sig'}}",
        SEALED,
    ]
    assert len({plain.way, *(a_list(Path(), row).way for row in others)}) == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lists:",
        "lists: {}",
        "lists: []",
        "[]",
        "other: 1",
        "lists: {a: {",
        b"\xff\xfe",
        "\t",
        "[" * 5000,
        "a\0b",
        "--- 1\n--- 2",
        "lists: *nowhere",
        "lists: {a: &x {category: b, format: plain, source: 'starter:games.txt'}, b: *x}",
        "lists: {a: !!map {category: b, format: plain, source: 'starter:games.txt'}}",
        "lists: {a: {<<: {category: b}, format: plain, source: 'starter:games.txt'}}",
        "#" * 1_000_001,
        'lists: {a: {category: b, format: plain, source: "x\\0y"}}',
        "lists: {a: {category: b, format: plain, source: " + "x" * 5000 + "}}",
        "lists: {a: {category: b, format: plain, source: " + "x/" * 900 + "}}",
        "lists: {[a]: 1}",
        "lists: {a: }",
    ],
)
def test_what_is_no_set_of_lists_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert faults(tmp_path, text)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ListsError, match="cannot be read"):
        load_lists(tmp_path / "lists.yaml")
