"""What the gate does besides letting by: what it does not decrypt, what it writes into searches, and more."""

import re
from collections.abc import Mapping

from filter_lists.names import NameFault, Site, parse_site
from filter_lists.search_terms import tidy
from filter_policy.endings import is_ending, is_range
from filter_policy.model import SECOND_FACTOR, FilterGroup, Passthrough, SafeRule, SafeSearch, TermRule, Watch
from filter_policy.parse_access import KINDS
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

CAUSES = ("banking", "health", "safe-harbour", "pinned-app")
EVERYONE = frozenset({"everyone"})
MOST_TERMS = 1000
_FIELD = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# What would change where a request goes or who asks; the gate alone says that.
NEVER_WRITTEN = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "cookie"}
    | {"authorization", "proxy-authorization", "proxy-connection", "keep-alive", "expect"}
    | {"forwarded", "via", "x-host", "x-http-host-override", "x-original-host", "x-original-url"}
    | {"x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override", "x-remote-user"}
    | {"x-real-ip", "client-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)
NEVER_BEGIN = ("x-forwarded", "proxy-", "sec-", ":")


def parse_passthrough(
    value: object, groups: Mapping[str, FilterGroup], categories: frozenset[str], read: Reader
) -> tuple[Passthrough, ...]:
    """Whole hosts only: of a tunnel nobody sees a path."""
    found = []
    for i, raw in enumerate(read.items(value, ("passthrough",))):
        path: Path = ("passthrough", i)
        row = read.mapping(raw, path, ("sites", "categories", "for", "why", "reason"))
        sites = parse_hosts(row.get("sites"), (*path, "sites"), read)
        named = read.texts(row.get("categories"), (*path, "categories"))
        for j, name in enumerate(named):
            if name not in categories:
                read.fault((*path, "categories", j), f"{name!r} has no row in access")
        if not sites and not named:
            read.fault(path, "needs sites or categories")
        why = read.one_of(row.get("why"), (*path, "why"), CAUSES)
        reason = read.text(row.get("reason"), (*path, "reason"))
        for_ = parse_for(row.get("for"), (*path, "for"), groups, read)
        found.append(Passthrough(sites, frozenset(named), for_, why, reason))
    return tuple(found)


def parse_carriers(value: object, read: Reader) -> tuple[Site, ...]:
    return parse_hosts(value, ("carriers",), read)


def parse_safe_search(value: object, groups: Mapping[str, FilterGroup], read: Reader) -> SafeSearch:
    path: Path = ("safe_search",)
    raw = read.mapping(value, path, ("for", "rules"), needed=False)
    for_ = parse_for(raw["for"], (*path, "for"), groups, read) if "for" in raw else EVERYONE
    rules = []
    for i, item in enumerate(read.items(raw.get("rules"), (*path, "rules"))):
        here: Path = (*path, "rules", i)
        row = read.mapping(item, here, ("sites", "parameters", "fields"))
        sites = parse_hosts(row.get("sites"), (*here, "sites"), read)
        parameters = _pairs(row.get("parameters"), (*here, "parameters"), _PARAMETER, read)
        fields = _pairs(row.get("fields"), (*here, "fields"), _FIELD, read)
        for name, _ in fields:
            if name.lower() in NEVER_WRITTEN or name.lower().startswith(NEVER_BEGIN):
                read.fault((*here, "fields", name), "this field is the gate's own")
        if not sites or not (parameters or fields):
            read.fault(here, "needs sites, and parameters or fields")
        rules.append(SafeRule(sites, parameters, fields))
    return SafeSearch(for_, tuple(rules))


def parse_terms(value: object, groups: Mapping[str, FilterGroup], read: Reader) -> tuple[TermRule, ...]:
    found = []
    for i, raw in enumerate(read.items(value, ("terms",))):
        path: Path = ("terms", i)
        row = read.mapping(raw, path, ("block", "for", "reason"))
        for_ = parse_for(row.get("for"), (*path, "for"), groups, read)
        reason = read.text(row.get("reason"), (*path, "reason"))
        texts = read.texts(row.get("block"), (*path, "block"))
        if not texts:
            read.fault((*path, "block"), "needs at least one word")
        for j, text in enumerate(texts):
            if len(folded := tidy(text)) < 2:
                read.fault((*path, "block", j), "needs at least two letters")
            found.append(TermRule(folded, for_, reason))
    if len(found) > MOST_TERMS:
        read.fault(("terms",), f"has {len(found)} terms; {MOST_TERMS} at most")
    return tuple(found)


def parse_second_factor(value: object, read: Reader) -> str:
    path: Path = ("sign_in",)
    row = read.mapping(value, path, ("second_factor",), needed=False)
    return read.one_of(row.get("second_factor", SECOND_FACTOR[0]), (*path, "second_factor"), SECOND_FACTOR)


def parse_watch(value: object, read: Reader) -> Watch:
    path, usual = ("watch",), Watch()
    row = read.mapping(value, path, ("canary_minutes", "fall_percent"), needed=False)
    return Watch(
        read.whole(row.get("canary_minutes", usual.canary_minutes), (*path, "canary_minutes"), 5, 1440),
        read.whole(row.get("fall_percent", usual.fall_percent), (*path, "fall_percent"), 10, 95),
    )


def parse_for(value: object, path: Path, groups: Mapping[str, FilterGroup], read: Reader) -> frozenset[str]:
    names = read.texts(value if isinstance(value, list) else [value], path)
    return frozenset(read.one_of(name, path, (*groups, *KINDS)) for name in names)


def parse_hosts(value: object, path: Path, read: Reader) -> tuple[Site, ...]:
    """Whole hosts, each with all names below it."""
    found = []
    for j, text in enumerate(read.texts(value, path)):
        if not text:
            continue
        try:
            if is_range(text):
                raise NameFault(text, "a range of addresses is not a site")
            site = parse_site(text.removeprefix("*."))
            if site.path != "/":
                raise NameFault(text, "a whole host is needed, without a path")
            if is_ending(site):
                raise NameFault(text, "this is not one site but the ending of many")
        except NameFault as fault:
            read.fault((*path, j), str(fault))
            continue
        found.append(site)
    return tuple(dict.fromkeys(found))


def _pairs(
    value: object, path: Path, name_form: re.Pattern[str], read: Reader
) -> tuple[tuple[str, str], ...]:
    found = []
    for name, given in read.mapping(value, path, None, needed=False).items():
        text = read.text(given, (*path, name))
        if not isinstance(name, str) or not name_form.fullmatch(name):
            read.fault((*path, name), f"needs a name of letters, digits and -, not {name!r}")
        elif text and not _VALUE.fullmatch(text):
            read.fault((*path, name), "needs up to 200 plain characters")
        else:
            found.append((name, text))
    return tuple(found)
