"""What the body of a request says: forms that pages send by POST, read like the query of an address.

A translator, a web proxy, a search may be asked in either way, and nobody sees a difference. So what a form
has is judged as if it stood in the address; but only what asks for something counts: addresses where proxies
take them, and words at a search. What people write (a message, an essay, a password) is no question.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from filter_lists.carriers import known_ways
from filter_lists.names import Url, path_spellings
from filter_lists.search_terms import is_search, parameters_at
from filter_policy import guessed
from filter_policy.carried import is_own_carrier, name_of
from filter_policy.judge import CARRIED
from filter_policy.model import Decision, Policy, Reason
from filter_policy.shapes import only_shuts

LONGEST = 64 * 1024  # of a body that is read
MOST_ASKED = 200  # addresses and words in one form
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"
FORMS = frozenset({FORM, PARTS})
KINDS = FORMS | {"text/plain", "application/json"}
# Of any site: what a search calls its words, and hardly anything else does. (terms.py knows more of them:
# what stands behind a `?` is a question more often than what is sent.)
WORDS = frozenset(
    {"q", "query", "search", "search_query", "searchquery", "searchterm", "search_term", "searchtext"}
    | {"searchword", "search_text", "keyword", "keywords", "wd", "as_q", "as_epq", "as_oq", "eingabe"}
    | {"suche", "recherche"}
)
_PART = re.compile(rb'(?i)^content-disposition:[^\r\n]*?[;\s]name="?([^"\r\n;]*)"?[^\r\n]*', re.MULTILINE)
_UNSAFE = re.compile(rb"[^\x21-\x7e]")


class TooMuch(ValueError):
    """A form that asks for more than anybody would."""


def is_carrier(url: Url, policy: Policy) -> bool:
    """Whether something that is carried may be asked for by a form sent here."""
    return is_own_carrier(url.host, policy) or any(
        (way.parameters or way.perhaps) and way.counts_at(path_spellings(url.path) or ("/",))
        for way in known_ways(url.host)
    )


def kinds_at(url: Url, decision: Decision, policy: Policy) -> frozenset[str]:
    """Which kinds of body say something here; nearly always none, or forms as pages send them."""
    if is_carrier(url, policy):
        return KINDS
    unknown = decision.reason is Reason.UNLISTED_ALLOWED
    if unknown or policy.terms or is_search(url) or _is_written_to(url.host, policy):
        return FORMS
    return frozenset()


def _is_written_to(host: str, policy: Policy) -> bool:
    """Whether the policy's own rules write something into searches there."""
    known = _searches(policy) if policy.safe_search.rules else ()
    while known and host:
        if host in known:
            return True
        host = host.partition(".")[2]
    return False


@lru_cache(maxsize=8)
def _searches(policy: Policy) -> frozenset[str]:
    return frozenset(site.host for rule in policy.safe_search.rules if rule.parameters for site in rule.sites)


def with_form(url: Url, said: str, policy: Policy) -> Url:
    """The address as if what the form says stood in it, as far as that asks for something. Raises TooMuch."""
    pairs = said.split("&")
    if not is_carrier(url, policy):
        asks = WORDS | guessed.NAMES | parameters_at(url)
        pairs = [pair for pair in pairs if _name(pair) in asks]
        if len(pairs) > MOST_ASKED:
            raise TooMuch
    query = "&".join(filter(None, [url.query, *pairs]))
    return url if query == url.query else url._replace(query=query)


def _name(pair: str) -> str:
    name = pair.partition("=")[0]
    return name if name.isalpha() and name.islower() else name_of(pair)


def counts(decision: Decision) -> bool:
    """Whether it is because of what was asked for: no list speaks of the bodies of requests."""
    is_ours = decision.listing is not None and only_shuts(decision.listing)
    return decision.reason is Reason.TERM or decision.rule.startswith(CARRIED) or is_ours


def as_query(kind: str, body: bytes) -> str:
    """What a body of one of KINDS says, as pairs with `&` between them."""
    if kind == PARTS:
        return "&".join(_parts(body))
    if kind == "application/json":
        return "&".join(_values(body))
    body = body.strip()
    if kind == "text/plain":
        body = body.replace(b"\r\n", b"&")
    return _UNSAFE.sub(lambda byte: b"%%%02X" % byte[0][0], body).decode("ascii")


def _parts(body: bytes) -> Iterator[str]:
    """Of each part that is no file: its name, and all until the next line that begins with two dashes."""
    for match in _PART.finditer(body):
        begin = body.find(b"\r\n\r\n", match.end())
        if begin >= 0 and b"filename" not in match[0].lower():
            end = body.find(b"\r\n--", begin + 2)
            yield f"{quote(match[1])}={quote(body[begin + 4 : end if end >= 0 else None], safe='')}"


def _values(body: bytes) -> Iterator[str]:
    """Each text in it, by the name that it has."""
    try:
        waiting = deque([("", json.loads(body))])
    except (ValueError, RecursionError):
        return
    while waiting:
        name, value = waiting.popleft()
        if isinstance(value, str):
            yield f"{quote(name, safe='')}={quote(value, safe='', errors='replace')}"
        elif isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, each) for each in value]
