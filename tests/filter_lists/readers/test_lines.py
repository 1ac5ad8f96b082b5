"""The lines of a file, and the one way in which every reader takes a host or a page from a text."""

from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry, Expression, Scope
from filter_lists.names import canonical_host
from filter_lists.readers.lines import (
    CANONICAL,
    RefusedError,
    entry_of_text,
    expression_of,
    host_of,
    is_surely_canonical,
    lines_of,
    numbered,
    one_a_line,
    without_nothing,
)
from filter_lists.report import LONGEST, Note, ReadOptions, ReadReport, Why
from filter_lists.unpacking import SourceFault

NONE_WIDE = ReadOptions()


def read(text: str, options: ReadOptions = NONE_WIDE) -> tuple[Entry, list[Note]]:
    notes: list[Note] = []
    return entry_of_text(text, options, notes.append), notes


def refusal(text: str, options: ReadOptions = NONE_WIDE) -> Why:
    with pytest.raises(RefusedError) as refused:
        read(text, options)
    return refused.value.why


def numbers_and_texts(text: bytes) -> list[tuple[int, str]]:
    return list(numbered(lines_of(BytesIO(text)), ReadReport()))


def test_a_line_without_end_is_never_whole_in_memory() -> None:
    lines = list(lines_of(BytesIO(b"y" * 16_000_000 + b"\nbet.example")))
    assert [len(line) for line in lines] == [LONGEST + 1, len("bet.example")]


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 2])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_long_lines_do_not_shift_the_line_numbers(length: int, end: bytes) -> None:
    report = ReadReport()
    lines = lines_of(BytesIO(b"x" * length + end + b"uk" + end))
    assert [number for number, _ in numbered(lines, report)][-1] == 2
    assert report.lines == 2
    assert (Why.TOO_LONG in report.skipped) is (length > LONGEST)


def test_what_stands_around_a_line_and_means_nothing_goes() -> None:
    text = b"\xef\xbb\xbfa.example\r\n\xc2\xa0b.example\t\0\n \r\n\0\n# c\nd.example # e\nf#g\n\x0c\n"
    assert numbers_and_texts(text) == [(1, "a.example"), (2, "b.example"), (6, "d.example"), (7, "f#g")]


def test_a_line_that_is_not_utf_8_is_latin_1() -> None:
    assert numbers_and_texts("ü\n".encode() + "ü\n".encode("latin-1")) == [(1, "ü"), (2, "ü")]


def test_a_format_may_have_no_comments() -> None:
    assert list(numbered([b"# a"], ReadReport(), without_nothing)) == [(1, "# a")]


def test_each_line_is_read_or_counted_and_notes_carry_its_number() -> None:
    report = ReadReport()
    lines = [b"uk", b"bet.example:8080", b"a b", b"bet.example", b"com"]
    said = list(one_a_line(lines, report, lambda text, note: entry_of_text(text, NONE_WIDE, note)))
    assert said == [Entry("bet.example")] * 2
    assert (report.lines, report.understood) == (5, 2)
    assert {why: (each.count, each.line) for why, each in report.skipped.items()} == {
        Why.TOO_WIDE: (2, 1),
        Why.SEVERAL: (1, 3),
    }
    assert {note: (each.count, each.line) for note, each in report.noted.items()} == {Note.PORT: (1, 2)}


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("bet.example", Entry("bet.example")),
        ("BET.Example.", Entry("bet.example")),
        (".bet.example", Entry("bet.example")),
        ("*.bet.example", Entry("bet.example")),
        ("https://bet.example/", Entry("bet.example")),
        ("https://*.bet.example/odds", Entry("bet.example", "/odds")),
        ("bet.example/Odds", Entry("bet.example", "/Odds")),
        ("bet.example/a;b=1/~c/...", Entry("bet.example", "/a;b=1/~c/...")),
        ("bet.example/%6f dds".replace(" ", "%20"), Entry("bet.example", "/%6f%20dds")),
        ("bet.example/@someone:1/", Entry("bet.example", "/@someone:1/")),
        ("bet.example/odds?x=1&y=2", Entry("bet.example", "/odds", "x=1&y=2")),
        ("bet.example/?x=1", Entry("bet.example", "/", "x=1")),
        ("bet.example?x=1", Entry("bet.example", "/", "x=1")),
        ("bet.example/odds?", Entry("bet.example", "/odds")),
        ("bet.example/odds#", Entry("bet.example", "/odds")),
        ("bet.example/#", Entry("bet.example")),
        ("bet.example/go?to=http://odds.example/", Entry("bet.example", "/go", "to=http://odds.example/")),
        ("bücher.example/ü", Entry("xn--bcher-kva.example", "/%C3%BC")),
        ("192.0.2.1", Entry("192.0.2.1")),
        ("192.0.2.1/odds", Entry("192.0.2.1", "/odds")),
        ("2001:DB8::1", Entry("2001:db8::1")),
        ("[2001:DB8::1]/odds", Entry("2001:db8::1", "/odds")),
        ("a_b.-c-.example", Entry("a_b.-c-.example")),
        ("shop.github.io", Entry("shop.github.io")),
        ("github.io", Entry("github.io")),
    ],
)
def test_hosts_addresses_paths_and_queries_are_entries(text: str, entry: Entry) -> None:
    assert read(text) == (entry, [])


