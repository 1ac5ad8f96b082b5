"""How often anybody may ask: enough for people, and an end to loops."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.problems import Problem
from audit_api.rates import (
    COSTLY,
    COSTS,
    GENERAL,
    MOST_KEYS,
    OF_STRANGERS,
    RARE,
    SHUTTING,
    STRANGERS,
    UNCOUNTED,
    Rates,
)
from audit_api.rights import PUBLIC, RIGHTS, may
from filter_policy.model import Role
from tests.audit_api.school import School, console_password, problem_of

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


def test_a_token_takes_nothing_from_who_made_it_nor_from_their_other_tokens() -> None:
    rates = Rates(Ticks())
    for _ in range(int(GENERAL.burst)):
        rates.by_person(PLAIN, "p", "one")
    with pytest.raises(Problem):
        rates.by_person(PLAIN, "p", "one")
    rates.by_person(PLAIN, "p", "two")

    assert taken(rates, PLAIN) == GENERAL.burst


def test_many_tokens_do_not_buy_more_of_what_is_costly() -> None:
    rates = Rates(Ticks())
    for number in range(int(RARE.burst)):
        rates.by_person(RARE_ROUTE, "p", f"token{number}")
    with pytest.raises(Problem):
        rates.by_person(RARE_ROUTE, "p", "another")

    assert taken(rates, RARE_ROUTE) == RARE.burst


def test_whoever_is_told_to_wait_can_still_sign_out_revoke_and_suspend() -> None:
    rates = Rates(Ticks())
    assert taken(rates, PLAIN) == GENERAL.burst

    for route in sorted(SHUTTING):
        rates.by_person(route, "p")


def test_every_route_with_a_bucket_of_its_own_is_one_of_ours() -> None:
    assert {route for route in SHUTTING if RIGHTS.get(route, PUBLIC) == PUBLIC} == set()
    assert {route for route in OF_STRANGERS if RIGHTS.get(route) != PUBLIC} == set()


def test_what_pages_and_files_take_is_not_what_signing_in_and_the_envelope_need() -> None:
    rates = Rates(Ticks())
    for route in ("GET /static/{name}", "GET /sign-in", "GET /"):
        for _ in range(int(STRANGERS.burst)):
            rates.by_address(route, "127.9.0.1")
        with pytest.raises(Problem):
            rates.by_address(route, "127.9.0.1")

    rates.by_address("POST /sign-in", "127.9.0.1")
    rates.by_address("POST /api/v1/session", "127.9.0.1")
    rates.by_address("POST /api/v1/break-glass/code", "127.9.0.1")


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
    asked = (browser.get("/unblocks/queue") for _ in range(200))  # some comes back while we ask
    answer = next(each for each in asked if each.status_code != 200)

    assert (answer.status_code, "Too many requests" in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) >= 1


def test_a_loop_with_a_token_leaves_its_owner_the_console_and_the_way_to_revoke_it(hurried: School) -> None:
    owner = hurried.as_("terry")
    asked = {"name": "wall", "scopes": ["metrics"], "days": 30, "password": console_password("terry")}
    token = owner.post("/api/v1/tokens", json=asked).json()
    program = hurried.nobody(headers={"Authorization": f"Bearer {token['token']}"})
    looped = [program.get("/api/v1/people").status_code for _ in range(20)]  # not even in its scope

    assert (looped[0], looped[-1]) == (403, 429)
    assert owner.get("/api/v1/policy").status_code == 200
    while owner.get("/api/v1/policy").status_code == 200:
        pass  # and now they have used up their own
    assert owner.delete(f"/api/v1/tokens/{token['id']}").status_code < 300
    assert program.get("/api/v1/people").status_code == 401


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
