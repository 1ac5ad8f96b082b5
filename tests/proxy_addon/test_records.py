"""What is written is cut to what the policy keeps, before it is written."""

import json
from dataclasses import replace

import pytest

from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.names import parse_url
from filter_policy.decide import decide
from filter_policy.model import Decision, Person, Policy, Reason, Record, Verdict
from proxy_addon.identify import NOBODY
from proxy_addon.records import Happening, Outcome, Rows, iso, keep_of
from tests.builders import NOON, a_person, a_policy, a_request, a_teacher

URL = parse_url("https://bet.test:8443/odds/today?name=secret")
ALLOWED = Decision(Verdict.ALLOW, Reason.UNLISTED_ALLOWED, "unlisted", "r1")


def a_row(person=None, policy=None, *categories: str, kind: str = "request") -> dict[str, object]:  # type: ignore[no-untyped-def]  # a builder
    policy = policy or a_policy()
    person = person or a_person(classes=("6B",))
    what = Happening("id1", NOON, kind, person, "10.0.0.7", "GET", URL)
    decision = decide(a_request(str(URL), *(categories or ("gambling",)), person=person), policy, NOON)
    return Rows("gate-1").opened(what, decision, policy)


def test_a_row_says_who_asked_for_what_and_why() -> None:
    row = a_row()
    assert row["at"] == "2026-11-24T12:00:00.000000Z"
    assert (row["person"], row["role"], row["classes"]) == ("p_anna", "pupil", ("6B",))
    assert (row["url"], row["host"]) == ("https://bet.test:8443/odds/today", "bet.test")
    assert (row["category"], row["list"], row["entry"]) == ("gambling", "gambling-list", "bet.test")
    assert (row["verdict"], row["reason"], row["revision"]) == ("block", "category-not-allowed", "r1")


def test_no_query_is_kept_unless_the_school_wants_it() -> None:
    for person in (a_person(), a_teacher(), NOBODY):
        assert "secret" not in json.dumps(a_row(person))


def test_of_adults_only_the_host_is_kept() -> None:
    assert a_row(a_teacher())["url"] == "https://bet.test:8443/"


def test_an_entry_of_an_illegal_list_is_never_kept() -> None:
    row = a_row(None, None, "child-sexual-abuse")
    assert (row["reason"], row["category"], row["entry"]) == ("illegal", "child-sexual-abuse", None)


def test_an_address_is_kept_only_where_the_policy_says_so() -> None:
    policy = a_policy(record={"pupils": Record(address=False)})
    assert a_row(policy=policy)["address"] is None
    assert a_row()["address"] == "10.0.0.7"


def test_of_several_groups_the_one_that_keeps_least_counts() -> None:
    policy = a_policy(record={"pupils": Record(url="path"), "adults": Record(address=False, days=7)})
    row = a_row(a_person(groups=("upper-ks2", "staff")), policy)
    assert (row["url"], row["address"], row["keep"]) == ("https://bet.test:8443/", None, "adults")


def test_a_group_of_its_own_counts_before_its_kind() -> None:
    policy = a_policy(record={"pupils": Record(url="path"), "upper-ks2": Record(url="host")})
    row = a_row(policy=policy)
    assert (row["url"], row["keep"]) == ("https://bet.test:8443/", "upper-ks2")


def test_nobody_known_keeps_what_everyone_keeps() -> None:
    policy = a_policy(record={"everyone": Record(url="path")})
    assert a_row(NOBODY, policy)["url"] == "https://bet.test:8443/odds/today"
    assert a_row(NOBODY)["keep"] == "everyone"
    assert keep_of(a_policy(record={}), NOBODY).record == Record()
    assert not keep_of(None, NOBODY).record.address


def test_a_whole_address_is_kept_where_the_school_wants_it() -> None:
    policy = a_policy(record={"pupils": Record(url="url")})
    assert a_row(policy=policy)["url"] == str(URL)
    assert a_row(policy=policy, kind="connect")["url"] == "bet.test:8443"


SEARCH = parse_url("https://www.google.co.uk/search?q=How+to++Win&hl=en")


def a_search(
    person: Person | None = None, policy: Policy | None = None, kind: str = "request", hidden: bool = False
) -> dict[str, object]:
    """Of a pupil, blocked: the policy of the tests keeps what pupils search for."""
    what = Happening("id1", NOON, kind, person or a_person(), "10.0.0.7", "GET", SEARCH, hidden)
    why = Outcome(Reason.CATEGORY_NOT_ALLOWED)
    return Rows("gate-1").opened(what, why, policy or a_policy())


def test_what_is_searched_for_is_kept_where_the_policy_keeps_it() -> None:
    """Also where the search is blocked (D17, M2)."""
    row = a_search()
    assert (row["terms"], row["verdict"]) == ("how to win", "block")
    assert row["url"] == "https://www.google.co.uk/search"


def test_of_others_no_search_terms_are_kept() -> None:
    assert "terms" not in a_search(a_teacher())
    assert "terms" not in a_search(NOBODY)
    assert "terms" not in a_search(a_person(groups=("upper-ks2", "staff")))
    assert "win" not in json.dumps(a_search(a_teacher())).lower()