@pytest.mark.parametrize(
    ("text", "entry", "notes"),
    [
        ("bet.example:8080", Entry("bet.example"), [Note.PORT]),
        ("bet.example:", Entry("bet.example"), [Note.PORT]),
        ("https://bet.example:8443/odds", Entry("bet.example", "/odds"), [Note.PORT]),
        ("192.0.2.1:81/odds", Entry("192.0.2.1", "/odds"), [Note.PORT]),
        ("[2001:db8::1]:81", Entry("2001:db8::1"), [Note.PORT]),
        ("bet.example/odds#live", Entry("bet.example", "/odds"), [Note.FRAGMENT]),
        ("bet.example/?a#/odds?x", Entry("bet.example", "/", "a"), [Note.FRAGMENT]),
        ("bet.example:1/a?b#c", Entry("bet.example", "/a", "b"), [Note.FRAGMENT, Note.PORT]),
    ],
)
def test_a_port_or_fragment_is_dropped_and_noted_but_never_for_an_exception(
    text: str, entry: Entry, notes: list[Note]
) -> None:
    assert read(text) == (entry, notes)
    with pytest.raises(RefusedError) as refused:
        entry_of_text(text, NONE_WIDE)
    assert refused.value.why is Why.NARROW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("uk", Why.TOO_WIDE),
        ("co.uk", Why.TOO_WIDE),
        ("*.co.uk", Why.TOO_WIDE),
        ("co.uk/odds", Why.TOO_WIDE),
        ("co.uk:80", Why.TOO_WIDE),
        ("kent.sch.uk", Why.TOO_WIDE),
        ("ac.uk", Why.TOO_WIDE),
        ("gov.uk", Why.TOO_WIDE),
        ("рф", Why.TOO_WIDE),
        (".қаз", Why.TOO_WIDE),
        ("printer", Why.TOO_WIDE),
        ("localhost", Why.LOCAL),
        ("localhost.localdomain", Why.LOCAL),
        ("ip6-allnodes", Why.LOCAL),
        ("bet.example odds.example", Why.SEVERAL),
        ("||bet.example^", Why.PATTERN),
        ("bet*.example", Why.PATTERN),
        ("bet.example/*/odds", Why.PATTERN),
        ("bet.example#odds", Why.QUERY),
        ("bet.example/#/odds", Why.QUERY),
        ("*.192.0.2.1", Why.PATTERN),
        (".192.0.2.1/odds", Why.PATTERN),
        (".2.1", Why.ODD_ADDRESS),
        ("192.0.2.0/24", Why.RANGE),
        ("2001:db8::/32", Why.RANGE),
        ("192.0.2.1-192.0.2.9", Why.RANGE),
        ("2001:db8::1-2001:db8::9", Why.RANGE),
        ("010.0.0.1", Why.ODD_ADDRESS),
        ("192.168", Why.ODD_ADDRESS),
        ("0x7f000001/odds", Why.ODD_ADDRESS),
        ("192.0.2.921", Why.NOT_A_SITE),
        ("bet.example:808080", Why.NOT_A_SITE),
        ("bet.example:odds", Why.NOT_A_SITE),
        ("a@bet.example", Why.NOT_A_SITE),
        ("a:b@bet.example/odds", Why.NOT_A_SITE),
        ("https://", Why.NOT_A_SITE),
        ("/odds", Why.NOT_A_SITE),
        ("?x=1", Why.NOT_A_SITE),
        ("!bet.example", Why.NOT_A_SITE),
        ("(bet.example)", Why.NOT_A_SITE),
        ("=====.=====", Why.NOT_A_SITE),
        ("x" * 64 + ".example", Why.NOT_A_SITE),
        ("a." * 130 + "example", Why.NOT_A_SITE),
        ("xn--a.example", Why.NOT_A_SITE),
        ("bet\u202eshop.example", Why.NOT_A_SITE),
    ],
)
def test_what_is_no_site_or_everybodys_is_refused_with_its_reason(text: str, why: Why) -> None:
    assert refusal(text) is why


