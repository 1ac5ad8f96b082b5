"""What a site shows of other sites: the addresses that a translator, a cache or a picture proxy was given.

Known carriers are read as `carriers.csv` says, the school's own (`carriers:` in the policy) in every way that
there is. What cannot be read where something is carried may be anything: it is blocked, as a way round the
filter. A carrier's own pages, scripts and texts carry nothing.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from filter_lists.carriers import Way, known_ways, pattern
from filter_lists.names import NameFault, Url, canonical_host, is_ip, path_spellings
from filter_policy.embedded import CACHE, Found, has_scheme, is_nothing, read, spellings
from filter_policy.model import Policy

MOST_PARAMETERS = 200
MOST_PARTS = 40  # of a path
MOST_FOUND = 24
# Of the school's own carriers: what only ever holds an address, and what holds the words of a text.
ADDRESSES = frozenset(
    {"u", "url", "uri", "imgurl", "mediaurl", "imageurl", "image_url", "img_url", "pageurl", "page_url"}
    | {"targeturl", "target_url", "weburl", "siteurl", "site_url", "address", "goto", "dest", "destination"}
)
TEXTS = frozenset({"text", "txt", "source_text", "sourcetext", "sentence", "content"})
INSIDE = tuple(
    pattern(each)
    for each in ("/web/#/{}", "/c/s/{}", "/i/s/{}", "/v/s/{}", "/r/s/{}", "/amp/s/{}", "/c/{}", "/amp/{}")
)
FILES_INSIDE = re.compile(r"/(?:c|amp)/+[^/]*\.[a-z0-9]{2,5}", re.IGNORECASE)
_SCHEME_PART = re.compile(r"(?:^|(?<=/))(https?|wss?)(?::|%3a)?(?:/|%2f)+(.+)", re.IGNORECASE | re.DOTALL)
_DASHES = re.compile("--?")
_NAME_ENDS = re.compile(r"[\0\[]")


class Carried(NamedTuple):
    """`unreadable`: something is carried, and nobody can tell what. `known`: by a carrier that we know.
    `bare`: it is a carrier by the school's word alone, and no address was read for certain."""

    found: tuple[Found, ...] = ()
    unreadable: bool = False
    known: bool = False
    bare: bool = False


NOTHING = Carried()
UNREADABLE = Carried(unreadable=True)


def carried(url: Url, policy: Policy | None = None) -> Carried:
    """Without a policy, of the known carriers alone."""
    ways = known_ways(url.host)
    own = _own_carrier(url.host, policy) if policy is not None and policy.carriers else None
    if not ways and own is None:
        return NOTHING
    if url.query.count("&") + url.query.count(";") > MOST_PARAMETERS:
        return UNREADABLE._replace(known=True)
    each = [_by_way(url, way) for way in ways]
    if own is not None:
        each.append(_in_every_way(url, own))
    held = _together(each)
    return held._replace(known=True, bare=not ways and not any(one.sure for one in held.found))


def _together(each: Iterable[Carried]) -> Carried:
    found: dict[Url, bool] = {}
    unreadable = False
    for one in each:
        unreadable = unreadable or one.unreadable
        for address in one.found:
            found[address.url] = found.get(address.url, False) or address.sure
    whole = tuple(Found(*one) for one in found.items())
    return Carried(whole[:MOST_FOUND], unreadable or len(whole) > MOST_FOUND)


def is_own_carrier(host: str, policy: Policy) -> bool:
    return bool(policy.carriers) and _own_carrier(host, policy) is not None


def _own_carrier(host: str, policy: Policy) -> str | None:
    """The school's own carrier that this host is, or is below of."""
    own = _own_hosts(policy)
    name = host
    while name not in own:
        name = name.partition(".")[2]
        if not name or is_ip(host):
            return None
    return name


@lru_cache(maxsize=8)
def _own_hosts(policy: Policy) -> frozenset[str]:
    return frozenset(site.host for site in policy.carriers)


# --- known carriers


def _by_way(url: Url, way: Way) -> Carried:
    return _together(_parts_of(url, way))


def _parts_of(url: Url, way: Way) -> Iterator[Carried]:
    if url.query and way.counts_at(_spelt(url.path)):
        yield from _in_parameters(url.query, way)
    if "query" in way.how and url.query:
        yield Carried(tuple(_unnamed(url.query)))
    inside = _inside(url, way) if way.inside else None
    if inside is not None:
        yield inside
    if way.unreadable and (inside is None or not inside.found) and _fits(url.path, way.unreadable):
        yield UNREADABLE
    if "dash" in way.how or "perhaps-dash" in way.how:
        yield _below(url, way.domain, strict="dash" in way.how)


def _spelt(path: str) -> tuple[str, ...]:
    return ("/",) if path == "/" else path_spellings(path)


def _in_parameters(query: str, way: Way) -> Iterator[Carried]:
    for name, value in _pairs(query):
        if name in way.parameters:
            yield _held(value)
        elif name in way.perhaps and (found := _perhaps(value)):
            yield Carried(found)
        if "cache" in way.how and (named := _cached(value)) is not None:
            yield named


def _held(value: str) -> Carried:
    """Where nothing but an address stands."""
    if is_nothing(value):
        return NOTHING
    found = read(value)
    return Carried(found, not any(each.sure for each in found))


def _perhaps(value: str) -> tuple[Found, ...]:
    """Where words may stand too: an address with its scheme, or a host by itself."""
    return tuple(each for each in read(value, file=False) if each.sure)


def _cached(value: str) -> Carried | None:
    for each in spellings(value):
        text = each.replace("+", " ").strip()  # words of a search, whose `+` is a blank
        if text.lower().startswith("cache:"):
            rest = (text[CACHE.match(text).end() :].split() or [""])[0]  # type: ignore[union-attr]  # it begins so
            return _held(rest) if rest else NOTHING
    return None


