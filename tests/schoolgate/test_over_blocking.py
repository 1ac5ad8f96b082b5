"""What the lists shut that a school needs is told by site, group, list and entry, judged as the gate does."""

from datetime import datetime
from pathlib import Path

import pytest

from bench.real_lists import ABSENT, DATA, UT1_CATEGORIES, uk_hosts, ut1_lines
from filter_lists.compiler import compile_index
from filter_lists.index import Index
from filter_lists.names import NameFault
from filter_lists.sources import ListSource
from filter_policy.model import Policy, Reason
from filter_policy.parse import parse_policy
from schoolgate.over_blocking import Culprit, Surprise, check, culprits, must_stay_open, sites_in
from tests.builders import NOON, a_policy

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "filter_lists" / "starter"

LESSON = NOON.replace(hour=11)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.in_memory(
        {
            "help.test": [("education", "good"), ("pornography", "hasty"), ("gambling", "odd")],
            "sums.test/play": [("gambling", "odd")],
            "films.test": [("video", "films")],
            "news.test": [("press", "not-in-the-policy")],
            "www.gov.uk": [("gambling", "odd")],
            "allowed.example": [("education", "good")],
            "secret.test": [("child-sexual-abuse", "illegal")],
        }
    )


def surprises(index: Index, *sites: str, at: datetime = LESSON, group: str = "upper-ks2") -> list[Surprise]:
    return list(check(a_policy(), index, sites, at, [group]))


def test_each_list_that_alone_would_shut_a_site_is_named(index: Index) -> None:
    site, group = "www.help.test", "upper-ks2"
    assert surprises(index, site) == [
        Surprise(site, group, Reason.CATEGORY_NOT_ALLOWED, "gambling", "odd", "help.test"),
        Surprise(site, group, Reason.LOCKED, "pornography", "hasty", "help.test"),
    ]


def test_what_is_open_or_on_no_list_is_no_surprise(index: Index) -> None:
    assert surprises(index, "allowed.example", "unlisted.test", "sums.test", "sums.test/playground") == []


def test_a_part_of_a_site_and_a_whole_url_can_be_asked_for(index: Index) -> None:
    asked = ("sums.test/play/7", "http://sums.test:8080/play?level=1")
    assert {each.site: each.entry for each in surprises(index, *asked)} == dict.fromkeys(
        asked, "sums.test/play"
    )


def test_a_category_the_policy_does_not_know_is_shut_and_told(index: Index) -> None:
    assert [each.list_id for each in surprises(index, "news.test")] == ["not-in-the-policy"]


def test_the_time_asked_about_counts(index: Index) -> None:
    assert surprises(index, "films.test") == []
    assert [each.reason for each in surprises(index, "films.test", at=NOON)] == [Reason.NOT_AT_THIS_TIME]


def test_the_schools_own_word_on_a_site_is_no_surprise(index: Index) -> None:
    assert surprises(index, "www.gov.uk") == []
    assert surprises(index, "allowed.example/games") == []


def test_a_group_for_whom_nothing_unlisted_is_open_is_not_told_of_every_site(index: Index) -> None:
    assert surprises(index, "unlisted.test", "allowed.example", group="reception-ks1") == []
    assert len(surprises(index, "help.test", group="reception-ks1")) == 2


def test_entries_of_illegal_lists_are_not_read_out(index: Index) -> None:
    assert surprises(index, "secret.test") == [
        Surprise("secret.test", "upper-ks2", Reason.ILLEGAL, "child-sexual-abuse", "illegal", None)
    ]


def test_each_group_is_judged_by_itself(index: Index) -> None:
    found = check(a_policy(), index, ["films.test"], NOON, ["upper-ks2", "staff"])
    assert [each.group for each in found] == ["upper-ks2"]


def test_what_is_no_site_or_no_group_is_not_passed_over(index: Index) -> None:
    with pytest.raises(NameFault):
        surprises(index, "not a site")
    with pytest.raises(KeyError):
        surprises(index, "help.test", group="year-99")


def test_culprits_are_the_entries_the_one_that_shuts_most_first(index: Index) -> None:
    found = surprises(index, "help.test", "www.help.test", "sums.test/play")
    assert culprits(found) == [
        Culprit("pornography", "hasty", "help.test", ("help.test", "www.help.test"), ("upper-ks2",)),
        Culprit("gambling", "odd", "help.test", ("help.test", "www.help.test"), ("upper-ks2",)),
        Culprit("gambling", "odd", "sums.test/play", ("sums.test/play",), ("upper-ks2",)),
    ]


