"""Two small policies that differ somehow, and every cell of them asked one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from filter_lists.names import Site, Url
from filter_policy.cells import CLASS, Who, places
from filter_policy.comparing import World, ways
from filter_policy.decide import decide
from filter_policy.model import (
    Access,
    CategoryAccess,
    FilterGroup,
    Listing,
    Period,
    Person,
    Policy,
    Request,
    Role,
    Rule,
    SiteRule,
    Timetable,
    Verdict,
)

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)
GROUPS = ("ks1", "ks2", "staff")
KINDS = ("pupils", "adults", "everyone")
CATEGORIES = ("games", "video", "weapons")
PEOPLE = (
    Person("p1", "ben", Role.PUPIL, ("ks1",), (CLASS,)),
    Person("p2", "amy", Role.PUPIL, ("ks1", "ks2"), (CLASS,)),
    Person("p3", "tess", Role.STAFF, ("staff",), (CLASS,)),
    Person("p4", "theo", Role.STAFF, ("staff", "ks2"), ()),
)
TOGETHER = (("games", "video"), ("games", "video", "weapons"), ("unheard-of", "video"))
SITES = (Site("a.example"), Site("a.example", "/b"), Site("w.a.example"), Site("example"), Site("10.0.0.1"))

plain = st.sampled_from([Rule(Access.ALLOWED), Rule(Access.NOT_ALLOWED), Rule(Access.WITH_STAFF_PERMISSION)])
cells = st.one_of(
    plain,
    st.sampled_from([Rule(Access.AT_CERTAIN_TIMES, names) for names in (("lunch",), ("break", "lunch"))]),
    st.sampled_from([Rule(Access.SELECTED_USERS, names) for names in (("one",), ("one", "two"))]),
)
rows = st.one_of(
    st.builds(
        CategoryAccess,
        st.dictionaries(st.sampled_from([*GROUPS, *KINDS]), cells, max_size=3),
        st.booleans(),
    ),
    st.just(CategoryAccess({"everyone": Rule(Access.ILLEGAL)})),
)
stretches = st.sampled_from(
    [(time(9), time(12)), (time(9), time(13)), (time(12), time(12, 30)), (time(12, 30), time(23))]
)


@st.composite
def periods(draw: st.DrawFn, name: str, excepts: tuple[str, ...] = ()) -> Period:
    starts, ends = draw(stretches)
    days = draw(st.sampled_from([frozenset({0, 1, 2, 3, 4}), frozenset({0, 5}), frozenset({6})]))
    return Period(name, days, starts, ends, excepts)


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    offset, length = draw(st.integers(-10, 10)), draw(st.integers(0, 20))
    terms = [(MONDAY + timedelta(days=offset), MONDAY + timedelta(days=offset + length))]
    excepts = ("break",) if draw(st.booleans()) else ()
    found = {"break": draw(periods("break")), "lunch": draw(periods("lunch", excepts))}
    return Timetable(LONDON, tuple(terms), found)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    roles = {"ks1": Role.PUPIL, "ks2": Role.PUPIL, "staff": draw(st.sampled_from([Role.STAFF, Role.PUPIL]))}
    groups = {
        name: FilterGroup(name, roles[name], draw(plain), "plain")
        for name in GROUPS[: draw(st.sampled_from([3, 3, 3, 2]))]
    }
    users = st.frozensets(st.sampled_from(["ben", "tess", "nobody-yet"]), max_size=2)
    return Policy(
        revision="",
        school="",
        timetable=draw(timetables()),
        filter_groups=groups,
        access=draw(st.dictionaries(st.sampled_from(CATEGORIES), rows, max_size=3)),
        selected_users={"one": draw(users), "two": draw(users)},
        sites=tuple(draw(st.lists(site_rules, max_size=3))),
    )


site_rules = st.builds(
    SiteRule,
    st.sampled_from(SITES),
    st.sampled_from(list(Verdict)),
    st.frozensets(st.sampled_from([*GROUPS, *KINDS]), min_size=1, max_size=2),
    st.just("reason"),
)
CHANGED = ("timetable", "filter_groups", "access", "selected_users", "sites")


@st.composite
def changes(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Mostly alike: a change of everything opens something nearly always."""
    old, other = draw(policies()), draw(policies())
    which = draw(st.sets(st.sampled_from(CHANGED), min_size=1, max_size=2))
    taken: dict[str, Any] = {name: getattr(other, name) for name in sorted(which)}
    if "access" in taken and old.access and draw(st.booleans()):  # one row of it alone
        name = draw(st.sampled_from(sorted(old.access)))
        row = other.access.get(name)
        taken["access"] = {**old.access, **({name: row} if row else {})}
    return old, replace(old, **taken)


def one_by_one(world: World, everybody: Sequence[Who]) -> tuple[int, int]:
    """Every cell of the product, none left out because it comes to the same: how many open, and shut."""
    more = less = 0
    for mode in ways(world):
        for who, place, kinds, when in product(
            everybody, places(world.old, world.new), world.kinds, world.instants.all
        ):
            request = Request(who.before, place[0], tuple(Listing(each, "", "") for each in kinds))
            was = decide(request, mode.before, when.at).is_block
            will_be = decide(request, mode.after, when.at).is_block
            more += was and not will_be
            less += will_be and not was
    return more, less


paths = st.sampled_from(["/", "/b", "/b/c", "/bc", "/c"])
names = st.sampled_from(
    ["a.example", "w.a.example", "x.w.a.example", "example", "b.example", "c.test", "10.0.0.1"]
)
urls = st.builds(lambda host, path: Url("https", host, 443, path), names, paths)
people = st.sampled_from(PEOPLE) | st.sampled_from(
    [Person("d", "", None, (name,)) for name in (*GROUPS, "gone")]
)
instants = st.datetimes(datetime(2026, 11, 9), datetime(2026, 12, 20), timezones=st.just(UTC))
listed = st.sampled_from([(), *((name,) for name in CATEGORIES), *TOGETHER])


@st.composite
def requests(draw: st.DrawFn) -> Request:
    url = draw(urls)
    return Request(draw(people), url, tuple(Listing(each, "", url.host) for each in draw(listed)))
