"""What no decision shows counts as opening, unless it is proven to shut."""

import base64
from dataclasses import fields
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.http import Request

from filter_lists.names import parse_url
from filter_policy.comparing import compare
from filter_policy.judge import judge_url
from filter_policy.model import Person, Policy
from filter_policy.parse import parse_policy
from filter_policy.unseen import NO_WORDS, PROOFS, SHOWN, SHOWN_WHOLE, unseen
from proxy_addon.rewriting import rewrite
from tests.builders import NOON, POLICY, a_person, a_teacher
from tests.filter_policy.carrying import lookup

WIDE = "  - {addresses: 127.0.0.0/8, filter_group: staff, label: all}\n"
HIDING = (
    ("longest_days: 42", "longest_days: 43", "unblocks"),
    ("connect_ports: [443]", "connect_ports: [80, 443]", "connect_ports"),
    ("allow: []", 'allow: ["10.0.0.5:443"]', "egress"),
    ("label: tablets", "label: phones", "networks"),
    ("networks:\n", f"networks:\n{WIDE}", "networks"),
    ("pupils: {url: path", "pupils: {url: host", "record"),
    ("sites:\n", "retention: {incidents: 400}\nsites:\n", "retention"),
    ("sites:\n", "reviews: {break_glass_days: 3}\nsites:\n", "reviews"),
    ("sites:\n", "notify: {governor: [gail@school.test]}\nsites:\n", "notify"),
    ("block_page: picture", "block_page: plain", "filter_groups.reception-ks1"),
    ("source: A351", "source: A1", "access.pornography"),
    ("reason: reviewed", "reason: because", "sites.www.gov.uk"),
    ("Europe/London", "Europe/Dublin", "school.timezone"),
    ("Test Primary School", "Another School", "school"),
)
SHUTTING = (
    ("longest_days: 42", "longest_days: 41"),
    ("connect_ports: [443]", "connect_ports: []"),
    (
        "networks:\n  - {addresses: 127.20.0.0/16, filter_group: reception-ks1, label: tablets}",
        "networks: []",
    ),
    ("sites:\n", "reviews: {break_glass_days: 1}\nsites:\n"),
)


@pytest.mark.parametrize(("old", "new", "section"), HIDING)
def test_what_hides_or_lets_by_is_named_by_its_section(old: str, new: str, section: str) -> None:
    text = POLICY.replace(old, new)
    assert text != POLICY

    assert section in unseen(parse_policy(POLICY), parse_policy(text))


@pytest.mark.parametrize(("old", "new"), SHUTTING)
def test_what_is_proven_to_shut_is_not_named_and_its_way_back_is(old: str, new: str) -> None:
    before, after = parse_policy(POLICY), parse_policy(POLICY.replace(old, new))

    assert unseen(before, after) == ()
    assert unseen(after, before)


def test_a_range_of_devices_that_goes_into_a_wider_one_is_no_mere_less() -> None:
    both = POLICY.replace("networks:\n", f"networks:\n{WIDE}")
    one = both.replace("  - {addresses: 127.20.0.0/16, filter_group: reception-ks1, label: tablets}\n", "")

    assert unseen(parse_policy(both), parse_policy(one)) == ("networks",)


def test_every_word_of_a_policy_is_shown_proven_or_may_not_change() -> None:
    told = NO_WORDS | SHOWN_WHOLE | set(SHOWN) | set(PROOFS)

    never = {"school", "retention", "notify", "watch", "carriers", "passthrough"}
    never |= {"safe_harbour", "incidents"}
    assert {each.name for each in fields(Policy)} - told == never


def test_checks_may_come_in_any_order_and_none_may_go() -> None:
    def checking(*sites: str) -> Policy:
        rows = [f"  - {{not: [{each}], group: staff, why: x}}\n" for each in sites]
        return parse_policy(POLICY + "checks:\n" + "".join(rows))

    assert unseen(checking("a.example"), checking("b.example", "a.example")) == ()
    assert unseen(checking("b.example", "a.example"), checking("b.example")) == ("checks",)


# -- what one person may do to carriers, words and what is written into requests

