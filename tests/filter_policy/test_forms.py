"""Bodies of forms are read as the query of an address is, and only what asks for something counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.listing import Listing
from filter_lists.names import Url, parse_site, parse_url
from filter_policy.forms import (
    FORM,
    FORMS,
    KINDS,
    MOST_ASKED,
    PARTS,
    TooMuch,
    as_query,
    counts,
    is_carrier,
    kinds_at,
    with_form,
)
from filter_policy.judge import judge_url
from filter_policy.model import Policy, SafeRule, SafeSearch, TermRule
from filter_policy.terms import searched
from tests.builders import NOON, a_person, a_policy
from tests.filter_policy.carrying import decided, the_policy

PLAIN = "text/plain"
JSON = "application/json"


def kinds(address: str, policy: Policy, *listings: Listing) -> frozenset[str]:
    url = parse_url(address)
    decision = judge_url(url, a_person(), policy, lambda _: listings, NOON)
    return kinds_at(url, decision, policy)


@pytest.mark.parametrize(
    ("kind", "body", "query"),
    [
        (FORM, b"a=b&c=%20+d", "a=b&c=%20+d"),
        (FORM, b" a=\xc3\xa9\r\n", "a=%C3%A9"),
        (PLAIN, b"a=b\r\nc=d e\r\n", "a=b&c=d%20e"),
        (JSON, b'{"a": "b c", "d": [1, {"e": "f&g"}]}', "a=b%20c&e=f%26g"),
        (JSON, b'["\\ud800"]', "=%3F"),
        (JSON, b"[" * 9000, ""),
        (JSON, b"not json", ""),
        (
            PARTS,
            b'--x\r\nContent-Disposition: form-data; name="a"\r\nX: y\r\n\r\nb\r\nc\r\n--x\r\n'
            b"content-disposition:form-data;name=d\r\n\r\ne\r\n--x\r\n"
            b'Content-Disposition: form-data; name="f"; filename="g"\r\n\r\nh\r\n--x--\r\n',
            "a=b%0D%0Ac&d=e",
        ),
    ],
)
def test_a_body_says_its_pairs(kind: str, body: bytes, query: str) -> None:
    assert as_query(kind, body) == query


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200))
def test_any_body_makes_an_address_that_can_be_judged(kind: str, body: bytes) -> None:
    url = with_form(parse_url("http://translate.test/"), as_query(kind, body), the_policy())
    assert url.query.isascii()
    assert url.query.isprintable()


@given(st.dictionaries(st.text(), st.text()))
def test_of_json_every_text_is_read(said: dict[str, str]) -> None:
    assert len([pair for pair in as_query(JSON, json.dumps(said).encode()).split("&") if pair]) == len(said)


def test_what_is_carried_may_be_asked_for_by_a_form() -> None:
    policy = the_policy()
    assert is_carrier(parse_url("http://x.translate.test/any"), policy)
    assert is_carrier(parse_url("https://web.archive.org/save/"), policy)
    assert is_carrier(parse_url("https://www.google.com/translate"), policy)
    assert not is_carrier(parse_url("https://www.google.com/_/batch"), policy)
    assert not is_carrier(parse_url("http://translate.test/"), a_policy())


def test_a_form_at_a_carrier_is_judged_like_its_address() -> None:
    url = parse_url("http://translate.test/t")
    for said, is_block in (("u=http://blocked.test/", True), ("u=http://school.test/", False)):
        decision = decided(str(with_form(url, said, the_policy())))
        assert (decision.is_block, counts(decision)) == (is_block, is_block)


def test_only_where_something_is_asked_for_a_form_is_read() -> None:
    known = Listing("education", "l", "a.test")
    terms = (TermRule("grow a dragon", frozenset({"pupils"}), "harm"),)
    search = SafeSearch(rules=(SafeRule((parse_site("a.test"),), (("safe", "1"),)),))
    fields = SafeSearch(rules=(SafeRule((parse_site("a.test"),), (), (("X-Y", "1"),)),))

    assert kinds("http://a.test/", a_policy()) == FORMS
    assert kinds("http://a.test/", a_policy(), known) == frozenset()
    assert kinds("http://a.test/", a_policy(terms=terms), known) == FORMS
    assert kinds("http://b.a.test/", a_policy(safe_search=search), known) == FORMS
    assert kinds("http://b.a.test/", a_policy(safe_search=fields), known) == frozenset()
    assert kinds("https://www.startpage.com/do/search", a_policy(), known) == FORMS
    assert kinds("http://proxy-site.test/", the_policy(), known) == KINDS


def test_what_somebody_writes_is_no_question() -> None:
    url = with_form(
        parse_url("http://a.test/?x=1"), "text=a&p=b&s=c&message=d&Q=e&url=f&p%61ss=g", a_policy()
    )
    assert url.query == "x=1&Q=e&url=f"
    assert searched(url) == ("e",)


def test_a_form_that_asks_for_nothing_leaves_the_address_as_it_is() -> None:
    url = Url("http", "a.test", 80, "/x", "y=z")
    assert with_form(url, "message=hello", a_policy()) is url


def test_no_number_of_fields_hides_a_question() -> None:
    many = "&".join(f"field{number}=x" for number in range(5000))
    assert with_form(parse_url("http://a.test/"), f"{many}&q=e", a_policy()).query == "q=e"
    with pytest.raises(TooMuch):
        with_form(parse_url("http://a.test/"), "&".join(["u=x"] * (MOST_ASKED + 1)), a_policy())


def test_no_list_speaks_of_the_body_of_a_request() -> None:
    shut = Listing("gambling", "bets", "a.test")
    decision = judge_url(parse_url("http://a.test/"), a_person(), a_policy(), lambda _: (shut,), NOON)
    assert decision.is_block
    assert not counts(decision)