def test_sites_in_a_file_are_read_and_each_line_that_is_none_is_named() -> None:
    read = sites_in("a.test # why\n\n# nothing\nb.test/part\na.test\nnot a site\n", "sites.txt")
    assert read.sites == ("a.test", "b.test/part")
    assert [fault.partition(": ")[0] for fault in read.faults] == ["sites.txt:6"]


def test_what_must_stay_open_is_read_to_the_last_line() -> None:
    read = must_stay_open()
    assert read.faults == ()
    assert len(read.sites) > 300
    assert {"www.childline.org.uk", "www.nhs.uk", "www.samaritans.org", "www.aqa.org.uk"} <= set(read.sites)


YEAR_9 = "  year-9: {role: pupil, unlisted: allowed, block_page: plain}\n"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """What comes with Schoolgate, and a class of a secondary school."""
    text = (ROOT / "config" / "policy.yaml").read_text("utf-8")
    return parse_policy(text.replace("filter_groups:\n", "filter_groups:\n" + YEAR_9))


def test_no_starter_list_shuts_all_day_what_must_stay_open(policy: Policy, tmp_path: Path) -> None:
    sources = [ListSource(path.stem, path.stem, "plain", path) for path in STARTER.glob("*.txt")]
    index = Index.open(tmp_path / compile_index(sources, tmp_path))
    sites = must_stay_open().sites
    shut = [{each.site for each in check(policy, index, sites, at, ["year-9"])} for at in (LESSON, NOON)]
    assert shut[0] & shut[1] == set()


@pytest.mark.parametrize("folder", ["config", "schoolgate/example"])
def test_what_comes_with_schoolgate_passes_its_own_check_in_a_lesson(folder: str, tmp_path: Path) -> None:
    sources = [ListSource(path.stem, path.stem, "plain", path) for path in STARTER.glob("*.txt")]
    index = Index.open(tmp_path / compile_index(sources, tmp_path))
    shipped = parse_policy((ROOT / folder / "policy.yaml").read_text("utf-8"))
    groups = tuple(shipped.filter_groups)
    assert culprits(check(shipped, index, must_stay_open().sites, LESSON, groups)) == []


# Sites that the list of the University of Toulouse names for a kind of site that this policy shuts.
EXPLAINED = {
    "home.oxfordowl.co.uk": "pornography: a mistake of the list; the reading site of a school publisher",
    "teams.microsoft.com": "messaging: true; a school that teaches with it says so under sites:",
    "login.live.com": "messaging: the way in to a mailbox, and to everything else of that maker",
    "outlook.office365.com": "messaging: mail, which the school may be using",
    "www.release.org.uk": "drugs: advice about drugs and the law is listed with the drugs",
    "www.internetmatters.org": "games: a mistake of the list; advice for parents",
    "www.phonicsplay.co.uk": "games: true, and they teach reading",
    "ttrockstars.com": "games: true, and it teaches times tables",
}


@pytest.fixture(scope="module")
def toulouse(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Of millions of lines, those that name a site asked about here or a name above one."""
    if not DATA.is_dir():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("toulouse")
    near = {name for site in (*must_stay_open().sites, *uk_hosts()) for name in names_over(site)}
    sources = []
    for theirs, ours in UT1_CATEGORIES.items():
        path = folder / theirs
        lines = (line for kind in ("domains", "urls") for line in ut1_lines(theirs, kind))
        path.write_text("".join(f"{line}\n" for line in lines if line.partition("/")[0] in near), "utf-8")
        if path.stat().st_size:
            sources.append(ListSource(f"ut1-{theirs}", ours, "plain", path))
    return Index.open(folder / compile_index(sources, folder))


def names_over(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def test_of_what_must_stay_open_a_large_list_shuts_only_what_is_explained(
    policy: Policy, toulouse: Index
) -> None:
    found = check(policy, toulouse, must_stay_open().sites, LESSON, ["year-9"])
    kinds = {each.site: each.category for each in found}
    assert kinds == {site: why.partition(":")[0] for site, why in EXPLAINED.items()}


def test_no_school_council_or_hospital_of_this_country_is_shut_by_a_large_list(
    policy: Policy, toulouse: Index
) -> None:
    hosts = uk_hosts()
    shut = {each.site for each in check(policy, toulouse, hosts, LESSON, ["year-9"])}
    assert (len(hosts) > 6900, len(shut)) == (True, 0)
