"""What goes out to a search engine says "strict" once; nothing else of it changes, and the record neither."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Headers, Request

from filter_lists.names import parse_site
from filter_policy.model import SafeRule, SafeSearch
from proxy_addon.rewriting import Pairs, folded, rewrite, with_parameters, without_cookies
from tests.builders import POLICY, a_person, a_policy, a_teacher
from tests.harness import Gate, a_gate

STRICT: Pairs = {b"safe": b"safe=strict"}
RULES = """\
safe_search:
  for: pupils
  rules:
    - {sites: [search.test], parameters: {safe: strict}}
    - {sites: [search.test], fields: {X-GoogApps-Allowed-Domains: school.test}}
    - {sites: [www.search.test], parameters: {safe: later, more: "1"}}
    - {sites: [carrier.test], parameters: {u: "http://bet.test/"}}
carriers: [carrier.test]
"""


def sent(
    url: bytes, *fields: tuple[bytes, bytes], host: str = "www.google.com", **changes: object
) -> Request:
    """What goes out of a request by a pupil."""
    request = Request.make("GET", f"https://{host}/")
    request.data.path = url
    request.data.headers = Headers(fields)
    policy = a_policy(safe_search=SafeSearch(**changes))  # type: ignore[arg-type]  # fields of it
    rewrite(request, host, a_person(), policy)
    return request


# --- the address


@pytest.mark.parametrize(
    ("asked", "goes_out"),
    [
        (b"/search?q=x", b"/search?q=x&safe=strict"),
        (b"/search", b"/search?safe=strict"),
        (b"/search?", b"/search?safe=strict"),
        (b"/search?q=x&safe=off", b"/search?q=x&safe=strict"),
        (b"/search?safe=off&q=x", b"/search?q=x&safe=strict"),
        (b"/search?safe=strict&q=x", b"/search?safe=strict&q=x"),
        (b"/search?safe=strict&q=x&safe=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&s%61fe=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&%2573afe=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&%u0073afe=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&SAFE=off&Safe=images", b"/search?q=x&safe=strict"),
        (b"/search?q=x;safe=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&safe[]=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&+safe=off&safe%00=off", b"/search?q=x&safe=strict"),
        (b"/search?q=x&safe", b"/search?q=x&safe=strict"),
        (b"/search?&q=a&&safer=no&q=%26safe%3Doff", b"/search?&q=a&&safer=no&q=%26safe%3Doff&safe=strict"),
        (b"*", b"*"),
    ],
)
def test_one_forced_value_goes_out_whatever_the_client_sent(asked: bytes, goes_out: bytes) -> None:
    assert with_parameters(asked, STRICT) == goes_out


SPELLINGS = st.sampled_from(
    [b"safe", b"SAFE", b"%73afe", b"s%61f%65", b"%2573afe", b"safe[]", b"+safe", b"safe%00"]
)
PAIRS = st.binary(max_size=12).map(lambda raw: bytes(b for b in raw if b not in b"&;?# \r\n\0"))
OTHERS = PAIRS.filter(lambda pair: folded(pair.partition(b"=")[0]) != b"safe")


@given(
    st.lists(OTHERS | st.tuples(SPELLINGS, PAIRS).map(b"=".join), min_size=1), st.sampled_from([b"&", b";"])
)
def test_there_is_one_value_and_all_else_is_byte_for_byte_the_same(
    pairs: list[bytes], separator: bytes
) -> None:
    out = with_parameters(b"/search?" + separator.join(pairs), STRICT)

    stem, _, query = out.partition(b"?")
    got = query.replace(b";", b"&").split(b"&")
    kept = [pair for pair in pairs if folded(pair.partition(b"=")[0]) != b"safe"]
    assert stem == b"/search"
    assert got.count(b"safe=strict") == 1
    assert [pair for pair in got if pair != b"safe=strict"] == (kept if kept != [b""] else got[:-1])
    assert with_parameters(out, STRICT) == out


@given(st.text())
def test_a_server_that_decodes_as_browsers_encode_reads_one_value(words: str) -> None:
    asked = urlencode([("q", words), ("safe", "off"), ("oq", words)]).encode()
    read = parse_qsl(with_parameters(b"/s?" + asked, STRICT).partition(b"?")[2], keep_blank_values=True)
    assert read == [(b"q", words.encode()), (b"oq", words.encode()), (b"safe", b"strict")]


# --- known engines, and whom they are held for


def test_google_is_strict_for_everyone_unless_the_policy_says_otherwise() -> None:
    assert sent(b"/search?q=x&safe=images&ssui=off").data.path == b"/search?q=x&safe=active&ssui=on"


def test_a_policy_may_hold_only_pupils_to_it() -> None:
    request = Request.make("GET", "https://www.google.com/search?q=x")
    rewrite(request, "www.google.com", a_teacher(), a_policy(safe_search=SafeSearch(frozenset({"pupils"}))))
    assert request.path == "/search?q=x"


def test_other_hosts_cost_nothing_and_change_nothing() -> None:
    assert sent(b"/a?safe=off", host="docs.google.com").data.path == b"/a?safe=off"


def test_a_rule_of_the_policy_takes_nothing_back_that_is_written_already() -> None:
    rules = (SafeRule((parse_site("google.com"),), (("safe", "off"), ("hl", "a b&c"))),)
    assert sent(b"/search?q=x", rules=rules).data.path == b"/search?q=x&safe=active&ssui=on&hl=a%20b%26c"


def test_each_copy_of_a_field_is_replaced_by_one() -> None:
    fields = (
        (b"YouTube-Restrict", b"None"),
        (b"A", b"b"),
        (b"youtube_restrict", b"x"),
        (b"YOUTUBE-RESTRICT", b"y"),
    )
    request = sent(b"/watch", *fields, host="m.youtube.com")
    assert request.data.headers.fields == ((b"A", b"b"), (b"YouTube-Restrict", b"Strict"))


def test_over_http2_what_is_written_is_in_lower_case() -> None:
    request = Request.make("GET", "https://www.youtube.com/")
    request.data.http_version = b"HTTP/2.0"
    request.data.headers = Headers([(b"youtube-restrict", b"None")])
    rewrite(request, "www.youtube.com", a_person(), a_policy())
    assert request.data.headers.fields == ((b"youtube-restrict", b"Strict"),)


def test_a_cookie_that_says_otherwise_is_taken_out_and_the_others_stay() -> None:
    cookie = b"a=1; SRCHHPGUSR=SRCHLANG=en&ADLT=OFF&WTS=6; b=2"
    request = sent(b"/search?q=x", (b"Cookie", cookie), host="www.bing.com")
    assert request.data.headers[b"cookie"] == "a=1; SRCHHPGUSR=SRCHLANG=en&WTS=6; b=2"


def test_a_cookie_is_written_where_only_a_cookie_is_heard() -> None:
    fields = ((b"Cookie", b"x=1; safesearch=off"), (b"Accept", b"*/*"))
    request = sent(b"/search?q=x", *fields, host="search.brave.com")
    assert request.data.headers.get_all("cookie") == ["x=1; safesearch=strict"]


def test_a_cookie_field_that_held_nothing_else_goes() -> None:
    assert without_cookies(b"PREF=a; PREF=b", {b"pref": None}) == b""


# --- through a gate


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    sites = {"search.test": "search", "www.search.test": "search", "bet.test": "gambling"}
    with a_gate(POLICY + RULES, sites=sites) as running:
        yield running


def test_the_origin_gets_it_and_the_record_keeps_what_was_asked(gate: Gate) -> None:
    gate.curl(
        "http://search.test/search?q=x&safe=off", "-H", "X-GoogApps-Allowed-Domains: gmail.test", user="anna"
    )

    seen = gate.origin.seen[-1]
    assert seen.path == "/search?q=x&safe=strict"
    assert seen.head.lower().count(b"x-googapps-allowed-domains: school.test") == 1
    assert b"gmail" not in seen.head
    assert gate.last_row(kind="request")["url"] == "http://search.test/search"


def test_several_rules_about_one_host_all_count_inside_tls_too(gate: Gate) -> None:
    gate.curl("https://www.search.test/search?q=x&more=no", user="anna")
    assert gate.origin.seen[-1].path == "/search?q=x&safe=strict&more=1"


def test_what_a_rule_makes_of_an_address_is_judged_too(gate: Gate) -> None:
    """Else whoever may add a rule could lead everybody to what the lists block."""
    before = len(gate.origin.seen)
    reply = gate.curl("http://carrier.test/?u=http://allowed.test/", user="anna")
    assert (reply.status, len(gate.origin.seen)) == (403, before)
    assert gate.last_row(kind="request", verdict="block")["reason"] == "category-not-allowed"
    assert gate.curl("http://carrier.test/?u=http://allowed.test/", user="tess").status == 200


def test_whom_the_policy_does_not_hold_to_it_asks_as_ever(gate: Gate) -> None:
    gate.curl("http://search.test/search?q=x&safe=off", user="tess")
    assert gate.origin.seen[-1].path == "/search?q=x&safe=off"


def test_a_policy_that_is_replaced_is_forgotten() -> None:
    before = a_policy(safe_search=SafeSearch(rules=(SafeRule((parse_site("a.test"),), (("x", "1"),)),)))
    after = replace(before, safe_search=SafeSearch())
    for policy, path in ((before, "/?x=1"), (after, "/")):
        request = Request.make("GET", "http://a.test/")
        rewrite(request, "a.test", a_person(), policy)
        assert request.path == path


def test_over_http_2_it_is_the_same(gate: Gate) -> None:
    spoken = gate.curl("https://search.test/search?q=x&%53afe=off", "--http2", user="anna")
    assert gate.origin.seen[-1].path == "/search?q=x&safe=strict"
    assert spoken.head.startswith("HTTP/1.1 200")  # of the CONNECT
    assert "HTTP/2 200" in spoken.head
