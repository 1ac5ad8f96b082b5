"""What `explain` prints of a decision: each rule that was looked at, in its order, and what it says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from filter_lists.listing import Listing
from filter_lists.names import parse_site
from filter_policy.decide import decide
from filter_policy.model import (
    Access,
    CategoryAccess,
    Decision,
    FilterGroup,
    Opening,
    Person,
    Policy,
    Reason,
    Request,
    Role,
    Rule,
    SiteRule,
    TermRule,
    Verdict,
)
from tests.builders import NOON, a_person, a_policy, a_request, a_teacher, an_unblock

HOUR = timedelta(hours=1)
IN_6B = a_person("ben", classes=("6B",))
NOBODY = a_person("nobody", ())
Step = tuple[str, bool, str]
BORN: Step = ("person", False, "may use the web")


def told(request: Request, policy: Policy | None = None) -> tuple[Decision, list[Step]]:
    steps: list[Step] = []
    found = decide(
        request, policy or a_policy(), NOON, lambda rule, hit, says: steps.append((rule, hit, says))
    )
    return found, steps


def in_words(request: Request, policy: Policy | None = None) -> tuple[Verdict, Reason, str, str | None]:
    """The decision without its time."""
    found, _ = told(request, policy)
    assert found.policy_revision == "r1"
    return found.verdict, found.reason, found.rule, found.listing.category if found.listing else None


def with_row(name: str, locked: bool = False, **rules: Rule) -> Policy:
    row = CategoryAccess(rules, locked)
    return a_policy(access={**a_policy().access, name: row})


def test_illegal_content_ends_all_looking() -> None:
    decision, steps = told(a_request("x.example", "gambling", "child-sexual-abuse", "search"))

    assert steps == [
        ("access.gambling", False, "not an illegal kind"),
        ("access.child-sexual-abuse", True, "illegal: never opened by anyone"),
    ]
    listed = Listing("child-sexual-abuse", "child-sexual-abuse-list", "x.example")
    assert decision == Decision(Verdict.BLOCK, Reason.ILLEGAL, "access.child-sexual-abuse", "r1", listed)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ends_at": NOON}, Reason.ENDED),
        ({"agreement_signed": False}, Reason.NOT_YET_ALLOWED),
        ({"starts_at": NOON + HOUR}, Reason.NOT_YET_ALLOWED),
        ({"suspended_from": NOON}, Reason.SUSPENDED),
        ({"password_ends_at": NOON}, Reason.PASSWORD_MUST_CHANGE),
    ],
)
def test_who_may_not_use_the_web_is_told_why(changes: dict[str, object], reason: Reason) -> None:
    person = replace(a_person(), **changes)  # type: ignore[arg-type]  # fields by name
    decision, steps = told(a_request("school.example", person=person))

    assert steps == [("person", True, reason.value)]
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, reason, "person")


@pytest.mark.parametrize(
    ("changes"),
    [
        {"ends_at": NOON + HOUR},
        {"starts_at": NOON},
        {"suspended_from": NOON + HOUR},
        {"suspended_from": NOON - HOUR, "suspended_until": NOON},
        {"password_ends_at": NOON + HOUR},
    ],
)
def test_who_may_use_the_web_is_asked_no_more(changes: dict[str, object]) -> None:
    person = replace(a_person(), **changes)  # type: ignore[arg-type]  # fields by name
    decision, steps = told(a_request("new.example", person=person))

    assert steps == [BORN, ("filter_groups.upper-ks2.unlisted", True, "allowed")]
    rule = "filter_groups.upper-ks2.unlisted"
    assert (decision.verdict, decision.reason, decision.rule) == (
        Verdict.ALLOW,
        Reason.UNLISTED_ALLOWED,
        rule,
    )


def test_a_locked_kind_is_told_as_such() -> None:
    decision, steps = told(a_request("x.example", "gambling", "pornography"))

    assert steps[2:] == [BORN, ("access.pornography.everyone", True, "locked: no unblock opens it")]
    assert in_words(a_request("x.example", "gambling", "pornography")) == (
        Verdict.BLOCK,
        Reason.LOCKED,
        "access.pornography.everyone",
        "pornography",
    )
    assert decision.valid_until is None


def test_a_locked_kind_that_is_open_to_some_says_so_and_the_next_is_looked_at() -> None:
    policy = with_row("medicine", locked=True, staff=Rule(Access.ALLOWED), pupils=Rule(Access.NOT_ALLOWED))
    request = a_request("x.example", "education", "medicine", "pornography", person=a_teacher())

    _, steps = told(request, policy)

    assert steps[4:] == [
        ("access.medicine.staff", False, "open"),
        ("access.pornography.everyone", True, "locked: no unblock opens it"),
    ]


@pytest.mark.parametrize(
    ("searched", "step"),
    [
        (("how to cheat",), ("terms.2", True, "searched for")),
        (("how to swim",), ("terms.*", False, "not searched for")),
    ],
)
def test_words_are_told_by_their_number_alone(searched: tuple[str, ...], step: Step) -> None:
    pupils = frozenset({"pupils"})
    policy = a_policy(terms=(TermRule("steal", pupils, "no"), TermRule("cheat", pupils, "no")))

    decision, steps = told(replace(a_request("s.example"), searched=searched), policy)

    assert steps[:2] == [BORN, step]
    if step[1]:
        assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, Reason.TERM, "terms.2")


def test_who_searches_for_nothing_hears_nothing_of_words() -> None:
    policy = a_policy(terms=(TermRule("cheat", frozenset({"pupils"}), "no"),))
    assert [rule for rule, _, _ in told(a_request("s.example"), policy)[1]][1] != "terms.*"


def test_an_unblock_that_is_near_is_told_whether_it_counts_or_not() -> None:
    other = an_unblock("x.example/other", id="u0")
    over = an_unblock("x.example", id="u1", ends_at=NOON)
    ours = an_unblock("x.example", id="u2")
    policy = a_policy(unblocks=(other, over, ours, an_unblock("far.example", id="u3")))

    decision, steps = told(a_request("x.example", "gambling", "discrimination", person=IN_6B), policy)

    assert steps[3:] == [
        ("unblock.u0", False, "not for this, or not now"),
        ("unblock.u1", False, "not for this, or not now"),
        ("unblock.u2", True, "in force for this person"),
    ]
    listed = Listing("gambling", "gambling-list", "x.example")
    assert replace(decision, valid_until=None) == Decision(
        Verdict.ALLOW, Reason.UNBLOCK, "unblock.u2", "r1", listed, "u2"
    )
    assert told(a_request("x.example", person=IN_6B), policy)[0].listing is None


@pytest.mark.parametrize(
    ("site", "verdict", "reason", "why"),
    [
        ("bbc.example/bitesize", Verdict.ALLOW, Reason.SITE_ALLOWED, "reviewed"),
        ("allowed.example/games", Verdict.BLOCK, Reason.SITE_BLOCKED, "games section of an allowed site"),
    ],
)  # fmt: skip
def test_the_schools_own_word_on_a_site_is_told_with_its_reason(
    site: str, verdict: Verdict, reason: Reason, why: str
) -> None:
    rule, url = f"sites.{verdict.value}.{site}", f"https://{site}/x"

    _, steps = told(a_request(url, "gambling"))

    assert steps[-1] == (rule, True, why)
    assert in_words(a_request(url, "gambling", "video")) == (verdict, reason, rule, "gambling")
    assert in_words(a_request(url)) == (verdict, reason, rule, None)


def test_a_word_on_a_site_that_is_for_others_is_told_and_does_not_count() -> None:
    _, steps = told(a_request("https://allowed.example/games", person=a_teacher()))
    assert steps[1] == ("sites.block.allowed.example/games", False, "games section of an allowed site")


def test_of_two_words_on_a_site_the_later_counts_only_where_it_is_more_exact() -> None:
    def rule(site: str, verdict: Verdict, why: str) -> SiteRule:
        return SiteRule(parse_site(site), verdict, frozenset({"pupils"}), why)

    exact = rule("x.example/a", Verdict.ALLOW, "exact")
    wide = rule("x.example", Verdict.BLOCK, "wide")
    for both in ((exact, wide), (wide, exact)):
        policy = a_policy(sites=both)
        assert in_words(a_request("https://x.example/a/b"), policy)[2] == "sites.allow.x.example/a"
    first, second = rule("x.example", Verdict.BLOCK, "one"), rule("x.example", Verdict.ALLOW, "two")
    for both in ((first, second), (second, first)):
        assert in_words(a_request("x.example"), a_policy(sites=both))[2] == "sites.block.x.example"


@pytest.mark.parametrize(
    ("kinds", "person", "steps", "decided"),
    [
        (
            ("education", "video", "gambling"),
            a_person(),
            [
                ("access.education.everyone", "allowed: open now"),
                ("access.video.pupils", "at_certain_times: shut now"),
                ("access.gambling.everyone", "not_allowed: shut now"),
            ],
            (Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "access.gambling.everyone", "gambling"),
        ),
        (
            ("discrimination", "gambling"),
            a_person(),
            [
                ("access.discrimination.everyone", "not_allowed: shut now"),
                ("access.gambling.everyone", "not_allowed: shut now"),
            ],
            (Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "access.discrimination.everyone", "discrimination"),
        ),
        (
            ("education", "games-educational"),
            a_person(),
            [
                ("access.education.everyone", "allowed: open now"),
                ("access.games-educational.pupils", "at_certain_times: open now"),
            ],
            (Verdict.ALLOW, Reason.CATEGORY_ALLOWED, "access.education.everyone", "education"),
        ),
        (
            ("video",),
            a_person(),
            [("access.video.pupils", "at_certain_times: shut now")],
            (Verdict.BLOCK, Reason.NOT_AT_THIS_TIME, "access.video.pupils", "video"),
        ),
        (
            ("social-media",),
            a_teacher(),
            [("access.social-media.staff", "selected_users: shut now")],
            (Verdict.BLOCK, Reason.NOT_SELECTED, "access.social-media.staff", "social-media"),
        ),
        (
            ("unheard-of", "education"),
            a_person(),
            [
                ("access.unheard-of (undecided)", "not_allowed: shut now"),
                ("access.education.everyone", "allowed: open now"),
            ],
            (Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "access.unheard-of (undecided)", "unheard-of"),
        ),
        (
            ("education",),
            NOBODY,
            [("access.education (no group)", "not_allowed: shut now")],
            (Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "access.education (no group)", "education"),
        ),
        (
            ("education",),
            a_person(groups=("old",)),
            [("access.education (unknown group old)", "not_allowed: shut now")],
            (Verdict.BLOCK, Reason.CATEGORY_NOT_ALLOWED, "access.education (unknown group old)", "education"),
        ),
        (
            ("games-educational",),
            a_person("gus", ("guests",), Role.GUEST),
            [("access.games-educational (undecided for guests)", "not_allowed: shut now")],
            (
                Verdict.BLOCK,
                Reason.CATEGORY_NOT_ALLOWED,
                "access.games-educational (undecided for guests)",
                "games-educational",
            ),
        ),
    ],
)  # fmt: skip
def test_each_kind_is_told_by_the_row_that_speaks_of_it(
    kinds: tuple[str, ...],
    person: Person,
    steps: list[tuple[str, str]],
    decided: tuple[Verdict, Reason, str, str],
) -> None:
    request = a_request("x.example", *kinds, person=person)

    assert told(request)[1][len(kinds) + 1 :] == [(rule, True, says) for rule, says in steps]
    assert in_words(request) == decided


def test_the_strictest_of_all_kinds_is_found_in_whichever_order_the_lists_name_them() -> None:
    staff = Rule(Access.WITH_STAFF_PERMISSION)
    policy = with_row("chat", everyone=staff)
    for kinds in (
        ("video", "chat", "gambling"),
        ("gambling", "chat", "video"),
        ("chat", "gambling", "video"),
    ):
        assert in_words(a_request("x.example", *kinds), policy)[3] == "gambling"
    for two in (("video", "chat"), ("chat", "video")):
        assert in_words(a_request("x.example", *two), policy)[1] is Reason.NEEDS_STAFF_PERMISSION


def group(name: str, unlisted: Rule) -> FilterGroup:
    return FilterGroup(name, Role.PUPIL, unlisted, "simple")


@pytest.mark.parametrize(
    ("access", "names", "reason"),
    [
        (Access.ALLOWED, (), Reason.UNLISTED_ALLOWED),
        (Access.AT_CERTAIN_TIMES, ("lunch",), Reason.UNLISTED_ALLOWED),
        (Access.AT_CERTAIN_TIMES, ("lessons",), Reason.NOT_AT_THIS_TIME),
        (Access.SELECTED_USERS, ("communications",), Reason.NOT_SELECTED),
        (Access.SELECTED_USERS, ("no-such-list",), Reason.NOT_SELECTED),
        (Access.WITH_STAFF_PERMISSION, (), Reason.NEEDS_STAFF_PERMISSION),
        (Access.NOT_ALLOWED, (), Reason.UNLISTED_NOT_ALLOWED),
        (Access.ILLEGAL, (), Reason.ILLEGAL),
    ],
)
def test_what_is_on_no_list_is_told_by_the_groups_own_word(
    access: Access, names: tuple[str, ...], reason: Reason
) -> None:
    policy = a_policy(filter_groups={"one": group("one", Rule(access, names))})
    request = a_request("new.example", person=a_person(groups=("ghosts", "one")))

    assert told(request, policy)[1] == [BORN, ("filter_groups.one.unlisted", True, access.value)]
    verdict = Verdict.ALLOW if reason is Reason.UNLISTED_ALLOWED else Verdict.BLOCK
    assert in_words(request, policy) == (verdict, reason, "filter_groups.one.unlisted", None)


def test_of_two_groups_of_which_none_is_open_the_more_open_one_says_why() -> None:
    shut, staff = Rule(Access.NOT_ALLOWED), Rule(Access.WITH_STAFF_PERMISSION)
    policy = a_policy(filter_groups={"shut": group("shut", shut), "staffed": group("staffed", staff)})
    for groups in (("shut", "staffed"), ("staffed", "shut")):
        decision, steps = told(a_request("new.example", person=a_person(groups=groups)), policy)
        assert decision.rule == "filter_groups.staffed.unlisted"
        assert len(steps) == 3


def test_what_staff_opened_is_open_for_their_class_while_it_lasts() -> None:
    pupil = a_person("leo", ("lower-ks2",), classes=("3C",))
    over = Opening("o1", "p_tess", frozenset({"3C"}), NOON - HOUR, NOON)
    now = Opening("o2", "p_tess", frozenset({"3C"}), NOON, NOON + HOUR)
    theirs = Opening("o3", "p_tess", frozenset({"3B"}), NOON, NOON + HOUR)
    rule, new = "filter_groups.lower-ks2.unlisted", a_request("new.example", person=pupil)

    shut = (Verdict.BLOCK, Reason.NEEDS_STAFF_PERMISSION, rule, None)
    assert in_words(new, a_policy(openings=(over, theirs))) == shut
    assert in_words(new, a_policy(openings=(over, now))) == (
        Verdict.ALLOW,
        Reason.UNLISTED_ALLOWED,
        rule,
        None,
    )


def test_whoever_is_in_no_group_is_told_that_there_is_no_rule() -> None:
    for groups in ((), ("ghosts",)):
        decision, steps = told(a_request("new.example", person=a_person(groups=groups)))
        assert steps == [BORN]
        assert decision == Decision(Verdict.BLOCK, Reason.NO_RULE, "no rule", "r1")


def test_without_anybody_who_listens_the_answer_is_the_same() -> None:
    for kinds in (("gambling",), ("pornography",), ("education",), ()):
        request = a_request("x.example", *kinds)
        assert decide(request, a_policy(), NOON) == told(request)[0]
