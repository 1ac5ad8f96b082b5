"""The words of each age, under 10 KB, from nowhere else, and safe whatever is in them."""

import json
import re
from dataclasses import replace

import pytest

from filter_lists.listing import NOT_SHOWN
from filter_lists.names import Url
from filter_policy.model import Decision, Listing, Reason, Verdict
from proxy_addon.block_page import NOTICES, Blocked, Pages, Wanted, message, wanted
from tests.builders import a_person, a_policy, a_teacher

DECISION = Decision(
    Verdict.BLOCK,
    Reason.CATEGORY_NOT_ALLOWED,
    "access.gambling.everyone",
    "r1",
    Listing("gambling", "l", "bet.test"),
)
PAGES = Pages()


def page(person=None, decision: Decision = DECISION, host: str = "bet.test", want: str = "page") -> str:  # type: ignore[no-untyped-def]  # a builder
    blocked = Blocked(Url("http", host, 80), decision, person or a_person(), a_policy(), "K7M-4QX")
    response = PAGES.block(blocked, Wanted(want))
    assert response.status_code == 403
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert int(response.headers["Content-Length"]) == len(response.content or b"") < 10_000
    return (response.content or b"").decode()


def words(html: str) -> list[str]:
    body = re.sub(r"<style>.*?</style>|<small>.*?</small>", "", html.partition("<body>")[2], flags=re.S)
    return re.sub(r"<[^>]+>", " ", body).split()


def test_the_youngest_get_a_picture_and_twelve_words() -> None:
    html = page(a_person(groups=("reception-ks1",)))
    assert "<svg" in html
    assert len(words(html)) <= 12
    assert "gambling" not in html


def test_juniors_are_not_in_trouble() -> None:
    html = page()
    assert "You are not in trouble" in html
    assert "gambling" not in html
    assert "K7M-4QX" in html


@pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.ISOLATED], ids=str)
def test_whoever_is_suspended_or_has_a_device_that_is_shut_off_is_told_nothing_untrue(reason: Reason) -> None:
    shut = replace(DECISION, reason=reason)
    for person in (a_person(), a_teacher(), a_person(groups=("reception-ks1",))):
        html = page(person, shut)
        for untrue in ("You are not in trouble", "If you need it", "This is not for school"):
            assert untrue not in html


def test_adults_read_the_reason_and_how_to_ask() -> None:
    html = page(a_teacher())
    for said in ("gambling", "bet.test", "K7M-4QX", "technician"):
        assert said in html


def test_what_is_illegal_is_one_page_for_all() -> None:
    illegal = replace(DECISION, reason=Reason.ILLEGAL, listing=Listing("child-sexual-abuse", "l", "x.test"))
    pages = {
        page(person, illegal) for person in (a_person(), a_teacher(), a_person(groups=("reception-ks1",)))
    }
    assert len(pages) == 1
    assert not {"ask", "abuse", "bet.test"} & set(words(pages.pop()))


def test_the_page_of_what_is_illegal_says_whom_to_speak_to_and_where_there_is_help() -> None:
    illegal = replace(DECISION, reason=Reason.ILLEGAL, listing=Listing("terrorism", "ctiru", "(not shown)"))
    html = page(a_person(), illegal)

    for said in ("You are not in trouble", "against the law", "safeguarding", "Stop It Now", "K7M-4QX"):
        assert said in html
    assert not re.search(r"<(?:a|form|button|input)\b|unblock|request|terrorism|ctiru", html, re.IGNORECASE)


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_has_words_for_each_age(reason: Reason) -> None:
    for person in (a_person(), a_teacher(), a_person(groups=("reception-ks1",)), a_person(groups=("none",))):
        assert "$" not in page(person, replace(DECISION, reason=reason))


def test_a_carrier_is_told_with_what_it_would_show() -> None:
    carried = replace(DECISION, rule="carried: access.gambling.everyone")
    html = page(a_teacher(), carried, host="translate.test")

    assert "It would show you bet.test." in html
    assert "translate.test" in html
    assert "would show" not in page(a_teacher(), replace(carried, listing=Listing("x", "l", NOT_SHOWN)))
    illegal = replace(carried, reason=Reason.ILLEGAL)
    assert "bet.test" not in page(a_teacher(), illegal, host="translate.test")


