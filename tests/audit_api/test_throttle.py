"""Guessing costs longer each time, for that account from that address."""

from datetime import timedelta

from audit_api.throttle import (
    FREE_ATTEMPTS,
    FREE_EVERYWHERE,
    LONGEST,
    LONGEST_EVERYWHERE,
    MOST_KEYS,
    Key,
    Throttle,
)
from tests.builders import NOON

KEY = ("terry", "127.9.0.1")


def test_the_first_five_attempts_are_free() -> None:
    throttle = Throttle()

    assert [throttle.attempt(KEY, NOON) for _ in range(FREE_ATTEMPTS)] == [0] * FREE_ATTEMPTS
    assert throttle.attempt(KEY, NOON) == 1


def test_each_further_attempt_waits_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    throttle, at, waits = Throttle(), NOON, []
    for _ in range(20):
        if wait := throttle.attempt(KEY, at):
            waits.append(wait)
            at += timedelta(seconds=wait)
            throttle.attempt(KEY, at)

    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST.total_seconds()


def test_asking_while_waiting_does_not_make_the_wait_longer() -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS):
        throttle.attempt(KEY, NOON)

    assert {throttle.attempt(KEY, NOON) for _ in range(50)} == {1}


def test_a_right_password_forgets_the_wrong_ones() -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS - 1):
        throttle.attempt(KEY, NOON)
    throttle.succeeded(KEY)

    assert [throttle.attempt(KEY, NOON) for _ in range(FREE_ATTEMPTS)] == [0] * FREE_ATTEMPTS


def test_another_account_and_another_address_do_not_wait() -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS):
        throttle.attempt(KEY, NOON)

    assert throttle.attempt(("hedy", KEY[1]), NOON) == 0
    assert throttle.attempt((KEY[0], "127.9.0.2"), NOON) == 0


def test_an_hour_later_all_is_forgotten() -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS):
        throttle.attempt(KEY, NOON)

    assert throttle.attempt(KEY, NOON + timedelta(hours=1, seconds=1)) == 0


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(MOST_KEYS + 100):
        throttle.attempt((f"nobody{number}", "127.9.0.1"), NOON)

    assert len(throttle._failures) == MOST_KEYS


def test_a_flood_of_names_forgets_nobody_who_has_to_wait_or_has_failed_more_often() -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS):
        throttle.attempt(KEY, NOON)
    for _ in range(FREE_ATTEMPTS - 1):
        throttle.attempt(("hedy", KEY[1]), NOON)
    for number in range(MOST_KEYS + 100):
        throttle.attempt((f"nobody{number}", "127.9.0.1"), NOON)

    assert throttle.attempt(KEY, NOON) == 1
    assert throttle.attempt(("hedy", KEY[1]), NOON) == 0
    assert throttle.attempt(("hedy", KEY[1]), NOON) == 1


def test_an_attempt_that_came_to_no_check_counts_for_nothing() -> None:
    throttle = Throttle()
    for _ in range(50):
        assert throttle.attempt(KEY, NOON) == 0
        throttle.not_made(KEY)

    assert [throttle.attempt(KEY, NOON) for _ in range(FREE_ATTEMPTS + 1)] == [0] * FREE_ATTEMPTS + [1]


def addresses(count: int) -> list[Key]:
    return [("terry", f"2001:db8:0:{number:x}::/64") for number in range(count)]


def test_guessing_from_many_addresses_is_slowed_for_the_account_and_never_for_long() -> None:
    throttle, at, waits = Throttle(), NOON, []
    for key in addresses(FREE_EVERYWHERE):
        assert throttle.attempt(key, at) == 0
    for key in addresses(60):
        if wait := throttle.attempt(key, at):
            waits.append(wait)
            at += timedelta(seconds=wait)

    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_EVERYWHERE.total_seconds() == 30
    assert throttle.attempt(("hedy", addresses(1)[0][1]), at) == 0


def test_where_somebody_signed_in_before_guesses_from_elsewhere_cost_nothing() -> None:
    throttle = Throttle()
    throttle.attempt(KEY, NOON)
    throttle.succeeded(KEY)
    for key in addresses(FREE_EVERYWHERE):
        throttle.attempt(key, NOON)

    assert throttle.attempt(("terry", "127.9.0.9"), NOON) == 1
    assert throttle.attempt(KEY, NOON) == 0
