"""Requests that wait for their form: what it says is judged before anybody is contacted.

Only a form that asks for something is waited for (filter_policy/forms.py): where something may be carried,
where something is searched for, and where nobody knows the site. All other bodies pass as they come. What a
form says is in memory while it is judged; no row and no page has it, but for the words of a search.
"""

from mitmproxy.http import Request

from filter_lists.names import Url
from filter_lists.search_terms import is_search, parameters_at
from filter_policy.carried import is_own_carrier
from filter_policy.forms import (
    FORM,
    KINDS,
    LONGEST,
    PARTS,
    WORDS,
    TooMuch,
    as_query,
    is_carrier,
    kinds_at,
    with_form,
)
from filter_policy.model import Decision, Policy, Reason
from proxy_addon.asked import BadRequest, Head
from proxy_addon.connections import Waiting
from proxy_addon.rewriting import folded, forced_at, rewrite_form

UNREADABLE = "a form that nobody can read, where it says what is asked for"
NEVER_CAME = "its form never came"
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})  # over HTTP/2, without a length


def awaited(head: Head, method: str, url: Url, decision: Decision, policy: Policy) -> bool:
    """Whether this request is answered when its body is here. Raises BadRequest."""
    if decision.reason is Reason.SAFE_HARBOUR:
        return False  # what somebody writes there is nobody's to read
    kind = kind_of(head)
    if kind not in KINDS or kind not in kinds_at(url, decision, policy):
        return False
    if len(head.noted[b"content-type"]) > 1:
        raise BadRequest("more than one content-type field")
    length = _length(head, method)
    if length is not None and length <= LONGEST and not _is_packed(head):
        return length > 0
    if is_own_carrier(url.host, policy) or (kind == FORM and _must_be_read(length, url, policy)):
        raise BadRequest(UNREADABLE)
    return False


def kind_of(head: Head) -> str | None:
    values = head.noted.get(b"content-type")
    return values[0].partition(b";")[0].strip().lower().decode("latin-1") if values else None


def _length(head: Head, method: str) -> int | None:
    """None: nobody said, or not so that it can be read."""
    said = head.one(b"content-length")
    if said:
        return int(said) if said.isdigit() else None
    return 0 if b"transfer-encoding" not in head.noted and method in _BODILESS else None


def _is_packed(head: Head) -> bool:
    codings = head.noted.get(b"content-encoding", ())
    return any(value.strip().lower() not in (b"", b"identity") for value in codings)


def _must_be_read(length: int | None, url: Url, policy: Policy) -> bool:
    """Every browser says how long a form is. A long one is no search, and asks no carrier for anything."""
    return length is None or is_carrier(url, policy) or is_search(url)


def asked_by(waiting: Waiting, request: Request, policy: Policy) -> Url:
    """The address with what the form says. Raises BadRequest."""
    said = as_query(kind_of(waiting.head) or "", request.data.content or b"")
    try:
        return with_form(waiting.asked.url, said, policy)
    except TooMuch:
        raise BadRequest(UNREADABLE) from None


def write(waiting: Waiting, request: Request, policy: Policy) -> None:
    """Safe search, into the form of a search. Raises BadRequest: no search page sends one in parts."""
    url, person, kind = waiting.asked.url, waiting.identity.person, kind_of(waiting.head)
    if kind == FORM:
        rewrite_form(request, url.host, person, policy, WORDS | parameters_at(url))
    elif kind == PARTS and (forced := forced_at(url.host, person, policy)):
        said = as_query(PARTS, request.data.content or b"").encode("ascii")
        if any(folded(pair.partition(b"=")[0]) in forced for pair in said.split(b"&")):
            raise BadRequest(UNREADABLE, 415)
