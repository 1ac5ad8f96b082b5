"""The answer, question by question, in the order that the school was promised."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.names import parse_site
from filter_policy.decide import MOST_INSTANTS, decide
from filter_policy.model import Opening, Person, Policy, Reason, Role, SiteRule, Verdict
from tests.builders import NOON, a_person, a_policy, a_request, a_teacher, an_unblock

IN_6B = a_person("ben", classes=("6B",))
IN_6A = a_person("amy", classes=("6A",))
LONDON = a_policy().timetable.zone
HOUR = timedelta(hours=1)


def test_no_unblock_lifts_illegal_content() -> None:
    policy = a_policy(unblocks=(an_unblock("abuse.example"),))

    decision = decide(a_request("abuse.example", "child-sexual-abuse", person=IN_6B), policy, NOON)

    assert decision.reason is Reason.ILLEGAL
    assert decision.is_block


def test_no_school_site_rule_lifts_illegal_content() -> None:
    rule = SiteRule(parse_site("abuse.example"), Verdict.ALLOW, frozenset({"everyone"}), "no")

    decision = decide(a_request("abuse.example", "child-sexual-abuse"), a_policy(sites=(rule,)), NOON)

    assert decision.reason is Reason.ILLEGAL


def test_a_suspended_person_is_blocked_until_the_suspension_ends() -> None:
    person = a_person(suspended_from=NOON - HOUR, suspended_until=NOON + HOUR)
    request = a_request("school.example", "education", person=person)

    during = decide(request, a_policy(), NOON)

    assert (during.reason, during.valid_until) == (Reason.SUSPENDED, NOON + HOUR)
    assert not decide(request, a_policy(), NOON + HOUR).is_block


def test_a_guest_ends_by_the_clock() -> None:
    guest = a_person("gus", ("guests",), Role.GUEST, ends_at=NOON)

    assert decide(a_request("new.example", person=guest), a_policy(), NOON).reason is Reason.ENDED
    before = decide(a_request("new.example", person=guest), a_policy(), NOON - timedelta(microseconds=1))
    assert (before.is_block, before.valid_until) == (False, NOON)


def test_nobody_browses_before_signing_the_agreement() -> None:
    guest = a_person("gus", ("guests",), Role.GUEST, agreement_signed=False)

    assert decide(a_request("new.example", person=guest), a_policy(), NOON).reason is Reason.NOT_YET_ALLOWED


def test_a_password_that_must_be_changed_opens_nothing_until_it_is() -> None:
    person = a_person(password_ends_at=NOON)

    before = decide(a_request("new.example", person=person), a_policy(), NOON - HOUR)

    assert (before.is_block, before.valid_until) == (False, NOON)
    assert (
        decide(a_request("new.example", person=person), a_policy(), NOON).reason
        is Reason.PASSWORD_MUST_CHANGE
    )


def test_no_unblock_opens_a_locked_kind() -> None:
    policy = a_policy(unblocks=(an_unblock("adult.example"),))

    decision = decide(a_request("adult.example", "pornography", person=IN_6B), policy, NOON)

    assert decision.reason is Reason.LOCKED


def test_an_unblock_opens_its_site_for_its_class_and_for_nobody_else() -> None:
    policy = a_policy(unblocks=(an_unblock("racism.example"),))

    ours = decide(a_request("racism.example", "discrimination", person=IN_6B), policy, NOON)
    theirs = decide(a_request("racism.example", "discrimination", person=IN_6A), policy, NOON)

    assert (ours.verdict, ours.reason, ours.unblock_id) == (Verdict.ALLOW, Reason.UNBLOCK, "u1")
    assert theirs.reason is Reason.CATEGORY_NOT_ALLOWED


def test_an_unblock_opens_at_its_first_instant_and_is_shut_at_its_last() -> None:
    policy = a_policy(unblocks=(an_unblock("racism.example"),))
    request = a_request("racism.example", "discrimination", person=IN_6B)
    tick = timedelta(microseconds=1)

    answers = [
        decide(request, policy, at).is_block for at in (NOON - HOUR - tick, NOON - HOUR, NOON + HOUR - tick)
    ]

    assert answers == [True, False, False]
    assert decide(request, policy, NOON + HOUR).is_block
    assert decide(request, policy, NOON).valid_until == NOON + HOUR


def test_two_unblocks_that_meet_are_one_stretch() -> None:
    later = an_unblock("racism.example", id="u2", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    policy = a_policy(unblocks=(an_unblock("racism.example"), later))

    decision = decide(a_request("racism.example", "discrimination", person=IN_6B), policy, NOON)

    assert decision.valid_until == NOON + 2 * HOUR


def test_an_unblock_of_a_path_opens_only_that_path() -> None:
    policy = a_policy(unblocks=(an_unblock("racism.example/history"),))

    def reason(url: str) -> Reason:
        return decide(a_request(url, "discrimination", person=IN_6B), policy, NOON).reason

    assert reason("https://racism.example/history/1963") is Reason.UNBLOCK
    assert reason("https://racism.example/historyx") is Reason.CATEGORY_NOT_ALLOWED


def test_an_unblock_for_a_person_or_a_group_serves_them() -> None:
    by_person = a_policy(
        unblocks=(an_unblock("x.example", classes=frozenset(), people=frozenset({"p_amy"})),)
    )
    by_group = a_policy(
        unblocks=(an_unblock("x.example", classes=frozenset(), filter_groups=frozenset({"staff"})),)
    )

    assert decide(a_request("x.example", "gambling", person=IN_6A), by_person, NOON).reason is Reason.UNBLOCK
    assert (
        decide(a_request("x.example", "gambling", person=a_teacher()), by_group, NOON).reason
        is Reason.UNBLOCK
    )
    assert decide(a_request("x.example", "gambling", person=IN_6A), by_group, NOON).is_block


def test_the_most_exact_site_rule_wins_and_block_wins_when_equal() -> None:
    def rule(site: str, verdict: Verdict) -> SiteRule:
        return SiteRule(parse_site(site), verdict, frozenset({"pupils"}), "decided")

    policy = a_policy(
        sites=(
            rule("site.example", Verdict.ALLOW),
            rule("site.example/games", Verdict.BLOCK),
            rule("site.example/games/maths", Verdict.ALLOW),
            rule("both.example", Verdict.ALLOW),
            rule("both.example", Verdict.BLOCK),
        )
    )

    def verdict(url: str) -> Verdict:
        return decide(a_request(url, "gambling"), policy, NOON).verdict

    assert verdict("https://site.example/") is Verdict.ALLOW
    assert verdict("https://site.example/games/x") is Verdict.BLOCK
    assert verdict("https://site.example/games/maths/1") is Verdict.ALLOW
    assert verdict("https://both.example/") is Verdict.BLOCK


def test_a_site_rule_for_pupils_says_nothing_of_staff() -> None:
    request = a_request("https://allowed.example/games/x", person=a_teacher())

    assert decide(request, a_policy(), NOON).reason is Reason.UNLISTED_ALLOWED


def test_the_strictest_kind_of_a_site_decides() -> None:
    decision = decide(a_request("x.example", "education", "gambling"), a_policy(), NOON)

    assert decision.reason is Reason.CATEGORY_NOT_ALLOWED
    assert decision.listing is not None
    assert decision.listing.category == "gambling"


def test_a_person_in_two_groups_has_the_more_open_of_them() -> None:
    both = a_person("mixed", ("upper-ks2", "staff"), Role.STAFF)

    assert not decide(a_request("v.example", "video", person=both), a_policy(), NOON).is_block


def test_a_narrower_name_counts_before_a_wider_one() -> None:
    infant = a_person("ida", ("reception-ks1",))

    assert decide(a_request("search.example", "search", person=infant), a_policy(), NOON).is_block
    assert not decide(a_request("search.example", "search"), a_policy(), NOON).is_block


def test_selected_users_are_those_named_and_nobody_else() -> None:
    named, other = a_teacher("comms"), a_teacher("tess")

    assert not decide(a_request("s.example", "social-media", person=named), a_policy(), NOON).is_block
    refused = decide(a_request("s.example", "social-media", person=other), a_policy(), NOON)
    assert refused.reason is Reason.NOT_SELECTED


@pytest.mark.parametrize(
    ("local", "blocked"),
    [
        (datetime(2026, 10, 23, 12, 59, 59, 999999), False),  # summer time
        (datetime(2026, 10, 23, 13, 0), True),
        (datetime(2026, 11, 2, 12, 0), False),  # winter time
        (datetime(2026, 11, 2, 12, 59, 59, 999999), False),
        (datetime(2026, 11, 2, 13, 0), True),
        (datetime(2026, 10, 28, 12, 30), True),  # half-term
        (datetime(2026, 11, 21, 12, 30), True),  # a Saturday
    ],
)
def test_lunch_ends_at_one_in_school_time_on_both_sides_of_the_clock_change(
    local: datetime, blocked: bool
) -> None:
    now = local.replace(tzinfo=LONDON).astimezone(UTC)

    assert decide(a_request("sums.example", "games-educational"), a_policy(), now).is_block is blocked


def test_an_answer_at_lunch_holds_until_lunch_is_over() -> None:
    decision = decide(a_request("sums.example", "games-educational"), a_policy(), NOON)

    assert (decision.reason, decision.valid_until) == (Reason.CATEGORY_ALLOWED, NOON + HOUR)


def test_a_kind_without_a_row_is_not_allowed_until_the_school_decides() -> None:
    assert decide(a_request("x.example", "brand-new-kind"), a_policy(), NOON).is_block


def test_what_is_on_no_list_follows_the_most_open_group() -> None:
    infant = a_person("ida", ("reception-ks1",))
    mixed = a_person("mo", ("reception-ks1", "upper-ks2"))

    assert (
        decide(a_request("new.example", person=infant), a_policy(), NOON).reason
        is Reason.UNLISTED_NOT_ALLOWED
    )
    assert decide(a_request("new.example", person=mixed), a_policy(), NOON).reason is Reason.UNLISTED_ALLOWED


def test_lower_ks2_needs_a_member_of_staff_to_open_the_web() -> None:
    pupil = a_person("leo", ("lower-ks2",), classes=("3C",))

    assert (
        decide(a_request("new.example", person=pupil), a_policy(), NOON).reason
        is Reason.NEEDS_STAFF_PERMISSION
    )


def test_staff_open_the_web_for_their_class_until_the_opening_ends() -> None:
    pupil = a_person("leo", ("lower-ks2",), classes=("3C",))
    opening = Opening("o1", "p_tess", frozenset({"3C"}), NOON - HOUR, NOON + HOUR)
    policy = a_policy(openings=(opening,))

    decision = decide(a_request("new.example", person=pupil), policy, NOON)

    assert (decision.reason, decision.valid_until) == (Reason.UNLISTED_ALLOWED, NOON + HOUR)
    assert decide(a_request("new.example", person=pupil), policy, NOON + HOUR).is_block


def test_however_many_exceptions_there_are_few_instants_are_tried() -> None:
    """Each opening would otherwise cost an answer, and somebody can make thousands."""
    pupil = a_person("leo", ("lower-ks2",), classes=("3C",))
    minute = timedelta(minutes=1)
    openings = tuple(
        Opening(f"o{i}", "p_tess", frozenset({"3C"}), NOON - HOUR, NOON + i * minute) for i in range(1, 500)
    )

    decision = decide(a_request("new.example", person=pupil), a_policy(openings=openings), NOON)

    assert decision.valid_until == NOON + (MOST_INSTANTS + 1) * minute


@pytest.mark.parametrize("groups", [(), ("no-such-group",)])
def test_a_person_in_no_known_group_reaches_nothing(groups: tuple[str, ...]) -> None:
    person = a_person("nobody", groups)

    assert decide(a_request("school.example", "education", person=person), a_policy(), NOON).is_block
    assert decide(a_request("new.example", person=person), a_policy(), NOON).is_block


people = st.builds(
    a_person,
    groups=st.lists(st.sampled_from([*a_policy().filter_groups, "ghost"]), max_size=3).map(tuple),
    classes=st.lists(st.sampled_from(["6A", "6B"]), max_size=2).map(tuple),
    agreement_signed=st.booleans(),
    ends_at=st.none() | st.just(NOON + HOUR),
)
categories = st.lists(st.sampled_from([*a_policy().access, "unheard-of"]), max_size=3, unique=True)
instants = st.datetimes(datetime(2026, 9, 1), datetime(2027, 8, 1), timezones=st.just(UTC))
stretches = st.builds(
    lambda starts, hours: {"starts_at": starts, "ends_at": starts + timedelta(hours=hours)},
    instants,
    st.integers(1, 1000),
)


def _policy_with(stretch: dict[str, datetime]) -> Policy:
    return a_policy(unblocks=(an_unblock("x.example", **stretch),))


@settings(max_examples=300)
@given(people, categories, stretches, instants)
def test_illegal_and_locked_stay_shut_whoever_asks_and_whatever_is_unblocked(
    person: Person, kinds: list[str], stretch: dict[str, datetime], now: datetime
) -> None:
    policy = _policy_with(stretch)
    for kind, reason in (
        ("child-sexual-abuse", {Reason.ILLEGAL}),
        ("pornography", set(Reason) - {Reason.UNBLOCK}),
    ):
        decision = decide(a_request("x.example", *kinds, kind, person=person), policy, now)
        assert decision.is_block
        assert decision.reason in reason


@settings(max_examples=300)
@given(people, categories, stretches, instants)
def test_the_same_question_has_the_same_answer_until_valid_until(
    person: Person, kinds: list[str], stretch: dict[str, datetime], now: datetime
) -> None:
    policy, request = _policy_with(stretch), a_request("x.example", *kinds, person=person)
    decision = decide(request, policy, now)
    ends = decision.valid_until or now + timedelta(days=400)

    assert decision == decide(request, policy, now)
    assert ends > now
    for part in (0.25, 0.5, 0.999999):
        assert decide(request, policy, now + (ends - now) * part).verdict is decision.verdict


@settings(max_examples=200)
@given(people, categories, instants)
def test_another_group_never_closes_what_a_person_could_reach(
    person: Person, kinds: list[str], now: datetime
) -> None:
    from dataclasses import replace

    more = replace(person, filter_groups=(*person.filter_groups, "staff"))
    policy = a_policy(sites=())
    if not decide(a_request("x.example", *kinds, person=person), policy, now).is_block:
        assert not decide(a_request("x.example", *kinds, person=more), policy, now).is_block


def test_what_is_on_a_sealed_list_is_illegal_whatever_the_policy_says_of_its_kind() -> None:
    for category in ("education", "search", "no-such-kind"):
        listed = Listing(category, "iwf", NOT_SHOWN)
        request = replace(a_request("x.test"), listings=(Listing("education", "own", "x.test"), listed))

        decision = decide(request, a_policy(unblocks=(an_unblock("x.test"),)), NOON)

        assert (decision.verdict, decision.reason, decision.listing) == (
            Verdict.BLOCK,
            Reason.ILLEGAL,
            listed,
        )
