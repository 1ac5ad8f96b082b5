"""What is narrowed opens nothing that was not open, whatever the database says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.bundle import Account, Bundle, read_bundle, write_bundle
from filter_policy.case_orders import ISOLATE, MODE, RELEASE, Order, investigations_of, isolations_of
from filter_policy.decide import decide
from filter_policy.model import Opening, Person, Policy, Role, Unblock
from filter_policy.narrowing import Wanted, narrowed, wider
from tests.builders import NOON, POLICY, a_person, a_policy, a_request, a_teacher, an_unblock

BOTH = frozenset({"p_cora", "p_hedy"})
ORDERED = {
    ISOLATE: '{"device":"10.1.2.3","ends_at":"2026-11-25T12:00:00Z"}',
    RELEASE: '{"act":"release","incident":"c1","isolation":"x"}',
    MODE: '{"act":"mode","incident":"c1","device":"10.1.2.3","sites":["bet.test"],'
    '"ends_at":"2026-11-24T14:00:00Z"}',
}
SOON = st.sampled_from([NOON + timedelta(hours=hours) for hours in (-2, -1, 0, 1, 2)])
PERSONS = st.builds(
    a_person,
    st.sampled_from(["anna", "ben"]),
    st.sampled_from([("upper-ks2",), ("reception-ks1",), ("staff", "upper-ks2"), ()]),
    st.sampled_from([Role.PUPIL, Role.STAFF]),
    classes=st.sampled_from([("6B",), ("6A",), ()]),
    agreement_signed=st.booleans(),
    starts_at=st.none() | SOON,
    ends_at=st.none() | SOON,
    suspended_from=st.none() | SOON,
    suspended_until=st.none() | SOON,
)
ACCOUNTS = st.lists(
    st.builds(Account, PERSONS, st.sampled_from([None, "x", "y"])),
    unique_by=lambda account: account.person.username,
).map(tuple)
UNBLOCKS = st.lists(
    st.sampled_from([an_unblock(site, id=id_) for site in ("bet.test", "x.test") for id_ in "uv"]),
    unique_by=lambda unblock: unblock.id,
).map(tuple)
OPENINGS = st.lists(
    st.builds(
        lambda id_, end: Opening(id_, "p_tess", frozenset({"6B"}), NOON, end), st.sampled_from("op"), SOON
    ),
    unique_by=lambda opening: opening.id,
).map(tuple)
ORDERS = st.lists(
    st.sampled_from([
        Order(act, id_, "c1", NOON, salt, ORDERED[act], BOTH)
        for act in ORDERED for id_ in "xy" for salt in (b"1", b"2")
    ]),
    unique=True,
).map(tuple)  # fmt: skip
WANTED = st.builds(Wanted, ACCOUNTS, UNBLOCKS, OPENINGS, ORDERS)


def bundle_of(held: Wanted, policy: Policy | None = None) -> Bundle:
    whole = replace(
        policy or a_policy(),
        unblocks=held.unblocks,
        openings=held.openings,
        investigations=investigations_of(held.orders),
        isolations=isolations_of(held.orders),
    )
    accounts = {each.person.username: each for each in held.accounts}
    return Bundle(whole, POLICY, "1" * 64, accounts, orders=held.orders)


@given(WANTED, WANTED)
def test_what_is_narrowed_is_never_wider_and_stays_as_it_is(base: Wanted, now: Wanted) -> None:
    less = narrowed(bundle_of(base), now)

    assert wider(bundle_of(less), bundle_of(base)) is None
    assert narrowed(bundle_of(less), now) == less


@given(WANTED, WANTED, SOON, st.sampled_from(["bet.test", "x.test", "www.gov.uk"]))
def test_nothing_is_open_in_it_that_was_not(base: Wanted, now: Wanted, at: datetime, site: str) -> None:
    old, less = bundle_of(base), bundle_of(narrowed(bundle_of(base), now))
    for name, account in less.accounts.items():
        asked = replace(a_request(site, "gambling", person=account.person), address="10.1.2.3")
        before = replace(asked, person=old.accounts[name].person)
        assert decide(asked, less.policy, at).is_block or not decide(before, old.policy, at).is_block


@given(WANTED)
def test_what_is_as_it_was_is_not_wider(base: Wanted) -> None:
    assert wider(bundle_of(base), bundle_of(base)) is None


HELD = Wanted(
    (Account(a_person(classes=("6B",)), "x"), Account(a_teacher(), "y")), (an_unblock("bet.test"),), ()
)
POLICY_OR_LISTS = "another policy or other lists"
Change = Callable[[Bundle], Bundle]


def with_unblocks(*unblocks: Unblock) -> Change:
    return lambda bundle: replace(bundle, policy=replace(bundle.policy, unblocks=unblocks))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda bundle: replace(bundle, policy_text=POLICY + "# other"), POLICY_OR_LISTS),
        (lambda bundle: replace(bundle, lists="2" * 64), POLICY_OR_LISTS),
        (with_unblocks(an_unblock("bet.test", id="u2")), "unblocks"),
        (with_unblocks(an_unblock("other.test")), "unblocks"),
        (lambda bundle: replace(bundle, accounts={"mal": Account(a_person("mal"), "x")}), "people"),
        (lambda bundle: replace(bundle, accounts={"anna": Account(a_person(), "x")}), "people"),
        (
            lambda bundle: replace(bundle, accounts={"anna": Account(a_person(classes=("6B",)), "z")}),
            "people",
        ),
    ],
)
def test_what_is_wider_is_named(change: Change, what: str) -> None:
    assert wider(change(bundle_of(HELD)), bundle_of(HELD)) == what


def test_a_list_of_illegal_content_less_is_wider(tmp_path: Path) -> None:
    names = [
        write_bundle(tmp_path, policy_text=POLICY, lists="1" * 64, accounts=[], sealed_lists=lists)
        for lists in (["iwf"], [])
    ]
    base, less = (read_bundle(tmp_path, name) for name in names)

    assert wider(less, base) == "lists of illegal content"


def soon(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def left_of(was: Account, now: Account) -> Account | None:
    left = narrowed(bundle_of(Wanted((was,), (), ())), Wanted((now,), (), ())).accounts
    return left[0] if left else None


def ending(name: str, end: datetime | None) -> Person:
    changes: dict[str, Any] = {name: end}
    return replace(ANNA, **changes)


ANNA = a_person(groups=("upper-ks2", "staff"), classes=("6A", "6B"))
NEVER = (None, None)


@pytest.mark.parametrize(
    ("was", "now", "left"),
    [
        (NEVER, NEVER, NEVER),
        (NEVER, (soon(1), None), (soon(1), None)),
        (NEVER, (soon(1), soon(2)), (soon(1), soon(2))),
        ((soon(1), soon(2)), NEVER, (soon(1), soon(2))),
        ((soon(1), None), (soon(2), soon(3)), (soon(1), None)),
        ((soon(2), soon(3)), (soon(1), None), (soon(1), None)),
        ((soon(1), soon(4)), (soon(2), soon(3)), (soon(1), soon(4))),
        ((soon(2), soon(3)), (soon(1), soon(4)), (soon(1), soon(4))),
    ],
)
def test_of_two_suspensions_all_of_both_holds(
    was: tuple[datetime | None, ...], now: tuple[datetime | None, ...], left: tuple[datetime | None, ...]
) -> None:
    one, other, both = (
        Account(replace(ANNA, suspended_from=began, suspended_until=until), "x")
        for began, until in (was, now, left)
    )
    assert left_of(one, other) == both


@pytest.mark.parametrize("name", ["ends_at", "password_ends_at"])
def test_of_two_ends_the_earlier_holds(name: str) -> None:
    for was, now, left in [
        (None, None, None),
        (None, soon(1), soon(1)),
        (soon(1), None, soon(1)),
        (soon(1), soon(2), soon(1)),
        (soon(2), soon(1), soon(1)),
    ]:
        one, other, both = (Account(ending(name, end), "x") for end in (was, now, left))
        assert left_of(one, other) == both


def test_what_was_proven_stays_as_it_was_where_the_database_only_says_it_otherwise() -> None:
    was = Account(ANNA, "x")
    turned = replace(ANNA, filter_groups=("staff", "upper-ks2"), classes=("6B", "6A"), starts_at=soon(1))

    assert left_of(was, Account(turned, "another")) == was
    assert left_of(was, Account(turned, None)) == Account(ANNA, None)
    assert left_of(Account(ANNA, None), was) == Account(ANNA, None)
    unsigned = Account(replace(ANNA, agreement_signed=False), "x")
    assert left_of(was, unsigned) == left_of(unsigned, was) == unsigned


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "p_else"},
        {"role": Role.STAFF},
        {"filter_groups": ("staff",)},
        {"classes": ("6A",)},
        {"username": "annabel"},
    ],
)
def test_who_is_somebody_else_by_now_is_left_out(changes: dict[str, Any]) -> None:
    was, now = Account(ANNA, "x"), Account(replace(ANNA, **changes), "x")

    assert left_of(was, now) is None
    base = bundle_of(Wanted((was,), (), ()))
    assert wider(replace(base, accounts={"anna": now}), base) == "people"


OPENED = Opening("o", "p_tess", frozenset({"6B"}), NOON, soon(1))


@pytest.mark.parametrize(
    ("opening", "what"),
    [
        (OPENED, None),
        (replace(OPENED, ends_at=NOON), None),
        (replace(OPENED, ends_at=soon(2)), "openings"),
        (replace(OPENED, starts_at=soon(-1)), "openings"),
        (replace(OPENED, classes=frozenset({"6A"})), "openings"),
        (replace(OPENED, opened_by="p_else"), "openings"),
        (replace(OPENED, id="o2"), "openings"),
    ],
)
def test_an_opening_may_only_end_sooner(opening: Opening, what: str | None) -> None:
    base = bundle_of(Wanted((), (), (OPENED,)))

    assert wider(bundle_of(Wanted((), (), (opening,))), base) == what
    shorter = Wanted((), (), (replace(OPENED, ends_at=min(opening.ends_at, OPENED.ends_at)),))
    assert narrowed(base, Wanted((), (), (opening,))).openings == (
        shorter.openings if opening.id == "o" else ()
    )


def test_more_lists_of_illegal_content_are_no_opening() -> None:
    base = replace(bundle_of(HELD), sealed_lists=frozenset({"iwf"}))

    assert wider(replace(base, sealed_lists=frozenset({"iwf", "ctiru"})), base) is None


def test_a_device_is_not_let_go_by_what_nothing_proves() -> None:
    shut, looked, let_go = (
        Order(act, "x", "c1", NOON, b"", ORDERED[act], BOTH) for act in (ISOLATE, MODE, RELEASE)
    )

    left = narrowed(bundle_of(Wanted((), (), (), (shut, looked))), Wanted((), (), (), (let_go,)))
    more = narrowed(bundle_of(Wanted((), (), ())), Wanted((), (), (), (shut, looked)))

    assert left.orders == more.orders == (shut,)


@pytest.mark.parametrize(
    ("base", "now", "what"),
    [
        ((), (MODE,), "investigations"),
        ((ISOLATE,), (), "devices that were shut off"),
        ((MODE,), (ISOLATE,), None),
        ((ISOLATE,), (ISOLATE, RELEASE), None),
    ],
)
def test_what_looks_into_more_or_shuts_less_is_wider(
    base: tuple[str, ...], now: tuple[str, ...], what: str | None
) -> None:
    one, other = (
        bundle_of(Wanted((), (), (), tuple(Order(a, "x", "c1", NOON, b"", ORDERED[a], BOTH) for a in acts)))
        for acts in (now, base)
    )
    assert wider(one, other) == what
