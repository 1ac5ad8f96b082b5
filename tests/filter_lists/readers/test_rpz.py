"""Response policy zones: what they block and let by, and nothing that they answer otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry
from filter_lists.readers.rpz import read_rpz
from filter_lists.report import ReadOptions, ReadReport, Why

HEAD = "$ORIGIN rpz.test.\n@ SOA a. b. (1 2 3 4 5)\n"


def read(text: str, wide: tuple[str, ...] = ()) -> tuple[list[Entry], ReadReport]:
    report = ReadReport()
    lines = (HEAD + text).encode().splitlines(keepends=True)
    entries = list(read_rpz(lines, report, ReadOptions(frozenset(wide))))
    assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
    assert report.understood == len(entries)
    return entries, report


def why_not(line: str) -> Why:
    entries, report = read(line)
    reasons = {why: each.count - 2 * (why is Why.SETTING) for why, each in report.skipped.items()}
    ((why, count),) = ((why, count) for why, count in reasons.items() if count)
    assert (entries, count) == ([], 1)
    return why


@pytest.mark.parametrize(
    "record",
    [
        *(
            "bet.example CNAME .",
            "*.bet.example CNAME .",
            "bet.example CNAME *.",
            "bet.example CNAME rpz-drop.",
        ),
        *("BET.example.rpz.test. 60 IN CNAME .", "bet.example A 0.0.0.0", "bet.example AAAA ::1"),
    ],
)
def test_a_name_that_is_denied_is_blocked_with_all_below_it(record: str) -> None:
    assert read(record)[0] == [Entry("bet.example")]


@pytest.mark.parametrize(
    ("owner", "address"),
    [
        ("32.1.2.0.192", "192.0.2.1"),
        ("128.1.zz.db8.2001", "2001:db8::1"),
        ("128.zz.db8.2001", "2001:db8::"),
        ("128.1.zz", "::1"),
        ("128.8.7.6.5.4.3.db8.2001", "2001:db8:3:4:5:6:7:8"),
    ],
)
def test_a_whole_address_is_one(owner: str, address: str) -> None:
    assert read(f"{owner}.rpz-ip CNAME .")[0] == [Entry(address)]
    assert read(f"{owner}.rpz-ip CNAME rpz-passthru.")[0] == [Entry(address, exception=True)]


ALONE = Entry("bet.example", below=False, exception=True)
WITH_BELOW = Entry("bet.example", exception=True)


@pytest.mark.parametrize(
    ("names", "entries", "narrow"),
    [
        (["bet.example"], [ALONE], 0),
        (["*.bet.example"], [], 1),
        (["bet.example", "*.bet.example"], [WITH_BELOW, WITH_BELOW], 0),
        (["*.bet.example", "bet.example"], [WITH_BELOW, WITH_BELOW], 0),
        (["bet.example", "bet.example"], [ALONE, ALONE], 0),
        (["*.bet.example", "*.bet.example"], [], 2),
        (["bet.example", "*.bet.example", "*.bet.example"], [WITH_BELOW, WITH_BELOW], 1),
    ],
)
def test_a_name_is_let_by_as_far_as_the_zone_says(
    names: list[str], entries: list[Entry], narrow: int
) -> None:
    for end in ("", "third.example CNAME .\n"):
        found, report = read("".join(f"{name} CNAME rpz-passthru.\n" for name in names) + end)
        assert found == entries + [Entry("third.example")] * bool(end)
        assert (report.skipped[Why.NARROW].count if narrow else 0) == narrow


def test_halves_that_do_not_stand_together_are_no_pair() -> None:
    text = "bet.example CNAME rpz-passthru.\nodds.example CNAME .\n*.bet.example CNAME rpz-passthru.\n"
    entries, report = read(text)
    assert entries == [ALONE, Entry("odds.example")]
    assert report.skipped[Why.NARROW].line == 5


def test_whoever_gives_an_entry_back_gives_back_its_own_line() -> None:
    report = ReadReport()
    lines = (
        (HEAD + "bet.example CNAME rpz-passthru.\nuk CNAME .\nodds.example CNAME .\n").encode().split(b"\n")
    )
    at = [(entry.host, report.at) for entry in read_rpz(lines, report, ReadOptions())]
    assert at == [("bet.example", 3), ("odds.example", 5)]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("bet.example CNAME walled.test.", Why.REWRITES),
        ("bet.example CNAME bet.example.", Why.REWRITES),
        ("bet.example CNAME rpz-passthru", Why.REWRITES),
        ("bet.example A 192.0.2.1", Why.REWRITES),
        ("bet.example AAAA 2001:db8::1", Why.REWRITES),
        ('bet.example TXT "."', Why.REWRITES),
        ("bet.example DNAME .", Why.REWRITES),
        ("bet.example CNAME rpz-tcp-only.", Why.TRIGGER),
        ("ns.bet.example.rpz-nsdname CNAME .", Why.TRIGGER),
        ("32.1.2.0.192.rpz-nsip CNAME rpz-passthru.", Why.TRIGGER),
        ("32.1.2.0.192.rpz-client-ip CNAME rpz-passthru.", Why.TRIGGER),
        ("24.0.2.0.192.rpz-ip CNAME .", Why.RANGE),
        ("48.zz.3.db8.2001.rpz-ip CNAME rpz-passthru.", Why.RANGE),
        ("x.1.2.0.192.rpz-ip CNAME .", Why.NOT_A_SITE),
        ("32.300.2.0.192.rpz-ip CNAME .", Why.NOT_A_SITE),
        ("rpz-ip CNAME .", Why.NOT_A_SITE),
        ("* CNAME .", Why.TOO_WIDE),
        ("*.co.uk CNAME .", Why.TOO_WIDE),
        ("xxx CNAME .", Why.TOO_WIDE),
        ("bet.*.example CNAME .", Why.NOT_A_SITE),
        ("bet\\.example CNAME .", Why.NOT_A_SITE),
        ("bet.example CNAME", Why.NOT_A_SITE),
        ("bet.example CNAME . .", Why.NOT_A_SITE),
        ("bet.example A x", Why.NOT_A_SITE),
        ("bet.example", Why.NOT_A_SITE),
        ("bet.example. CNAME .", Why.OUTSIDE),
        ("@ A 127.0.0.13", Why.SETTING),
        ("@ CNAME .", Why.SETTING),
        (" NS localhost.", Why.SETTING),
        ("bet.example RRSIG CNAME 8 2 300 x", Why.SETTING),
        ("$INCLUDE more", Why.INCLUDE),
    ],
)
def test_what_blocks_no_site_is_counted_with_its_reason(record: str, why: Why) -> None:
    assert why_not(record) is why


def test_a_school_may_mean_a_whole_suffix() -> None:
    assert read("*.xxx CNAME .", ("xxx",))[0] == [Entry("xxx")]


PIECES = """
bet.example odds.example * *. CNAME . rpz-passthru. rpz-drop. A 0.0.0.0 192.0.2.1 IN 300 ; ( ) @ $ORIGIN
$TTL SOA rpz.test. .rpz-ip 32.1.2.0.192 uk "
"""
LINES = st.lists(st.lists(st.sampled_from([*PIECES.split(), " ", " ", "\t"]), max_size=6).map("".join))


@settings(deadline=None)
@given(lines=LINES)
def test_each_line_is_understood_or_counted_and_only_a_passthru_lets_by(lines: list[str]) -> None:
    entries, _ = read("\n".join(lines))
    passed = sum("rpz-passthru." in line for line in lines)
    assert sum(entry.exception for entry in entries) <= passed


LABELS = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), min_size=1, max_size=3)
HOSTS = LABELS.map(lambda labels: ".".join([*labels, "example"]))


def as_records(entry: Entry) -> str:
    action = "rpz-passthru." if entry.exception else "."
    names = [entry.host, f"*.{entry.host}"] if entry.below else [entry.host]
    return "".join(f"{name} CNAME {action}\n" for name in names)


@settings(deadline=None)
@given(host=HOSTS, exception=st.booleans(), alone=st.booleans())
def test_an_entry_written_as_records_is_read_as_the_same_entry(
    host: str, exception: bool, alone: bool
) -> None:
    entry = Entry(host, below=not (exception and alone), exception=exception)
    assert set(read(as_records(entry))[0]) == {entry}
