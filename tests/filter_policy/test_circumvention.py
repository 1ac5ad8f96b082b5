"""Ways round the filter are told by the address alone, and usual addresses are not taken for them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from filter_lists.carriers import known_ways
from filter_lists.names import NameFault, Url, parse_site, parse_url
from filter_policy.circumvention import DNS, PROXY, TUNNEL, VPN, anywhere, of_unknown
from filter_policy.guessed import guesses
from filter_policy.judge import judge_url
from filter_policy.model import Listing, Policy, SiteRule, Verdict
from tests.builders import NOON, a_person, a_policy

TRAFFIC = Path(__file__).parents[2].parent / "shared" / "data" / "dev" / "traffic" / "urls-labelled.tsv.zst"
QUESTION = "AAABAAABAAAAAAAAB2Jsb2NrZWQEdGVzdAAAAQAB"
SEEN = {
    f"/dns-query?dns={QUESTION}": DNS,
    f"/?dns={QUESTION}": DNS,
    f"/any/path?x=1&dns={QUESTION}%3D": DNS,
    f"/q?x=1;DNS={QUESTION}": DNS,
    f"/q?%64n%73={QUESTION}": DNS,
    "/resolve?name=blocked.test&cd=1": DNS,
    "/x/Resolve/?name=blocked.test": DNS,
    "/DNS%2Dquery?name=blocked.test": DNS,
    "/profile/dns-query?name=blocked.test&type=A": DNS,
    "/resolve?name=blocked.test&type=AAAA": DNS,
    "/.well-known/odohconfigs": DNS,
    "/browse.php?u=Oi8vYmxvY2tlZA==&b=4": PROXY,
    "/index.php?q=aHR0cDovL2Jsb2NrZWQudGVzdC8&hl=3ed": PROXY,
    "/index.php?hl=2e5&q=uggc%3A%2F%2Foybpxrq.grfg": PROXY,
    "/cgi-bin/nph-proxy.cgi/000100A/http/blocked.test/": PROXY,
    "/cgi-bin/nph-x.pl/010110A/https/blocked.test/": PROXY,
    "/service/hvtrs8%2F-bnoakgd%2Ctgsv%2F": PROXY,
    "/uv/service/hvtrs8%2F-wuw%2Cyowtu%60e%2Ccmm": PROXY,
    "/uv/uv.bundle.js": PROXY,
    "/bare/v3/": PROXY,
    "/x/bare/v1/y": PROXY,
    "/abcdef0123456789abcdef0123456789/https://blocked.test/": PROXY,
    "/abcdef0123456789abcdef0123456789/_rhsAbC/x": PROXY,
    "/api/shuffleDict?id=abcdef0123456789abcdef0123456789": PROXY,
    "/rammerhead.js": PROXY,
    "/scram/scramjet.all.js": PROXY,
    "/x/scramjet.wasm.wasm": PROXY,
    "/x/scram.all.js": PROXY,
    "/?__cpo=aHR0cHM6Ly9ibG9ja2VkLnRlc3Q": PROXY,
    "/watch?v=1&__cpo=1&__cpo=aHR0cHM6Ly93d3cuYmxvY2tlZC50ZXN0": PROXY,
    "/miniProxy.php?http://blocked.test/": PROXY,
    "/ws-tunnel?target=x": TUNNEL,
    "/wstunnel/": TUNNEL,
    "/+CSCOE+/logon.html": VPN,
    "/vpnsvc/connect.cgi": VPN,
    "/dana-na/auth/url_default/welcome.cgi": VPN,
    "/global-protect/prelogin.esp": VPN,
}
USUAL = (
    "/",
    "/?ref=https://blocked.test/",
    "/?url=https://blocked.test/",
    "/redirect?to=https%3A%2F%2Fblocked.test",
    "/blocked.test/index.html",
    "/about/service/https-and-you",
    "/service/",
    "/proxy-servers-explained",
    "/bare/necessities",
    "/tags/wisp/",
    "/index.php?q=roman+britain&b=all",
    "/index.php?q=romans&hl=en",
    "/browse.php?page=2",
    "/proxy?url=https%3A%2F%2Fimages.unknown.test/a.jpg",
    "/share/https://blocked.test/",
    "/conditions/xray/",
    "/matthew/5/meek",
    "/help/global-protect/",
    "/v2ray/v2ray-core",
    "/package/wstunnel",
    "/package/dns-query",
    "/wiki/Dns-query",
    "/dns-query",
    "/dns-query/name",
    "/login?dns=server1",
    "/search?dns=AAAA",
    f"/search?adns={QUESTION}",
    f"/search?q=dns%3D{QUESTION}",
    "/resolve?name=anna",
    "/help/dns",
    "/uv/index-and-sunburn",
    "/p/aboriginal",
    "/v1/users",
)


def unknown(path: str) -> Url:
    return parse_url(f"https://www.unknown.test{path}")


@pytest.mark.parametrize(("path", "entry"), SEEN.items())
def test_a_way_round_is_seen_by_its_form(path: str, entry: str) -> None:
    url = unknown(path)
    assert (anywhere(url) or of_unknown(url)) == entry


@pytest.mark.parametrize("path", USUAL)
def test_a_usual_address_is_not_taken_for_one(path: str) -> None:
    assert anywhere(unknown(path)) is None
    assert of_unknown(unknown(path)) is None


def nothing(_url: Url) -> tuple[Listing, ...]:
    return ()


def test_forms_of_proxies_count_only_where_nobody_knows_the_site() -> None:
    url = unknown("/service/hvtrs8%2F-bnoakgd%2Ctgsv%2F")
    opened = SiteRule(parse_site("unknown.test"), Verdict.ALLOW, frozenset({"pupils"}), "ours")
    listed = Listing("education", "l", "unknown.test")

    decision = judge_url(url, a_person(), a_policy(), nothing, NOON)

    assert decision.is_block
    assert decision.listing == Listing("circumvention", "schoolgate", PROXY)
    assert not judge_url(url, a_person(), a_policy(sites=(opened,)), nothing, NOON).is_block
    assert not judge_url(url, a_person(), a_policy(), lambda _: (listed,), NOON).is_block


def test_encrypted_dns_is_shut_on_any_site() -> None:
    url = unknown(f"/dns-query?dns={QUESTION}")
    listed = Listing("education", "l", "unknown.test")

    assert judge_url(url, a_person(), a_policy(), lambda _: (listed,), NOON).is_block


def test_a_host_that_the_school_opened_may_have_a_page_of_that_name() -> None:
    opened = SiteRule(parse_site("unknown.test"), Verdict.ALLOW, frozenset({"pupils"}), "ours")
    policy = a_policy(sites=(opened,))

    def told(path: str, policy: Policy) -> list[str]:
        found = judge_url(unknown(path), a_person(), policy, nothing, NOON).listing
        return [] if found is None else [found.entry]

    assert told("/dns-query?name=x", policy) == []
    assert told("/dns-query?name=x", a_policy()) == [DNS]
    assert told(f"/dns-query?dns={QUESTION}", policy) == [DNS]


def real_traffic() -> Iterator[Url]:
    with TRAFFIC.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read().decode("utf-8", "replace")
    step = 1 if os.environ.get("SCHOOLGATE_TORTURE") else 6
    for line in text.split("\n")[1::step]:
        try:
            yield parse_url(line.split("\t")[4])
        except (IndexError, NameFault):
            continue


@pytest.mark.skipif(not TRAFFIC.exists(), reason="the traffic is not beside this repository")
def test_next_to_nothing_of_real_traffic_has_such_a_form() -> None:
    """182,000 addresses of the web as it is: 12 of encrypted DNS, which they are, and none of the others."""
    urls = list(real_traffic())
    hits = [each for each in urls if of_unknown(each) is not None]

    assert len(urls) > 20_000
    assert len(hits) <= len(urls) // 50_000
    inside = sum(bool(guesses(each)) for each in urls if not known_ways(each.host))
    assert inside <= len(urls) // 100  # and what they have inside is judged: 11 of 182,000 are blocked for it