def test_a_way_round_the_filter_is_called_one_and_nobody_is_told_to_ask_for_it() -> None:
    listing = Listing("circumvention", "schoolgate", "web-proxy")
    for reason, whom in ((Reason.LOCKED, "to anybody"), (Reason.CATEGORY_NOT_ALLOWED, "for you")):
        for rule in ("access.circumvention.everyone", "carried: access.circumvention.everyone"):
            html = page(a_teacher(), replace(DECISION, reason=reason, rule=rule, listing=listing))
            assert f"way round the school&#x27;s filter. It is not open {whom}." in html
            assert "ask for it" not in html
            assert "would show" not in html


def test_nobody_is_told_to_ask_for_what_nobody_can_open() -> None:
    assert "ask for it" in page(a_teacher())
    assert "ask for it" not in page(a_teacher(), replace(DECISION, reason=Reason.LOCKED))


def test_on_a_device_that_is_evidence_everybody_is_told_to_use_another() -> None:
    """Nobody is told to ask for it, or what kind of site it was."""
    decision = replace(DECISION, reason=Reason.ISOLATED, rule="isolation.i1", listing=None)
    youngest = page(a_person(groups=("reception-ks1",)), decision)

    assert "Ask for another computer." in youngest
    assert len(words(youngest)) <= 12
    for person in (a_person(), a_teacher()):
        html = page(person, decision)
        assert "This device must not be used now" in html
        assert "ask an adult to let you use another device" in html
        assert "technician" not in html


def test_a_search_that_is_not_open_is_called_a_search() -> None:
    html = page(a_teacher(), replace(DECISION, reason=Reason.TERM, listing=None))
    assert "<h1>This search is not open</h1>" in html
    assert "ask for it" not in html


def test_no_page_loads_anything() -> None:
    for person in (a_person(), a_teacher(), a_person(groups=("reception-ks1",))):
        assert not re.search(r"(?:src|href)=|url\(|@import|<script", page(person))


def test_nothing_in_a_page_is_markup() -> None:
    nasty = replace(DECISION, listing=Listing('<b onclick="x">', "l", "e"))
    assert "<b " not in page(a_teacher(), nasty, host="<i>.test")
    assert "<i>" not in page(a_teacher(), nasty, host="<i>.test")


def test_a_program_gets_what_it_can_read() -> None:
    assert json.loads(page(want="json")) == {
        "blocked": True,
        "reason": "category-not-allowed",
        "reference": "K7M-4QX",
    }
    assert page(want="image").startswith("<svg")
    assert page(want="nothing") == ""


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Accept": "text/html,*/*"}, "page"),
        ({}, "page"),
        ({"Sec-Fetch-Dest": "document", "Accept": "application/json"}, "json"),
        ({"Sec-Fetch-Dest": "iframe"}, "page"),
        ({"Sec-Fetch-Dest": "empty"}, "json"),
        ({"X-Requested-With": "XMLHttpRequest"}, "json"),
        ({"Accept": "image/avif,image/webp,*/*"}, "image"),
        ({"Sec-Fetch-Dest": "image"}, "image"),
        ({"Sec-Fetch-Dest": "script"}, "nothing"),
    ],
)
def test_what_the_client_can_use_is_seen(fields: dict[str, str], kind: str) -> None:
    assert wanted(tuple((k.encode(), v.encode()) for k, v in fields.items())).kind == kind


def test_signing_in_is_asked_for_in_utf_8_whoever_asks() -> None:
    for kind in ("page", "json", "image"):
        header = PAGES.notice("sign-in", "K7M-4QX", Wanted(kind)).headers["Proxy-Authenticate"]
        assert header.startswith('Basic realm="')
        assert header.endswith('charset="UTF-8"')


@pytest.mark.parametrize("name", list(NOTICES))
def test_each_notice_is_a_page_of_ours(name: str) -> None:
    response = PAGES.notice(name, "K7M-4QX")
    assert response.status_code == NOTICES[name][0]
    assert b"K7M-4QX" in (response.content or b"")


def test_an_error_page_says_only_what_we_wrote() -> None:
    assert b"K7M-4QX" in PAGES.error(400, message("bad-request", "K7M-4QX"))
    for band in ("plain", "simple", "picture"):  # no search for a code finds what was let by
        failed = PAGES.error(502, message("tls-expired", "K7M-4QX", band))
        assert b"K7M-4QX" not in failed
        assert b"code" not in failed.partition(b"<body>")[2]
        assert b"$" not in failed
    for status in (400, 413, 502, 999):
        assert b"secret" not in PAGES.error(status, "secret http://bet.test/ [Errno 111]")
