"""Every block page leads to where it is told, and shows whom to ring where somebody may need it."""

import re
from dataclasses import replace

import pytest

from filter_lists.names import Site, Url
from filter_policy.model import Decision, Listing, Person, Reason, SafeHarbour, Verdict
from proxy_addon.block_page import NOTICES, Blocked, Pages, Wanted
from proxy_addon.page_help import MOST_LINES, WELLBEING, report_address
from tests.builders import a_person, a_policy, a_teacher

CHILDLINE = SafeHarbour(Site("childline.test"), "Childline", "0800 1111", "S128")
TALK = SafeHarbour(Site("talk.test"), 'Talk <b onclick="x">', "", "S54")
MANY = tuple(SafeHarbour(Site(f"{'h' * 40}{i}.{'x' * 60}.test"), "&" * 60, "<" * 40, "x") for i in range(50))
DECISION = Decision(Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "r", "r1", Listing("games", "l", "a.test"))
PEOPLE = {
    "picture": a_person(groups=("reception-ks1",)),
    "simple": a_person(),
    "plain": a_teacher(),
}
CONSOLE = "https://console.test:8000"
LINK = f'href="{CONSOLE}/report?ref=K7M-4QX"'


def page(
    person: Person,
    decision: Decision = DECISION,
    console: str = CONSOLE,
    harbours: tuple[SafeHarbour, ...] = (TALK, CHILDLINE),
) -> str:
    policy = a_policy(safe_harbour=harbours)
    blocked = Blocked(Url("https", "a.test", 443), decision, person, policy, "K7M-4QX")
    body = Pages(console).block(blocked, Wanted()).content or b""
    assert len(body) < 10_000
    assert not re.search(rb"src=|url\(|@import|<script|<form|\$", body)
    return body.decode()


def of(category: str) -> Decision:
    return replace(DECISION, listing=Listing(category, "l", "a.test"))


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.ISOLATED}))
@pytest.mark.parametrize("band", PEOPLE)
def test_every_block_page_has_the_link_to_tell_somebody(band: str, reason: Reason) -> None:
    html = page(PEOPLE[band], replace(DECISION, reason=reason))
    assert html.count(LINK) == 1
    assert LINK not in page(PEOPLE[band], replace(DECISION, reason=reason), console="")
    assert "report" not in page(PEOPLE[band], replace(DECISION, reason=reason), console="")


@pytest.mark.parametrize("band", PEOPLE)
def test_a_device_that_is_shut_off_is_offered_no_link_that_it_cannot_open(band: str) -> None:
    html = page(PEOPLE[band], replace(DECISION, reason=Reason.ISOLATED))
    assert "/report" not in html
    assert "href" not in html.partition("helpline")[0]


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_that_has_a_reference_has_it_too_and_one_without_has_none(name: str) -> None:
    pages = Pages(CONSOLE)
    assert LINK.encode() in (pages.notice(name, "K7M-4QX").content or b"")
    assert b"href" not in (pages.notice(name).content or b"")


def test_an_address_is_written_so_that_nothing_of_it_is_markup() -> None:
    assert report_address('https://c.test/"><script>', "K7M") == (
        "https://c.test/&quot;&gt;&lt;script&gt;/report?ref=K7M"
    )
    assert report_address("https://c.test/", 'a"&b c') == "https://c.test/report?ref=a%22%26b%20c"
    assert report_address("javascript:alert(1)//", "K7M") == report_address("", "K7M") == ""


@pytest.mark.parametrize("category", sorted(WELLBEING))
def test_where_a_site_is_about_wellbeing_there_are_helplines(category: str) -> None:
    for band in ("simple", "plain"):
        html = page(PEOPLE[band], of(category))
        assert 'href="https://childline.test/">Childline</a>, 0800 1111' in html
        assert html.index("Childline") < html.index("Talk")  # who can be rung stands first
        assert "<b " not in html


def test_who_is_suspended_reads_where_there_is_help() -> None:
    for band in ("simple", "plain"):
        assert "0800 1111" in page(PEOPLE[band], replace(DECISION, reason=Reason.SUSPENDED, listing=None))


def test_elsewhere_and_on_the_page_of_what_is_illegal_there_are_none() -> None:
    for decision in (DECISION, of("gambling"), replace(of("suicide"), reason=Reason.ILLEGAL)):
        assert "0800 1111" not in page(a_person(), decision)
    assert "talk to somebody" not in page(a_person(), of("suicide"), harbours=())


def test_the_longest_list_of_places_leaves_the_page_small() -> None:
    for band, person in PEOPLE.items():
        html = page(person, of("self-harm"), harbours=MANY)
        assert html.count("<li>") == (0 if band == "picture" else MOST_LINES)


def test_the_youngest_read_no_more_words_than_before() -> None:
    html = page(PEOPLE["picture"], of("self-harm")).partition("<body>")[2]
    said = re.sub(r"<[^>]+>", " ", re.sub(r"<small>.*?</small>", "", html, flags=re.S)).split()
    assert len(said) <= 12
