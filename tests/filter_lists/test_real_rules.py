"""Real rules, zones and folders of lists, from beside this checkout where they are: counts only."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from filter_lists.entry import Entry, Expression
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport, Why
from filter_lists.sources import ListSource, parts_of

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
LISTS = DEV / "lists"

pytestmark = pytest.mark.skipif(not LISTS.is_dir(), reason="the real lists (shared/data/dev) are not here")


def read(source: ListSource) -> tuple[list[Entry | Expression], ReadReport, Counter[Why]]:
    """All parts together; each line of each is understood or counted."""
    said: list[Entry | Expression] = []
    whole, skipped = ReadReport(), Counter[Why]()
    for part in parts_of(source):
        report = ReadReport()
        with part.open() as file:
            said += READERS[part.format](lines_of(file), report, ReadOptions())
        assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
        whole.lines += report.lines
        whole.understood += report.understood
        skipped.update({why: each.count for why, each in report.skipped.items()})
    return said, whole, skipped


def one(format_: str, path: Path) -> tuple[list[Entry | Expression], ReadReport, Counter[Why]]:
    return read(ListSource("some", "some", format_, path))


def hosts(said: Iterable[Entry | Expression]) -> set[str]:
    return {each.host for each in said if isinstance(each, Entry)}


@pytest.mark.parametrize("format_", ["adblock", "adblock-dns"])
@pytest.mark.parametrize(
    "name", ["alexsannikov-adult", "alexsannikov-gambling", "blp-drugs", "adguard-dns-tests"]
)
def test_nearly_every_rule_of_a_list_of_sites_is_understood(format_: str, name: str) -> None:
    said, report, _ = one(format_, LISTS / "adblock" / f"{name}.zst")
    assert report.understood >= 0.99 * report.lines
    entries = len(said)
    assert entries == report.understood > 4_000


def test_of_a_browsers_list_what_is_about_sites_is_understood() -> None:
    said, report, skipped = one("adblock", LISTS / "adblock" / "easylist.zst")
    network = report.lines - skipped[Why.NOT_NETWORK]
    assert report.understood > 0.85 * network
    assert skipped[Why.OPTION] + skipped[Why.PATTERN] > 0.99 * (network - report.understood)
    expressions = sum(isinstance(each, Expression) for each in said)
    assert expressions < 20


def test_the_exceptions_of_a_browsers_list_open_pages_and_no_whole_sites() -> None:
    said = one("adblock", LISTS / "adblock" / "easylist.zst")[0]
    exceptions = [each for each in said if isinstance(each, Entry) and each.exception]
    pages, sites = len(exceptions), sum(each.path == "/" for each in exceptions)
    assert 10 < pages < 100
    assert sites == 0


def test_rules_that_give_another_address_block_nothing() -> None:
    for path in sorted((LISTS / "safesearch").glob("*.zst")):
        for format_ in ("adblock", "adblock-dns"):
            said, report, skipped = one(format_, path)
            entries = len(said)
            assert (entries, skipped) == (0, Counter({Why.REWRITES: report.lines}))


def test_the_expressions_of_a_dns_filter_all_run() -> None:
    said, report, _ = one("adblock-dns", LISTS / "regex" / "alexsannikov-adregex.zst")
    entries = len(said)
    assert entries == report.understood == report.lines > 20


def test_one_list_as_rules_says_the_same_as_in_other_formats() -> None:
    same = LISTS / "sameset" / "nosafesearch"
    rules = hosts(one("adblock", same / "adblock.zst")[0])
    names = hosts(one("plain", same / "domains.zst")[0])
    widest = {name for name in names if not any(name.endswith(f".{each}") for each in names)}
    others = [("adblock-dns", "adblock"), ("dnsmasq", "dnsmasq"), ("e2guardian-sites", "wildcard")]
    wrong = [format_ for format_, name in others if hosts(one(format_, same / f"{name}.zst")[0]) != rules]
    agree = rules == widest and names == hosts(one("v2fly", same / "domains.zst")[0])
    assert (wrong, agree) == ([], True)


@pytest.mark.parametrize("name", ["GENERATED-ut1-dating.rpz", "ngadmini-publicite"])
def test_every_record_of_a_zone_is_understood_but_for_what_is_the_zones_own(name: str) -> None:
    _, report, skipped = one("rpz", LISTS / "rpz" / f"{name}.zst")
    assert skipped.total() < 10
    assert skipped.keys() <= {Why.SETTING, Why.INCLUDE, Why.TRIGGER, Why.REWRITES}
    assert report.understood > 20


def test_a_zone_is_read_as_the_list_it_was_made_of() -> None:
    zone = hosts(one("rpz", LISTS / "rpz" / "GENERATED-ut1-dating.rpz.zst")[0])
    names = hosts(one("plain", DEV / "squidguard" / "ut1" / "dating" / "domains.zst")[0])
    missing, more = len(names - zone), len(zone - names)
    assert missing <= 1  # one address, which the zone was made without
    assert more < 10


def test_every_list_of_a_real_folder_is_read_with_what_it_draws_in() -> None:
    names = ("category-porn", "category-ads-all", "category-ai-!cn", "category-games", "category-vpnservices")
    path = DEV / "v2fly" / "data.tar.zst"
    said, report, skipped = read(ListSource("v2fly", "", "v2fly", path, dict.fromkeys(names, ("ours",))))
    assert skipped[Why.INCLUDE] == 0
    assert report.understood > 0.99 * report.lines
    entries = len(said)
    assert entries == report.understood > 8_000


def test_a_list_of_domains_is_one_of_e2guardians_too() -> None:
    said, report, _ = one("e2guardian-sites", LISTS / "plain" / "blp-drugs.zst")
    entries = len(said)
    assert entries == report.understood >= 0.99 * report.lines
