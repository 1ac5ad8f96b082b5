"""After the lesson: whether what was opened was used, how much, and what else the same people opened (S74).

Nobody is in it. Fewer than four people are "fewer than four", and what they opened besides is not told; of
more, a site is told when at least four of them opened it. Of what was opened for at most three people, only
whether it was used. Whoever has to know more reads the filtering log, by name and with a purpose. There are
no paths and no search terms in it, whoever reads.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from audit_api.few import FEW, Whom
from audit_api.times import iso
from audit_api.unblock_shapes import BesidesOut, HostUseOut, PagesOut, UseOut, WindowUseOut
from audit_api.unblocks import WAS_AGREED, opened_sites, use_of, windows_of
from audit_api.window import Visit
from audit_log.corrections import corrections
from audit_log.db import reading
from audit_log.rows import site_of
from audit_log.unblock_use import Opened, Used, Window, opened_besides, used
from change_control.proposal import Proposal
from filter_lists.names import parse_site
from filter_policy.model import Role

MOST_COUNTED = 500_000  # requests: then it says that there are more
MOST_PEOPLE = 2000
UNLISTED = "on no list"
MOST_NAMED = 50


@dataclass(slots=True)
class Counted:
    """What the windows came to."""

    windows: list[tuple[Window, int, int]] = field(default_factory=list)  # requests, pages
    hosts: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    people: dict[Window, set[str]] = field(default_factory=dict)
    complete: bool = True

    @property
    def everybody(self) -> set[str]:
        return set().union(*self.people.values())

    def add(self, window: Window, rows: Sequence[Used], unsure: set[str]) -> None:
        self.windows.append((window, sum(row.requests for row in rows), sum(row.pages for row in rows)))
        self.people[window] = {row.person_id for row in rows if row.person_id} - unsure
        for row in rows:
            self.hosts[row.host or ""] += row.requests
            self.pages[row.host or ""] += row.pages


def report_of(visit: Visit, found: Proposal) -> UseOut:
    few = is_for_few(visit, found)
    with reading(visit.desk.engine) as conn:
        state = use_of(conn, found, visit.now)
        counted = _counted(conn, found, visit.now, visit.zone) if state == "yes" and not few else Counted()
        people = counted.everybody
        besides = _besides(conn, found, counted) if len(people) > FEW else None
    hosts = [
        HostUseOut(host=host, requests=count, pages=counted.pages[host])
        for host, count in counted.hosts.most_common(MOST_NAMED)
    ]
    made = UseOut(
        id=found.id,
        used=state,
        few=few,
        requests=sum(requests for _, requests, _ in counted.windows),
        pages=sum(pages for _, _, pages in counted.windows),
        people=len(people) if len(people) > FEW or (state != "yes") else None,
        hosts=hosts,
        unused=_unused(found, counted.hosts) if state == "yes" and not few else [],
        windows=[
            WindowUseOut(starts_at=iso(window[0]), ends_at=iso(window[1]), requests=requests, pages=pages)
            for window, requests, pages in counted.windows
        ],
        besides=besides,
        complete=counted.complete,
        says=[],
    )
    made.says = list(_sentences(made, found))
    return made


def is_for_few(visit: Visit, found: Proposal) -> bool:
    """Of a class its pupils count: that its teacher could use it too hides nobody."""
    whom = Whom(frozenset(found.classes), frozenset(found.filter_groups), frozenset(found.people))
    everybody = (account.person for account in visit.window.bundle().accounts.values())
    meant = [each for each in everybody if whom.covers(each)]
    pupils = [each for each in meant if each.role is Role.PUPIL]
    return len(pupils or meant) <= FEW


def _counted(conn: Connection, found: Proposal, now: datetime, zone: ZoneInfo) -> Counted:
    """Those of the windows that have begun. Who stands in the log wrongly is counted as nobody."""
    counted, requests = Counted(), 0
    windows = [part for window in _open_windows(found) for part in _days_of(window, zone)]
    if not windows:
        return counted
    unsure = {
        each.person_id
        for each in corrections(conn)
        if each.from_at < windows[-1][1] and each.to_at > windows[0][0]
    }
    for window in windows:
        if window[0] > now:
            break
        if requests > MOST_COUNTED:
            counted.complete = False
            break
        rows = used(conn, found.id, window)
        counted.add(window, rows, unsure)
        requests += counted.windows[-1][1]
    return counted


def _open_windows(found: Proposal) -> list[Window]:
    """Until it was shut, where somebody shut it early."""
    shut = found.ended_at
    if shut is None:
        return windows_of(found)
    return [(first, min(last, shut)) for first, last in windows_of(found) if first < shut]


def _days_of(window: Window, zone: ZoneInfo) -> Iterable[Window]:
    """What is open for longer than a day is told day by day, by the clock on the wall."""
    starts, ends = window
    while starts < ends:
        midnight = datetime.combine(starts.astimezone(zone).date() + timedelta(days=1), time(), zone)
        until = min(ends, midnight.astimezone(UTC))
        yield starts, until
        starts = until


def _besides(conn: Connection, found: Proposal, counted: Counted) -> BesidesOut:
    sites, kinds = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for window, people in counted.people.items():
        for row in opened_besides(conn, found.id, sorted(people)[:MOST_PEOPLE], window) if people else ():
            _count(row, sites, kinds)
    told = _by_many(sites)
    every = sum(count for each in sites.values() for count in each.values())
    return BesidesOut(
        sites=told,
        categories=_by_many(kinds),
        other_pages=every - sum(each.pages for each in told),
    )


def _count(row: Opened, sites: Mapping[str, Counter[str]], kinds: Mapping[str, Counter[str]]) -> None:
    sites[site_of(row.host)][row.person_id] += row.pages
    kinds[row.category or UNLISTED][row.person_id] += row.pages


def _by_many(counted: Mapping[str, Counter[str]]) -> list[PagesOut]:
    """What at least four of them opened, most first."""
    many = ((name, sum(by.values())) for name, by in counted.items() if len(by) > FEW)
    ordered = sorted(many, key=lambda each: (-each[1], each[0]))
    return [PagesOut(name=name, pages=pages) for name, pages in ordered[:MOST_NAMED]]


def _unused(found: Proposal, hosts: Iterable[str]) -> list[str]:
    """By their hosts: how much of an address is kept is for the policy to say."""
    asked_for = set(hosts)
    return [
        site
        for site in opened_sites(found)
        if not any(_is_below(host, parse_site(site).host) for host in asked_for)
    ]


def _is_below(host: str, parent: str) -> bool:
    return host == parent or host.endswith(f".{parent}")


def _sentences(made: UseOut, found: Proposal) -> Iterable[str]:
    if found.state not in WAS_AGREED:
        yield "Nobody agreed to this, so there was nothing to use."
    elif made.used == "not yet":
        yield "It has not been used yet."
    elif made.used is None:
        yield "What was recorded then is no longer kept."
    elif made.used == "no":
        yield "It was never used."
    elif made.few:
        yield "It was used. It is for at most three people, so how they used it is not told here."
    else:
        whom = f"{made.people:,} people" if made.people else "fewer than four people"
        requests = _count_of(made.requests, "request")
        yield f"It was used by {whom}: {_count_of(made.pages, 'page')}, {requests} in all."
        idle = sum(not window.requests for window in made.windows)
        if idle:
            yield f"In {idle} of the {len(made.windows)} times that it was open, nobody used it."
        if made.unused:
            yield f"Agreed to and never used: {', '.join(made.unused)}."
        if made.besides is None:
            yield "What they opened besides is not told, since they are fewer than four."
        if not made.complete:
            yield "There is more than could be counted; these are the first of the times that it was open."


def _count_of(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