def test_a_school_may_say_that_it_means_a_whole_suffix() -> None:
    wide = ReadOptions(frozenset({"xxx", "bet.br"}))
    assert read("xxx", wide)[0] == Entry("xxx")
    assert read("*.XXX.", wide)[0] == Entry("xxx")
    assert read("bet.br/odds", wide)[0] == Entry("bet.br", "/odds")
    assert refusal("porn", wide) is Why.TOO_WIDE
    assert refusal("br", wide) is Why.TOO_WIDE
    assert refusal("localhost", ReadOptions(frozenset({"localhost"}))) is Why.LOCAL


@pytest.mark.parametrize(
    "text", ["bet.example:80", "*.bet.example", "bet.example/", "a b.example", "bet.example#a"]
)
def test_where_a_format_has_hosts_alone_nothing_else_is_taken(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        host_of(text, NONE_WIDE)
    assert refused.value.why is Why.NOT_A_SITE


@pytest.mark.parametrize("scope", ["host", "page", "url"])
def test_an_expression_that_finds_something_is_taken_and_one_that_finds_everything_is_not(
    scope: Scope,
) -> None:
    assert expression_of("bet[0-9]+", scope, "gambling") == Expression("bet[0-9]+", scope, "gambling")
    for pattern in ("(", "(?=a)", "", "x*", ".", r"\.", "[a-z0-9]", r"e|\d", "[^.]{2,}"):
        with pytest.raises(RefusedError) as refused:
            expression_of(pattern, scope)
        assert refused.value.why is Why.EXPRESSION


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[a-cx\-_.0n/:?#*\[\]@%ü ]{0,20}", fullmatch=True))
@example("a" * 64 + ".example")
@example("0x7f.1")
def test_an_entry_written_out_is_read_as_the_same_entry(text: str) -> None:
    try:
        entry, _ = read(text)
    except RefusedError:
        return
    host = f"[{entry.host}]" if ":" in entry.host else entry.host
    written = f"{host}{entry.path}" + (f"?{entry.query}" if entry.query else "")
    assert read(written) == (entry, [])
    assert canonical_host(entry.host) == entry.host


@settings(deadline=None)
@given(
    st.from_regex(CANONICAL, fullmatch=True)
    | st.from_regex(r"([a-cnx0\-_]{0,6}\.){0,4}[a-c0x\-]{0,3}", fullmatch=True)
    | st.builds(
        "{}{}".format, st.integers(60, 70).map("a".__mul__), st.sampled_from([".b", ".b.c", "." + "d" * 64])
    )
    | st.integers(80, 130).map(lambda n: "a." * n + "b")
)
def test_the_fast_way_says_only_what_the_canonical_form_says(text: str) -> None:
    if is_surely_canonical(text):
        assert canonical_host(text) == text


@pytest.mark.parametrize(
    "host", ["bet.example", "a_b.-c-.example", "r1---sn.example", "1.2.3.example", "a." * 126 + "b"]
)
def test_the_fast_way_takes_what_most_lines_are(host: str) -> None:
    assert is_surely_canonical(host)


@pytest.mark.parametrize(
    "text",
    ["", "a", "A.example", "a.example.", "a..example", ".example", "1.2.3.4", "a.0x7f", "a.-", "a.example/b"],
)
def test_the_fast_way_leaves_the_rest_to_the_slow_one(text: str) -> None:
    assert not is_surely_canonical(text)


@pytest.mark.parametrize(
    "text", ["ü.example", "xn--p1ai.example", "a.xn--p1ai", "a.b\n", "a." * 126 + "bc", "a" * 64 + ".b"]
)
def test_nor_does_it_take_other_scripts_and_what_is_too_long(text: str) -> None:
    assert not is_surely_canonical(text)


@pytest.mark.parametrize("text", ["bet.example//", "bet.example/%252e%252e/", "bet.example/./"])
def test_a_path_that_is_none_is_refused_and_not_taken_for_the_whole_site(text: str) -> None:
    with pytest.raises(RefusedError):
        entry_of_text(text, ReadOptions(), lambda note: None)


@pytest.mark.parametrize("text", ["bet.example:8080", "*.bet.example", "bet.example/help#top"])
def test_where_every_entry_is_an_exception_none_is_read_wider_than_it_stands(text: str) -> None:
    with pytest.raises(RefusedError):
        entry_of_text(text, ReadOptions(strict=True), lambda note: None)
    assert entry_of_text(text, ReadOptions(), lambda note: None).host == "bet.example"


@pytest.mark.parametrize("scope", ["host", "page", "url"])
@pytest.mark.parametrize(
    "pattern", ["e", "a", "o", "com", "[.]com$", "[.]uk", "^www", "[.]", "^.{4,}", "[a-e]"]
)
def test_an_expression_that_is_found_in_most_of_the_web_is_refused(pattern: str, scope: Scope) -> None:
    if scope != "host":
        pattern = pattern.replace("$", "/").replace("^www", "www[.]")
    with pytest.raises(RefusedError, match="nearly everything"):
        expression_of(pattern, scope)


@pytest.mark.parametrize("pattern", ["^https:", "https", "^https?://", "http://", ":", "^http:", "/$"])
def test_an_expression_that_means_every_address_of_a_scheme_is_refused(pattern: str) -> None:
    with pytest.raises(RefusedError, match="nearly everything"):
        expression_of(pattern, "url")


@pytest.mark.parametrize(
    "pattern", ["bet", "[.]xyz$", "[.]fr$", "poker", "^([0-9]+[.]){3}[0-9]+$", "casino[0-9]*"]
)
def test_an_expression_that_means_some_sites_is_taken(pattern: str) -> None:
    assert expression_of(pattern, "host").pattern == pattern


@pytest.mark.parametrize("line", [b"x.example/caf\xe9", b"https://x.example/caf\xe9\n", b"x.example/caf%E9"])
def test_bytes_of_a_path_that_are_no_utf_8_stay_what_they_are(line: bytes) -> None:
    ((_, text),) = numbered([line], ReadReport())
    assert entry_of_text(text, ReadOptions()).path == "/caf%E9"


def test_bytes_of_a_host_that_are_no_utf_8_are_letters() -> None:
    ((_, text),) = numbered([b"b\xfccher.example/caf\xe9"], ReadReport())
    entry = entry_of_text(text, ReadOptions())
    assert (entry.host, entry.path) == ("xn--bcher-kva.example", "/caf%E9")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_list_in_utf_16_is_a_fault_that_names_it(encoding: str) -> None:
    content = "\ufeffbet.example\n".encode(encoding)
    with pytest.raises(SourceFault, match="is UTF-16; save it as UTF-8"):
        list(lines_of(BytesIO(content)))
