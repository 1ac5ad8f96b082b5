"""What comes with Schoolgate filters out of the box, and nothing in it is what nobody may publish."""

import re
from pathlib import Path

import pytest
import yaml

from filter_lists.ensure import ensure_index
from filter_lists.index import Index
from filter_lists.lists_config import STARTER, load_lists
from filter_lists.names import parse_url
from filter_policy.shapes import BY_HOST

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "config" / "lists.yaml"
POLICIES = (ROOT / "config" / "policy.yaml", ROOT.parent / "shared" / "example-policy.yaml")
ILLEGAL = ("child-sexual-abuse", "terrorism")
DEMO = {
    "illegal-example.test": "child-sexual-abuse",
    "terror-example.test": "terrorism",
    "adult.test": "pornography",
    "racism-history.test": "discrimination",
    "drugs.test": "drugs",
    "violence.test": "violence",
    "bets.test": "gambling",
    "proxyhole.test": "circumvention",
    "malware.test": "malware",
    "friends.test": "social-media",
    "chat.test": "messaging",
    "shop.test": "shopping",
    "files.test": "file-sharing",
    "films.test": "video",
    "sums.test": "games-educational",
    "games.test": "games",
    "robot.test": "ai-assistants",
    "search.test": "search",
    "school-books.test": "education",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return ensure_index(LISTS, tmp_path_factory.mktemp("state"))


def categories(index: Index, url: str) -> set[str]:
    return {each.category for each in index.lookup(parse_url(url))}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.name)
def test_every_category_of_the_policy_has_a_list_and_every_list_a_row(index: Index, policy: Path) -> None:
    if not policy.is_file():
        pytest.skip(f"{policy.name} is not beside this checkout")
    assert set(yaml.safe_load(policy.read_text("utf-8"))["access"]) - BY_HOST == index.categories


def test_every_list_is_understood_to_the_last_line(index: Index) -> None:
    assert {each.list_id: each.skipped for each in index.lists if each.skipped} == {}
    assert all(each.entries == each.understood for each in index.lists)


def test_every_starter_list_is_named_in_the_configuration() -> None:
    assert {each.local for each in load_lists(LISTS).lists} == set(STARTER.iterdir())


@pytest.mark.parametrize(("host", "category"), DEMO.items())
def test_each_site_of_the_demo_is_what_it_is_meant_to_be(index: Index, host: str, category: str) -> None:
    assert categories(index, f"https://{host}/") == {category}


def test_the_addresses_to_test_with_are_those_of_the_document(index: Index) -> None:
    """A school tests with them each quarter (I5)."""
    page = (ROOT / "docs" / "illegal-content.md").read_text("utf-8")
    told = re.findall(r"\| `(https?://\S*schoolgate-check\.test\S*)` \|", page)

    assert len(told) == 3
    for url in told:
        assert [(hit.list_id, hit.entry) for hit in index.lookup(parse_url(url))] == [
            ("starter-illegal-test", "(not shown)")
        ]
    assert not index.lookup(parse_url("http://schoolgate-check.test/"))


def test_one_site_of_the_demo_is_on_no_list(index: Index) -> None:
    assert categories(index, "https://news.test/") == set()


def test_each_category_has_a_made_up_name_of_its_own(index: Index) -> None:
    for category in index.categories:
        assert categories(index, f"http://www.{category}.test/") == {category}


@pytest.mark.parametrize("name", [*ILLEGAL, "illegal-test"])
def test_the_illegal_lists_hold_made_up_names_only(name: str) -> None:
    lines = (STARTER / f"{name}.txt").read_text("utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert entries
    assert all(entry.partition("/")[0].endswith(".test") for entry in entries)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.bet365.com/", {"gambling"}),
        ("https://www.bbc.co.uk/bitesize/subjects", {"education"}),
        ("https://www.bbc.co.uk/iplayer", {"video"}),
        ("https://www.bbc.co.uk/news", set()),
        ("https://www.google.com/search?q=romans", {"search"}),
        ("https://translate.google.com/?text=hello", set()),
        ("https://translate.google.com/translate?u=bet.example", set()),  # judged by what it carries
        ("https://use-application-dns.net/", {"circumvention"}),
        ("https://education.minecraft.net/", {"games-educational"}),
        ("https://www.talktofrank.com/drug/cannabis", {"education"}),
        ("https://1.1.1.1/dns-query", {"circumvention"}),
        ("http://10-0-0-1.nip.io/", {"circumvention"}),
        ("http://c0a80101.sslip.io/", {"circumvention"}),
        ("https://dns12.quad9.net/dns-query", {"circumvention"}),
        ("https://remotedesktop.google.com/access", {"circumvention"}),
        ("https://www.croxyproxy.net/", {"circumvention"}),
    ],
)
def test_well_known_sites_are_what_a_primary_school_takes_them_for(
    index: Index, url: str, found: set[str]
) -> None:
    assert categories(index, url) == found