def _unnamed(query: str) -> Iterator[Found]:
    if has_scheme(query):
        yield from read(query)
    for pair in query.split("&"):
        if "=" not in pair:
            yield from _perhaps(pair)


def _inside(url: Url, way: Way) -> Carried | None:
    """None: no such path."""
    for path in dict.fromkeys((url.path, unquote(url.path))):
        for form in way.inside:
            if match := form.fullmatch(path):
                return _rest(match[1], url.query, lenient="lenient" in way.how)
    return None


def _rest(rest: str, query: str, *, lenient: bool) -> Carried:
    """What stands in a path from where the address begins; what was asked of it goes with it."""
    rest = rest.strip("/")
    if is_nothing(rest) or rest == "s":  # as in `/c/s/`, without a host behind it
        return NOTHING
    for text in dict.fromkeys((_with_scheme(rest), rest, rest.replace("/", ""))):
        whole = f"{text}?{query}" if query else text
        found = read(whole, file=not lenient) or read(text, file=not lenient)
        if sure := tuple(each for each in found if each.sure):
            return Carried(sure)
    return Carried(unreadable=not lenient)


def _with_scheme(rest: str) -> str:
    """`https/host/path` and `x,y/https:/host/path` as an address."""
    match = _SCHEME_PART.search(rest)
    return f"{match[1]}://{match[2]}" if match else rest


def _fits(path: str, forms: tuple[re.Pattern[str], ...]) -> bool:
    return any(form.fullmatch(each) for form in forms for each in (path, unquote(path)))


# --- in the name


def _below(url: Url, domain: str, *, strict: bool) -> Carried:
    """`blocked-example.carrier.example` shows `blocked.example`."""
    under = url.host.removesuffix(domain).rstrip(".")
    if not under or under == "www":
        return NOTHING
    query = "&".join(pair for pair in url.query.split("&") if not pair.startswith("_x_tr_"))
    given = dict(_pairs(url.query)) if "_x_tr_" in url.query else {}
    scheme = "http" if given.get("_x_tr_sch") == "http" else "https"
    found = []
    for number, label in enumerate(under.split(".")):
        host = _undashed(given.get("_x_tr_hp", "") + label if number == 0 else label)
        if host is not None:
            found.append(Found(Url(scheme, host, {"http": 80, "https": 443}[scheme], url.path, query)))
    return Carried(tuple(found), strict and not found)


def _undashed(label: str) -> str | None:
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return None
    label = label.removeprefix("0-")
    name = _DASHES.sub(lambda dashes: "-" if len(dashes[0]) == 2 else ".", label)
    name = name.removesuffix(".0")
    if "." not in name:
        return None
    try:
        host = canonical_host(name)
    except (NameFault, UnicodeError):
        return None
    return host if is_ip(host) or re.fullmatch(r"[^\W\d].*[^\W_]", host.rpartition(".")[2]) else None


# --- the school's own carriers


def _in_every_way(url: Url, domain: str) -> Carried:
    return _together(
        [*_own_parameters(url), _own_path(url), _below(url, domain, strict=False), _dotted(url, domain)]
    )


def _own_parameters(url: Url) -> Iterator[Carried]:
    if not url.query:
        return
    for name, value in _pairs(url.query):
        if name in ADDRESSES:
            yield _held(value)
        elif (named := _cached(value)) is not None:
            yield named
        elif not (name in TEXTS and any(" " in each for each in spellings(value))):
            yield Carried(read(value, file=False))
    yield Carried(tuple(_unnamed(url.query)))


def _own_path(url: Url) -> Carried:
    """The first part from which on the path is an address; else what stands where carriers have one."""
    for path in dict.fromkeys((url.path, unquote(url.path))):
        parts = path.strip("/").split("/")
        if len(parts) > MOST_PARTS:
            return UNREADABLE
        for start, part in enumerate(parts):
            rest = "/".join(parts[start:])
            if not part or not (_SCHEME_PART.match(rest) or "." in part or len(part) >= 8):
                continue
            if found := _from_part(rest, part, url.query):
                return Carried(found)
    for form in INSIDE:
        match = form.fullmatch(url.path)
        if match and match[1].strip("/") and not FILES_INSIDE.fullmatch(url.path):
            return _rest(match[1], url.query, lenient=False)
    return NOTHING


def _from_part(rest: str, part: str, query: str) -> tuple[Found, ...]:
    """From an address on, all of the path; an encoded one is in one part."""
    whole = f"{rest}?{query}" if query else rest
    if match := _SCHEME_PART.match(whole):
        return _sure(read(f"{match[1]}://{match[2]}", file=False))
    return _sure(read(whole if "." in part else part, file=False))


def _sure(found: tuple[Found, ...]) -> tuple[Found, ...]:
    return found if any(each.sure for each in found) else ()


def _dotted(url: Url, domain: str) -> Carried:
    """`www.blocked.example.carrier.example`: a guess, since carriers have names of their own as well."""
    under = url.host.removesuffix(domain).rstrip(".")
    if "." not in under or is_ip(url.host):
        return NOTHING
    return Carried((Found(url._replace(host=under), sure=False),))


# --- parameters


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    """As the least careful of servers reads them; some take `;` for `&`."""
    for part in query.split("&"):
        yield _pair(part)
        for piece in part.split(";")[1:]:
            if "=" in piece:
                yield _pair(piece)


def _pair(part: str) -> tuple[str, str]:
    return name_of(part), part.partition("=")[2]


def name_of(pair: str) -> str:
    plain = unquote(unquote(pair.partition("=")[0].replace("+", " ")))
    return _NAME_ENDS.split(plain, maxsplit=1)[0].strip().lower()