def test_of_what_is_illegal_no_search_terms_are_kept() -> None:
    assert "terms" not in a_search(hidden=True)
    assert "win" not in json.dumps(a_search(hidden=True)).lower()


def test_only_a_request_has_search_terms() -> None:
    assert "terms" not in a_search(kind="websocket")
    assert "terms" not in a_row()


@pytest.mark.parametrize("kind", ["request", "connect", "tunnel"])
def test_what_is_blocked_is_always_shown_among_the_pages(kind: str) -> None:
    what = Happening("id1", NOON, kind, a_person(), "10.0.0.7", "GET", URL, page=False)
    blocked = Rows("gate-1").opened(what, Outcome(Reason.PORT), a_policy())
    allowed = Rows("gate-1").opened(what, ALLOWED, a_policy())
    assert (blocked["page"], allowed["page"]) == (True, False)


def test_a_tunnel_is_written_as_host_and_port() -> None:
    assert a_row(kind="connect")["url"] == "bet.test:8443"


def test_a_refusal_by_the_gate_is_a_whole_row() -> None:
    what = Happening("id1", NOON, "unparsed", NOBODY, "10.0.0.7", "")
    row = Rows("gate-1").whole(what, Outcome(Reason.BAD_REQUEST, "no host"), None, 400)
    assert (row["t"], row["status"], row["reason"], row["rule"]) == ("whole", 400, "bad-request", "no host")
    assert (row["url"], row["person"], row["revision"]) == (None, None, "")


def test_a_row_is_json_whatever_it_holds() -> None:
    person = replace(a_person(), id="p\ud800")
    assert json.loads(json.dumps(a_row(person)))["person"] == "p\ud800"
    row = Rows("g").closed("id1", NOON, status=200, sizes=(1, 2), ms=3, outcome="done")
    assert json.loads(json.dumps(row))["down"] == 2
    assert iso(NOON) == "2026-11-24T12:00:00.000000Z"


def a_sealed_row(why: Decision | Outcome, hidden: bool = False) -> dict[str, object]:
    what = Happening("id1", NOON, "connect", a_person(), "10.0.0.7", "CONNECT", URL, hidden)
    return Rows("gate-1", lambda url: f"sealed:{len(str(url))}").opened(what, why, a_policy())


def test_of_what_is_illegal_there_is_a_word_of_the_key_and_no_address() -> None:
    illegal = decide(a_request(str(URL), "child-sexual-abuse"), a_policy(), NOON)
    row = a_sealed_row(illegal)

    assert (row["url"], row["host"], row["entry"]) == ("sealed:44", None, None)
    assert (row["category"], row["list"]) == ("child-sexual-abuse", "child-sexual-abuse-list")
    assert "bet" not in json.dumps(row)


def test_so_it_is_where_it_was_refused_before_anybody_was_asked() -> None:
    row = a_sealed_row(Outcome(Reason.NO_CREDENTIALS), hidden=True)

    assert (row["url"], row["host"], row["reason"]) == ("sealed:44", None, "no-credentials")


def test_without_a_key_an_illegal_address_is_not_written_either() -> None:
    assert a_row(None, None, "child-sexual-abuse")["url"] == "sealed:"
    assert a_row(None, None, "child-sexual-abuse")["host"] is None


def test_an_entry_of_a_sealed_list_is_no_entry() -> None:
    listing = Listing("gambling", "l", NOT_SHOWN)
    decision = replace(decide(a_request("bet.test", "gambling"), a_policy(), NOON), listing=listing)

    assert a_sealed_row(decision)["entry"] is None


def kept_of(url: str, record: Record, reason: Reason = Reason.UNLISTED_ALLOWED) -> dict[str, object]:
    what = Happening("id1", NOON, "request", a_person(), "10.0.0.7", "GET", parse_url(url))
    return Rows("gate-1").opened(what, Outcome(reason, "r" * 9000), a_policy(record={"pupils": record}))


@pytest.mark.parametrize("word", ["path", "url"])
@pytest.mark.parametrize(
    "url", ["https://www.google.com/maps/search/clinic/@51,0", "https://www.google.com/search?q=clinic"]
)
def test_where_no_search_terms_are_kept_no_address_holds_them(url: str, word: str) -> None:
    assert "clinic" not in json.dumps(kept_of(url, Record(url=word, search_terms=False)))
    assert "clinic" in json.dumps(kept_of(url, Record(url=word, search_terms=True)))


def test_no_client_chooses_how_long_a_record_is() -> None:
    """Words may take twelve bytes each; the longest record is still some twelve kilobytes."""
    words = "%F0%9F%A6%89" * 3000
    row = kept_of(f"https://www.google.com/search?q={words}", Record(url="url", search_terms=True))

    assert len(str(row["url"])) == 8192
    assert len(str(row["rule"])) == 200
    assert len(json.dumps(row)) < 12_000


@pytest.mark.parametrize(
    ("said", "kept"), [(200, 200), (999, 999), (99_999_999_999, None), (-5, None), (0, None), (None, None)]
)
def test_a_status_that_is_none_is_not_kept(said: int | None, kept: int | None) -> None:
    """An origin may say anything, and must not make a row impossible with it."""
    assert Rows.closed("id1", NOON, status=said, sizes=(0, 0), ms=1, outcome="done")["status"] == kept
