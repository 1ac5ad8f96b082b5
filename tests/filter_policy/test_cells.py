"""Which questions two policies are held against each other over, and which of them come to the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filter_lists.names import Site, Url
from filter_policy.cells import (
    BELOW,
    CLASS,
    FIRST_DAY,
    Instants,
    Side,
    What,
    When,
    covering,
    groups_said,
    kinds_of_site,
    places,
    rule_said,
    said_of,
    sites_said,
    whens,
    whos,
)
from filter_policy.model import (
    Access,
    CategoryAccess,
    FilterGroup,
    Listing,
    Period,
    Person,
    Policy,
    Role,
    Rule,
    SiteRule,
    Timetable,
    Verdict,
)
from tests.builders import a_person, a_policy

ALLOWED, SHUT = Rule(Access.ALLOWED), Rule(Access.NOT_ALLOWED)
LONDON, PARIS = ZoneInfo("Europe/London"), ZoneInfo("Europe/Paris")
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
LUNCH = Period("lunch", frozenset({0, 1}), time(12), time(13))
TERM = Timetable(LONDON, ((MONDAY, TUESDAY),), {"lunch": LUNCH})


def groups(**roles: Role | None) -> dict[str, FilterGroup]:
    return {name: FilterGroup(name, role, ALLOWED, "plain") for name, role in roles.items()}


def with_sites(*sites: Site) -> Policy:
    rules = (SiteRule(site, Verdict.ALLOW, frozenset({"everyone"}), "so") for site in sites)
    return a_policy(sites=tuple(rules))


# --- who


def somebody(role: Role | None, *names: str, username: str = "") -> Person:
    return Person("somebody", username, role, names, (CLASS,))


def told(old: Policy, new: Policy, *people: Person) -> list[tuple[Person, str]]:
    found = whos(old, new, iter(people))
    assert all(who.before is who.after for who in found)
    return [(who.after, who.says) for who in found]


def test_each_set_of_groups_that_people_or_devices_have_is_asked_about_once() -> None:
    old = a_policy(filter_groups=groups(ks1=Role.PUPIL), selected_users={})
    new = a_policy(filter_groups=groups(ks1=Role.PUPIL, ks2=Role.PUPIL), selected_users={})
    ben = a_person("ben", ("ks2", "ks1", "ks2"), classes=("6A",), agreement_signed=False)
    amy, tess = a_person("amy", ("ks1", "ks2")), a_person("tess", ("ks1",), Role.STAFF)

    assert told(old, new, ben, amy, tess) == [
        (somebody(Role.PUPIL, "ks1", "ks2"), "ks1 and ks2"),
        (somebody(Role.STAFF, "ks1"), "ks1"),
        (somebody(None, "ks1"), "ks1"),
        (somebody(None, "ks2"), "ks2"),
        (somebody(None), "somebody in no group"),
    ]


def test_who_stands_in_a_list_is_asked_about_by_himself_and_so_is_whoever_could_be_given_the_name() -> None:
    lists = {"one": frozenset({"ben", "bea", "gone"}), "two": frozenset({"ben"}), "xyz": frozenset[str]()}
    old = a_policy(filter_groups={}, selected_users=lists)
    new = a_policy(
        filter_groups={},
        selected_users={**lists, "one": frozenset({"ben", "bea", "amy"}), "xyz": frozenset({"bea", "amy"})},
    )
    people = [a_person(name, ("ks1",), classes=("6A",)) for name in ("ben", "bea", "bob")]

    pupil, nobody = somebody(Role.PUPIL, "ks1"), somebody(None)
    assert told(old, new, *people) == [
        (pupil, "ks1"),
        (nobody, "somebody in no group"),
        (replace(pupil, username="ben"), "ks1, in the list one, two"),
        (replace(pupil, username="bea"), "ks1, new in the list xyz"),
        (replace(pupil, username="amy"), "ks1, new in the list one, xyz"),
        (replace(nobody, username="amy"), "somebody in no group, new in the list one, xyz"),
        (replace(pupil, username="gone"), "ks1, no more in a list"),
        (replace(nobody, username="gone"), "somebody in no group, no more in a list"),
    ]


def test_two_who_stand_in_the_same_lists_come_to_the_same() -> None:
    policy = a_policy(filter_groups={}, selected_users={"one": frozenset({"ben", "bea"})})

    found = told(policy, policy, a_person("ben"), a_person("bea"))

    assert [says for _, says in found] == ["upper-ks2", "somebody in no group", "upper-ks2, in the list one"]


# --- what


def test_a_named_site_is_asked_about_and_what_is_above_and_below_by_host_and_by_path() -> None:
    old, new = with_sites(Site("a.b.example", "/play/X/")), with_sites(Site("a.b.example", "/c"))
    paths = ("/", "/c", f"/c/{BELOW}", "/play", "/play/X", f"/play/X/{BELOW}")

    assert places(old, new) == (
        (Url("https", "site.unnamed0x", 443), ""),
        *((Url("https", "a.b.example", 443, path), f"a.b.example{path}".rstrip("/")) for path in paths),
        (Url("https", "b.example", 443), "b.example"),
        *(
            (Url("https", f"{BELOW}.a.b.example", 443, path), f"{BELOW}.a.b.example{path}".rstrip("/"))
            for path in paths
        ),
    )


def test_what_holds_for_a_site_is_asked_about_below_it_too() -> None:
    found = dict(places(with_sites(Site("example", "/c")), with_sites(Site("w.example"))))

    assert Url("https", "w.example", 443, f"/c/{BELOW}") in found
    assert [url.host for url in found if url.path == "/"] == [
        "site.unnamed0x", "example", "w.example", f"{BELOW}.example", f"{BELOW}.w.example",
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["10.0.0.1", "2001:db8::1"])
def test_nothing_is_above_or_below_an_address(host: str) -> None:
    assert [url.host for url, _ in places(with_sites(Site(host)), with_sites())] == ["site.unnamed0x", host]


def test_the_site_that_nobody_named_is_of_no_ending_that_somebody_named() -> None:
    found = places(with_sites(Site("a.b.unnamed0x")), with_sites(Site("unnamed1x"), Site("unnamed3x")))

    assert found[0] == (Url("https", "site.unnamed2x", 443), "")


def test_every_kind_of_site_is_asked_about_alone_and_with_those_it_is_of_together() -> None:
    row = CategoryAccess({"everyone": SHUT})
    old, new = a_policy(access={"games": row}), a_policy(access={"zoos": row, "ip-addresses": row})

    assert kinds_of_site(old, new, [["video", "games", "games", "art"], ["weapons"]]) == (
        (),
        ("art",), ("games",), ("ip-addresses",), ("video",), ("weapons",), ("zoos",),
        ("art", "ip-addresses"), ("games", "ip-addresses"), ("ip-addresses", "video"),
        ("ip-addresses", "weapons"), ("ip-addresses", "zoos"),
        ("art", "games", "video"),
    )  # fmt: skip


def test_what_is_told_by_the_form_of_a_host_is_no_list_s_word() -> None:
    what = What(Url("https", "10.0.0.1", 443), ("games", "ip-addresses"), "")

    assert what.listings == (
        Listing("games", "", "10.0.0.1"),
        Listing("ip-addresses", "schoolgate", "10.0.0.1"),
    )


# --- when


def test_each_day_of_a_week_is_asked_about_in_each_stretch_in_which_nothing_changes() -> None:
    found = whens(TERM, TERM)

    def week(first: date) -> list[date]:
        return [first + timedelta(days=number) for number in range(7)]

    days = [*week(FIRST_DAY), MONDAY, TUESDAY, *week(date(2026, 11, 25))]
    assert [each.at for each in found] == [
        datetime.combine(day, time(hour), UTC) for day in days for hour in (0, 12, 13)
    ]
    assert {each.at.tzinfo for each in found} == {UTC}
    lunch, none = frozenset({"lunch"}), frozenset[str]()
    open_at = {each.at: (each.before, each.after) for each in found if each.before or each.after}
    assert open_at == {datetime.combine(day, time(12), UTC): (lunch, lunch) for day in (MONDAY, TUESDAY)}
    assert found[0] == When(
        datetime(2000, 1, 1, tzinfo=UTC), none, none, "Saturday 00:00, out of term (in no period)"
    )
    assert found[22].says == "Monday 12:00, in term (lunch)"


def test_a_term_that_begins_before_or_ends_after_all_days_cuts_nothing() -> None:
    always = replace(TERM, terms=((date.min, date.max),))

    found = whens(always, always)

    assert {each.at.date() for each in found} == {FIRST_DAY + timedelta(days=number) for number in range(7)}
    assert all(", in term (" in each.says for each in found)


def test_days_and_hours_of_either_timetable_are_asked_about_each_by_its_own_clock() -> None:
    tea = Period("tea", frozenset({1}), time(12), time(16))
    new = Timetable(PARIS, ((TUESDAY, date(2026, 11, 25)),), {"lunch": LUNCH, "tea": tea})

    found = {each.at: each for each in whens(TERM, new)}

    def at(day: date, hour: int) -> When:
        return found[datetime.combine(day, time(hour), UTC)]

    lunch, none = frozenset({"lunch"}), frozenset[str]()
    assert at(MONDAY, 12)[1:] == (lunch, none, "Monday 13:00, out of term, which changes (in no period)")
    assert at(TUESDAY, 11)[1:] == (none, frozenset({"lunch", "tea"}), "Tuesday 12:00, in term (lunch, tea)")
    assert at(TUESDAY, 12)[1:] == (lunch, frozenset({"tea"}), "Tuesday 13:00, in term (tea)")
    wednesday = date(2026, 11, 25)
    assert at(wednesday, 15)[1:] == (none, none, "Wednesday 16:00, in term, which changes (in no period)")
    assert datetime(2026, 11, 26, 12, tzinfo=UTC) in found


# --- what comes to the same


def side(person: Person | None = None, **changes: object) -> Side:
    return Side(a_policy(**changes), person or a_person("ben", ("ks1",)))


NONE, LUNCH_ALONE = frozenset[str](), frozenset({"lunch"})
PUPILS = groups(ks1=Role.PUPIL, ks2=Role.PUPIL)


def row(rules: dict[str, Rule], **more: Any) -> Side:
    access = {"games": CategoryAccess(rules, **more)}
    return side(filter_groups=PUPILS, access=access, selected_users={"one": frozenset({"ben"})})


def test_of_a_kind_counts_only_what_bears_on_this_person() -> None:
    said = said_of(row({"everyone": ALLOWED, "ks2": SHUT, "adults": SHUT}), "games")

    assert said == said_of(row({"everyone": ALLOWED}, source="A363"), "games")
    for other in (
        row({"everyone": SHUT}), row({"everyone": ALLOWED, "pupils": SHUT}),
        row({"everyone": ALLOWED, "ks1": SHUT}), row({"everyone": ALLOWED}, locked=True),
        row({"pupils": ALLOWED}), row({}), row({"everyone": ALLOWED, "ks2": Rule(Access.ILLEGAL)}),
        side(access={}),
    ):  # fmt: skip
        assert said_of(other, "games").row != said.row


@pytest.mark.parametrize("rules", [{}, {"everyone": ALLOWED}])
def test_a_kind_told_by_the_form_of_a_host_never_comes_to_the_same_as_one_of_a_list(
    rules: dict[str, Rule],
) -> None:
    access = {name: CategoryAccess(rules) for name in ("games", "video", "ip-addresses")}
    for each in (side(access=access), side(access={})):
        games, video, address = (said_of(each, name) for name in ("games", "video", "ip-addresses"))
        assert games == video != address


def test_an_answer_depends_on_the_periods_and_the_staff_of_the_rules_that_bear_on_it() -> None:
    times, staff = Rule(Access.AT_CERTAIN_TIMES, ("break", "lunch")), Rule(Access.WITH_STAFF_PERMISSION)
    chosen = Rule(Access.SELECTED_USERS, ("one",))
    others = {"ks2": staff, "adults": Rule(Access.AT_CERTAIN_TIMES, ("tea",))}

    for rules, periods, by_staff in (
        ({"everyone": times, **others}, frozenset({"break", "lunch"}), False),
        ({"everyone": staff, "ks1": times}, frozenset({"break", "lunch"}), True),
        ({"everyone": staff}, NONE, True),
        ({"everyone": chosen, **others}, NONE, False),
    ):
        said = said_of(row(rules), "games")
        assert (said.periods, said.staff) == (periods, by_staff)
    nothing = said_of(side(access={}), "games")
    assert (nothing.periods, nothing.staff) == (NONE, False)


def of_group(role: Role = Role.PUPIL, unlisted: Rule = ALLOWED, block_page: str = "plain") -> Side:
    return side(
        a_person("ben", ("ks1", "gone")),
        filter_groups={**PUPILS, "ks1": FilterGroup("ks1", role, unlisted, block_page)},
        selected_users={"one": frozenset({"ben"}), "two": frozenset({"ben"})},
    )


def test_of_groups_counts_who_they_are_and_what_happens_to_a_site_on_no_list() -> None:
    staff, times = Rule(Access.WITH_STAFF_PERMISSION), Rule(Access.AT_CERTAIN_TIMES, ("lunch",))
    said = groups_said(of_group())

    assert said == groups_said(of_group(block_page="picture"))
    assert (said.periods, said.staff) == (NONE, False)
    assert groups_said(of_group(unlisted=staff)).staff
    assert groups_said(of_group(unlisted=times)).periods == {"lunch"}
    assert groups_said(side(a_person("ben", ("ks1",)), filter_groups=PUPILS)).row != said.row
    assert groups_said(side(a_person("ben", ("ks1", "gone")), filter_groups={})).row != said.row
    assert groups_said(side(a_person("ben", ("ks1", "ks2")), filter_groups=PUPILS)).row != said.row
    one, two = (Rule(Access.SELECTED_USERS, (name,)) for name in ("one", "two"))
    assert groups_said(of_group(unlisted=one)) == groups_said(of_group(unlisted=two))
    for other in (of_group(Role.STAFF), of_group(unlisted=SHUT), of_group(unlisted=times)):
        assert groups_said(other).row != said.row


def test_of_a_rule_for_selected_users_counts_whether_this_person_is_one() -> None:
    here = side(selected_users={"one": frozenset({"ben"}), "two": frozenset({"amy", "ben"})})

    def chosen(*names: str) -> tuple[str, ...]:
        return rule_said(here, Rule(Access.SELECTED_USERS, names))

    assert chosen("one") == chosen("two") == chosen("gone", "two") != chosen("gone") == chosen()
    assert rule_said(here, Rule(Access.AT_CERTAIN_TIMES, ("lunch",))) == ("at_certain_times", "lunch")
    assert len({chosen("one"), chosen(), rule_said(here, ALLOWED), rule_said(here, SHUT)}) == 4


def test_of_the_rules_for_sites_counts_which_is_more_exact_and_what_it_says() -> None:
    policy = a_policy(
        filter_groups=PUPILS,
        sites=tuple(
            SiteRule(Site(host, path), verdict, frozenset({whom}), "so")
            for host, path, verdict, whom in (
                ("a.example", "/b", Verdict.BLOCK, "everyone"),
                ("example", "/", Verdict.ALLOW, "ks1"),
                ("a.example", "/", Verdict.BLOCK, "adults"),
                ("a.example", "/c", Verdict.ALLOW, "everyone"),
                ("a.example", "/b", Verdict.ALLOW, "pupils"),
                ("a.example", "/b", Verdict.ALLOW, "everyone"),
            )
        ),
    )
    rules = covering(policy, Url("https", "w.a.example", 443, "/b/x"))

    assert [str(rule.site) for rule in rules] == ["a.example/b", "a.example", *["a.example/b"] * 2, "example"]
    assert sites_said(Side(policy, a_person("ben", ("ks1",))), rules) == (
        (0, "allow"),
        (1, "allow"),
        (1, "block"),
    )
    assert covering(policy, Url("https", "b.test", 443)) == ()


# --- instants


def instant(hour: int, before: set[str], after: set[str], term: str = "in term") -> When:
    at = datetime(2026, 11, 24, hour, tzinfo=UTC)
    return When(at, frozenset(before), frozenset(after), f"Tuesday {hour}, {term}")


def test_where_no_period_matters_one_instant_stands_for_all() -> None:
    every = (instant(9, {"lessons"}, set()), instant(12, {"lunch"}, {"lunch"}))

    assert Instants(every).differing(NONE, NONE) == [
        (every[0]._replace(before=NONE, after=NONE, says="at any time"), 2)
    ]


def test_instants_differ_by_the_periods_that_matter_before_and_after() -> None:
    every = (
        instant(8, {"lessons"}, set(), "out of term"), instant(9, set(), {"lessons"}),
        instant(10, {"lessons"}, set()), instant(12, {"lunch"}, {"lunch"}), instant(13, {"lunch"}, set()),
    )  # fmt: skip
    found = Instants(every)

    both = [(every[1]._replace(before=NONE, after=NONE), 3), (every[3], 1), (every[4], 1)]
    before = [(every[1]._replace(before=NONE, after=NONE), 3), (every[3]._replace(after=NONE), 2)]
    for _ in range(2):
        assert found.differing(LUNCH_ALONE, LUNCH_ALONE) == both
        assert found.differing(LUNCH_ALONE, NONE) == before
        assert found.differing(NONE, LUNCH_ALONE) == [
            (every[1]._replace(before=NONE, after=NONE), 4), (every[3]._replace(before=NONE), 1),
        ]  # fmt: skip
