"""Who tries an address on the lists that nobody may read is seen: each guess that hits leaves a line (I7).

The answer has to say why something is blocked, so it tells that an address is on such a list. Asked often
enough that would read the list out; so it is never asked in secret.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from change_control.desk import Actor, Desk
from change_control.errors import ChangeError
from change_control.roles import entitle
from change_control.sealing import change
from filter_lists.listing import Listing
from filter_lists.names import NameFault, Site, Url, parse_site
from filter_lists.sealed_key import PREFIX, hidden, read_key
from filter_lists.summary import IndexFault
from filter_policy.decide import is_illegal
from filter_policy.judge import Lookup, listings_of
from filter_policy.model import Check, Policy

EVENT = "illegal-list:probe"


def record_probe(  # noqa: PLR0917  # the order of every verb here: desk, who, what, when
    desk: Desk, actor: Actor, url: Url, listings: Iterable[Listing], policy: Policy, now: datetime
) -> None:
    """Before anything is shown of what was found. Nothing is written where none of it is illegal."""
    lists = sorted({each.list_id for each in listings if is_illegal(each, policy)})
    if not lists:
        return
    with change(desk, now) as made:
        entitle(made.conn, actor, EVENT, now)
        made.seal(EVENT, actor, lists[0], {"lists": lists, "hash": _hash(desk, url)}, {})


def record_refused(
    desk: Desk, actor: Actor, raw: Mapping[str, object], policy: Policy, now: datetime
) -> None:
    """An unblock was refused: if for a site on such a list, that told as much as a lookup would."""
    named = [raw.get(field) for field in ("sites", "companions")]
    for text in (text for texts in named if isinstance(texts, list) for text in texts):
        site = _site(text)
        if site is not None:
            url = Url("https", site.host, 443, site.path)
            record_probe(desk, actor, url, listings_of(url, desk.lists().lookup, policy), policy, now)


def refuse_illegal_checks(  # noqa: PLR0917  # the order of every verb here: desk, who, what, when
    desk: Desk, actor: Actor, checks: Iterable[Check], lookup: Lookup, policy: Policy, now: datetime
) -> None:
    """A check of such a site is refused as it is to ask for it, once every guess has left its line.

    `policy`: the one in force. Raises ChangeError refused, naming all such sites.
    """
    hit = []
    for site in dict.fromkeys(each.site for each in checks):
        url = Url("https", site.host, 443, site.path)
        found = listings_of(url, lookup, policy)
        record_probe(desk, actor, url, found, policy, now)
        if any(is_illegal(each, policy) for each in found):
            hit.append(f"{site} is on a list of illegal content; nothing opens it")
    if hit:
        raise ChangeError("refused", "; ".join(hit))


def _site(text: object) -> Site | None:
    try:
        return parse_site(str(text).strip().removeprefix("*."))
    except NameFault:
        return None


def _hash(desk: Desk, url: Url) -> str:
    try:
        return hidden(read_key(desk.state))(url)
    except IndexFault:  # a school that has no such list yet
        return PREFIX
