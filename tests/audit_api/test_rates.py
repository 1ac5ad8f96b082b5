"""How often anybody may ask: enough for people, and an end to loops."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.problems import Problem
from audit_api.rates import COSTLY, COSTS, GENERAL, MOST_KEYS, RARE, STRANGERS, UNCOUNTED, Rates
from audit_api.rights import PUBLIC, RIGHTS, may
from filter_policy.model import Role
from tests.audit_api.school import School, problem_of

PLAIN, COSTLY_ROUTE, RARE_ROUTE = "GET /", "GET /api/v1/explain", "GET /api/v1/changes/export"


@dataclass
class Ticks:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def taken(rates: Rates, route: str, person: str = "p", tries: int = 1000) -> int:
    """How many are let by before one is refused."""
    for number in range(tries):
        try:
            rates.by_person(route, person)
        except Problem:
            return number
    return tries


def test_a_person_may_ask_in_a_burst_and_then_as_time_goes_on() -> None:
    ticks = Ticks()
    rates = Rates(ticks)

    assert taken(rates, PLAIN) == GENERAL.burst
    ticks.now += 1
    assert taken(rates, PLAIN) == GENERAL.per_second


def test_what_costs_more_may_be_asked_less_often_and_leaves_the_rest_alone() -> None:
    rates = Rates(Ticks())

    assert taken(rates, COSTLY_ROUTE) == COSTLY.burst
    assert taken(rates, RARE_ROUTE) == RARE.burst
    assert taken(rates, PLAIN) > 100


def test_one_person_takes_nothing_from_another() -> None:
    rates = Rates(Ticks())
    taken(rates, PLAIN)

    assert taken(rates, PLAIN, "q") == GENERAL.burst


def test_who_is_told_to_wait_gets_in_after_waiting_so_long() -> None:
    ticks = Ticks()
    rates = Rates(ticks)
    taken(rates, RARE_ROUTE)
    with pytest.raises(Problem) as refused:
        rates.by_person(RARE_ROUTE, "p")
    wait = int(refused.value.headers["Retry-After"])

    assert 1 <= wait <= 1 / RARE.per_second
    ticks.now += wait
    rates.by_person(RARE_ROUTE, "p")


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 400)), max_size=20))
def test_however_it_is_asked_no_more_comes_by_than_the_burst_and_what_time_gave(
    asked: list[tuple[float, int]],
) -> None:
    ticks = Ticks()
    rates = Rates(ticks)
    by = 0
    for pause, number in asked:
        ticks.now += pause
        by += taken(rates, PLAIN, tries=number)

    assert by <= GENERAL.burst + ticks.now * GENERAL.per_second + 1


def test_a_flood_of_addresses_does_not_fill_the_memory() -> None:
    rates = Rates(Ticks())
    for number in range(MOST_KEYS + 100):
        rates.by_address(PLAIN, str(number))

    assert len(rates._buckets) == MOST_KEYS


def test_whether_we_live_is_always_told() -> None:
    rates = Rates(Ticks())
    for _ in range(int(STRANGERS.burst) * 2):
        for route in UNCOUNTED:
            rates.by_address(route, "127.9.0.1")


def test_what_is_not_counted_is_public_and_costs_nothing() -> None:
    assert {route for route in UNCOUNTED if RIGHTS.get(route) != PUBLIC} == set()
    assert not UNCOUNTED & COSTS.keys()


def test_what_costs_more_is_a_route_of_ours_for_people_who_are_signed_in() -> None:
    assert {route for route in COSTS if RIGHTS.get(route, PUBLIC) == PUBLIC} == set()


@pytest.fixture
def hurried(school: School) -> School:
    """Where only a twentieth of it is allowed: 15 at once, 3 of what is costly, and 1 of what is rare."""
    return School(school.desk, patience=0.05)


@pytest.mark.parametrize("role", ["technician", "governor", "staff"])
def test_over_the_api_it_is_a_problem_that_says_how_long_to_wait(hurried: School, role: str) -> None:
    username = {"technician": "terry", "governor": "gail", "staff": "tess"}[role]
    statuses = [hurried.as_(username).get("/api/v1/policy").status_code for _ in range(15)]
    answer = hurried.as_(username).get("/api/v1/policy")  # with a new session each

    assert set(statuses) == {200}
    problem_of(answer, 429, "too-many-requests")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "no-store"


def test_in_the_console_it_is_said_in_words(hurried: School) -> None:
    browser, _ = hurried.browser("terry")
    for _ in range(15):
        browser.get("/unblocks/queue")
    answer = browser.get("/unblocks/queue")

    assert (answer.status_code, "Too many requests" in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) >= 1


def test_nobody_is_refused_at_signing_in_because_of_somebody_elses_requests(hurried: School) -> None:
    client = hurried.nobody()
    for _ in range(40):
        last = client.get("/sign-in")
    assert last.status_code == 429
    assert hurried.as_("terry").get("/api/v1/policy").status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("route", sorted(COSTS))
def test_each_costly_route_is_refused_after_its_own_number(hurried: School, route: str) -> None:
    method, path = route.split(" ")
    who = "hedy" if may(route, Role.HEADTEACHER) else "terry"
    client, answers = hurried.as_(who), []
    for _ in range(int(COSTS[route].burst * 0.05) + 1):
        asked = re.sub(r"{\w+}", "x", path) + ("?limit=1" if path.endswith("/tail") else "")
        answers.append(client.request(method, asked, json={}).status_code)

    assert answers[-1] == 429
    assert 429 not in answers[:-1]