LOCKED = POLICY.replace(
    "  education:", "  circumvention: {everyone: not_allowed, locked: true}\n  education:"
)
READ = base64.b64encode(b"https://allowed.test/").decode()
FORMS = (
    *(
        f"/browse.php?u={quote(READ)}&b=4",
        f"/proxy?url={quote('https://allowed.test/', safe='')}",
        "/bare/v3/",
    ),
    *(
        "/service/https://allowed.test/",
        "/service/hvtrs8/-elmwgd.tgsv-",
        f"/?__cpo={READ}",
        "/uv/uv.bundle.js",
    ),
)
WAYS = (
    *(f"https://web.test{form}" for form in FORMS),
    "https://web.test/?q=casino",
    "https://reddit.com/?q=cas",
)
EVERYBODY = (a_person(), a_person("rory", ("reception-ks1",)), a_teacher())
ADULT = "{sites: [reddit.com], parameters: {include_over_18: 'on'}}"
FIELD = "{sites: [web.test], fields: {X-Api-Key: abc}}"
SECTIONS = st.fixed_dictionaries(
    {
        "carriers": st.lists(st.sampled_from(["web.test", "allowed.test", "reddit.com"]), unique=True),
        "terms": st.lists(
            st.sampled_from(
                ["{block: [casino], for: pupils, reason: x}", "{block: [cas], for: everyone, reason: x}"]
            ),
            unique=True,
        ),
        "safe_search": st.tuples(
            st.sampled_from(["everyone", "pupils", "[pupils, adults]", "adults"]),
            st.lists(st.sampled_from([ADULT, FIELD]), unique=True),
        ),
    }
)


def policy_of(sections: dict[str, Any]) -> Policy:
    text = LOCKED + "".join(f"{name}: [{', '.join(sections[name])}]\n" for name in ("carriers", "terms"))
    for_, rules = sections["safe_search"]
    return parse_policy(text + f"safe_search: {{for: {for_}, rules: [{', '.join(rules)}]}}\n")


def goes_out(policy: Policy, person: Person, host: str, path: bytes) -> tuple[bytes, object]:
    request = Request.make("GET", f"https://{host}/")
    request.data.path = path
    rewrite(request, host, person, policy)
    return request.data.path, request.data.headers.fields


@settings(max_examples=60, deadline=None)
@given(SECTIONS, SECTIONS, st.sampled_from(["carriers", "terms", "safe_search"]))
def test_one_person_opens_no_way_round_and_writes_nothing_into_requests_but_the_known_settings(
    before: dict[str, Any], other: dict[str, Any], changed: str
) -> None:
    old, new = policy_of(before), policy_of({**before, changed: other[changed]})
    if compare(old, new, EVERYBODY, ()).loosening:
        return

    for person in EVERYBODY:
        for each in map(parse_url, WAYS):
            was, is_now = (judge_url(each, person, policy, lookup, NOON) for policy in (old, new))
            assert is_now.is_block or not was.is_block, each
        for host in ("reddit.com", "web.test"):
            assert goes_out(old, person, host, b"/?a=b") == goes_out(new, person, host, b"/?a=b")
        strict = goes_out(old, person, "www.google.com", b"/search?safe=off")[0]
        assert (
            strict.endswith(b"off")
            or goes_out(new, person, "www.google.com", b"/search?safe=off")[0] == strict
        )


@pytest.mark.parametrize(
    ("added", "section"),
    [
        ("carriers: [web.test]\n", "carriers"),
        (f"safe_search: {{rules: [{ADULT}]}}\n", "safe_search"),
        (f"safe_search: {{rules: [{FIELD}]}}\n", "safe_search"),
        ("passthrough: [{sites: [b.test], for: everyone, why: banking, reason: x}]\n", "passthrough"),
    ],
)
def test_what_may_open_or_expose_takes_two_people_both_when_it_comes_and_when_it_goes(
    added: str, section: str
) -> None:
    plain, more = parse_policy(POLICY), parse_policy(POLICY + added)

    assert unseen(plain, more) == (section,)
    assert unseen(more, plain) == (section,)


@pytest.mark.parametrize("path", ["/bare/v3/", "/service/hvtrs8/-elmwgd.tgsv-", "/uv/uv.bundle.js"])
def test_a_carrier_of_the_schools_own_has_no_form_of_a_proxy_without_an_address_that_is_read(
    path: str,
) -> None:
    policy = parse_policy(LOCKED + "carriers: [web.test]\n")

    assert judge_url(parse_url(f"https://web.test{path}"), a_person(), policy, lookup, NOON).is_block
    read = judge_url(
        parse_url("https://web.test/proxy?url=https://allowed.test/"), a_person(), policy, lookup, NOON
    )
    assert not read.is_block
