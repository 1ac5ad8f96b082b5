"""People, policies and requests for tests: small, named, and different only in what the test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from filter_lists.names import parse_site, parse_url
from filter_policy.model import Listing, Person, Policy, Request, Role, Unblock
from filter_policy.parse import parse_policy

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday in term; school time is UTC then

POLICY = """\
school:
  name: Test Primary School
  timezone: Europe/London
timetable:
  terms:
    - [2026-09-02, 2026-10-23]
    - [2026-11-02, 2026-12-18]
    - [2027-01-05, 2027-07-21]
  periods:
    lessons: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "15:15", except: [break, lunch]}
    break:   {days: [mon, tue, wed, thu, fri], from: "10:30", to: "10:45"}
    lunch:   {days: [mon, tue, wed, thu, fri], from: "12:00", to: "13:00"}
filter_groups:
  reception-ks1: {role: pupil, unlisted: not_allowed, block_page: picture}
  lower-ks2:     {role: pupil, unlisted: with_staff_permission, block_page: simple}
  upper-ks2:     {role: pupil, unlisted: allowed, block_page: simple}
  staff:         {role: staff, unlisted: allowed, block_page: plain}
  guests:        {role: guest, unlisted: allowed, block_page: plain}
  unidentified:  {unlisted: not_allowed, block_page: simple}
access:
  child-sexual-abuse: {source: A347, everyone: illegal}
  pornography:        {source: A351, everyone: not_allowed, locked: true}
  discrimination:     {source: A352, everyone: not_allowed}
  gambling:           {source: A363, everyone: not_allowed}
  social-media:       {source: A308, everyone: not_allowed, staff: {selected_users: [communications]}}
  games-educational:  {source: A361, pupils: {at_certain_times: [lunch]}, staff: allowed}
  video:              {source: A368, pupils: {at_certain_times: [lessons]}, staff: allowed}
  search:             {everyone: allowed, reception-ks1: not_allowed}
  education:          {everyone: allowed}
selected_users:
  communications: [comms]
networks:
  - {addresses: 127.20.0.0/16, filter_group: reception-ks1, label: tablets}
egress:
  allow: []
connect_ports: [443]
unblocks: {longest_days: 42, lapse_after_hours: 72}
record:
  pupils: {url: path, address: true, search_terms: true, days: 90}
  adults: {url: host, address: true, search_terms: false, days: 90}
sites:
  - {allow: [www.gov.uk, bbc.example/bitesize], for: everyone, reason: reviewed}
  - {block: [allowed.example/games], for: pupils, reason: games section of an allowed site}
"""


@lru_cache(maxsize=1)
def _policy() -> Policy:
    return parse_policy(POLICY, revision="r1")


def a_policy(**changes: Any) -> Policy:
    return replace(_policy(), **changes)


def a_person(
    username: str = "anna", groups: tuple[str, ...] = ("upper-ks2",), role: Role = Role.PUPIL, **changes: Any
) -> Person:
    return Person(id=f"p_{username}", username=username, role=role, filter_groups=groups, **changes)


def a_teacher(username: str = "tess", **changes: Any) -> Person:
    return a_person(username, ("staff",), Role.STAFF, **changes)


def a_request(url: str, *categories: str, person: Person | None = None) -> Request:
    """A request by `person` (a pupil in upper KS2) for `url`, listed in `categories`."""
    parsed = parse_url(url if "://" in url else f"https://{url}/")
    listings = tuple(Listing(category, f"{category}-list", parsed.host) for category in categories)
    return Request(person or a_person(), parsed, listings)


def an_unblock(*sites: str, **changes: Any) -> Unblock:
    """For class 6B, from an hour before NOON to an hour after."""
    made = Unblock(
        id="u1",
        sites=tuple(parse_site(site) for site in sites),
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(hours=1),
        classes=frozenset({"6B"}),
    )
    return replace(made, **changes)
