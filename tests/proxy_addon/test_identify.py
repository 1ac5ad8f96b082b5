"""Who asks: credentials in every shape, networks, and nobody; checked once, kept under a keyed hash."""

import asyncio
import base64
import os
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.bundle import Account, Bundle
from filter_policy.model import Reason
from proxy_addon.guessing import KNOWN, SPARED
from proxy_addon.identify import (
    BEHIND,
    MOST_WAITING,
    MOST_WAITING_PER_ADDRESS,
    Identifier,
    Identity,
    NotIdentified,
    TooBusy,
    Withheld,
    argon2_verify,
    parse_basic,
    still,
)
from tests.builders import a_person, a_policy
from tests.harness import quick_hash

FAR = "198.51.100.7"
TABLET = "127.20.0.9"


def basic(text: str, encoding: str = "utf-8") -> bytes:
    return b"Basic " + base64.b64encode(text.encode(encoding))


def a_bundle(*accounts: Account) -> Bundle:
    return Bundle(a_policy(), "", "", {account.person.username: account for account in accounts})


ANNA = Account(a_person("anna"), "hash of anna")
BUNDLE = a_bundle(ANNA, Account(a_person("new"), None))


class Verifier:
    """Says yes to one password, and counts."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked = 0
        self.threads: set[int] = set()
        self._seconds = seconds

    def __call__(self, stored: str, password: str) -> bool:
        self.asked += 1
        self.threads.add(threading.get_ident())
        time.sleep(self._seconds)
        return password == "right"


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def refused(work: Coroutine[Any, Any, Identity]) -> Reason:
    with pytest.raises(NotIdentified) as caught:
        run(work)
    return caught.value.reason


def test_the_right_password_names_the_person() -> None:
    identity = run(Identifier(Verifier()).identify([basic("Anna:right")], FAR, BUNDLE))
    assert identity.person is ANNA.person
    assert "right" not in repr(identity)
    assert "hash" not in repr(identity)


def test_a_password_is_checked_once_and_off_the_event_loop() -> None:
    verifier = Verifier()

    async def twice() -> None:
        identifier = Identifier(verifier)
        for _ in range(3):
            await identifier.identify([basic("anna:right")], FAR, BUNDLE)

    run(twice())
    assert verifier.asked == 1
    assert threading.get_ident() not in verifier.threads


def test_six_connections_at_once_are_one_check() -> None:
    verifier = Verifier(seconds=0.05)

    async def six() -> None:
        identifier = Identifier(verifier)
        await asyncio.gather(*(identifier.identify([basic("anna:right")], FAR, BUNDLE) for _ in range(6)))

    run(six())
    assert verifier.asked == 1


def test_a_wrong_password_is_checked_once() -> None:
    verifier = Verifier()

    async def twice() -> None:
        identifier = Identifier(verifier)
        for _ in range(2):
            with pytest.raises(NotIdentified):
                await identifier.identify([basic("anna:wrong")], FAR, BUNDLE)

    run(twice())
    assert verifier.asked == 1


def test_a_changed_hash_ends_what_was_remembered() -> None:
    verifier = Verifier()
    changed = a_bundle(Account(a_person("anna"), "another hash"))

    async def before_and_after() -> None:
        identifier = Identifier(verifier)
        await identifier.identify([basic("anna:right")], FAR, BUNDLE)
        await identifier.identify([basic("anna:right")], FAR, changed)

    run(before_and_after())
    assert verifier.asked == 2


def test_more_than_can_be_checked_are_told_to_wait() -> None:
    verifier = Verifier(seconds=0.01)
    accounts = [Account(a_person(f"p{i}"), f"hash{i}") for i in range(MOST_WAITING + 5)]
    bundle = a_bundle(*accounts)

    async def many() -> list[object]:
        identifier = Identifier(verifier)
        asking = [
            identifier.identify([basic(f"p{i}:right")], f"198.51.100.{i}", bundle)
            for i in range(len(accounts))
        ]
        return list(await asyncio.gather(*asking, return_exceptions=True))

    assert sum(isinstance(answer, TooBusy) for answer in run(many())) == 5


def test_one_device_that_guesses_keeps_nobody_else_waiting() -> None:
    """Of others that did not fail there, eight are checked at once, and then one: the rest wait in turn."""
    bundle = a_bundle(*(Account(a_person(f"p{i}"), f"hash{i}") for i in range(20)))

    async def story() -> None:
        identifier = Identifier(Verifier(seconds=0.01))
        guessing = [identifier.identify([basic(f"p{i}:wrong")], FAR, bundle) for i in range(19)]
        answers = asyncio.gather(*guessing, return_exceptions=True)
        await asyncio.sleep(0)
        assert identifier._waiting.total() == MOST_WAITING_PER_ADDRESS
        assert await identifier.identify([basic("p19:right")], "198.51.100.9", bundle)
        assert sum(isinstance(answer, NotIdentified) for answer in await answers) == 19
        assert not identifier._checking
        assert not identifier._waiting
        assert not identifier._turns

    run(story())


def test_who_failed_at_a_busy_device_is_told_to_wait() -> None:
    bundle = a_bundle(ANNA, *(Account(a_person(f"p{i}"), f"hash{i}") for i in range(20)))

    async def story() -> None:
        identifier = Identifier(Verifier(seconds=0.01))
        with pytest.raises(NotIdentified):
            await identifier.identify([basic("anna:wrong")], FAR, bundle)
        guessing = [identifier.identify([basic(f"p{i}:wrong")], FAR, bundle) for i in range(9)]
        answers = asyncio.gather(*guessing, return_exceptions=True)
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await identifier.identify([basic("anna:wrong again")], FAR, bundle)
        await answers

    run(story())


def test_the_right_password_is_heard_behind_a_hundred_wrong_names_at_the_same_address() -> None:
    bundle = a_bundle(ANNA)
    asked = []

    def verify(stored: str, password: str) -> bool:
        asked.append(password)
        return password == "right"

    async def story() -> None:
        identifier = Identifier(verify)
        guesses = asyncio.gather(
            *(identifier.identify([basic(f"name{i}:guess")], FAR, bundle) for i in range(100)),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        six = (identifier.identify([basic("anna:right")], FAR, bundle) for _ in range(6))
        assert {identity.person for identity in await asyncio.gather(*six)} == {ANNA.person}
        await guesses
        assert not identifier._turns
        identifier.close()

    run(story())


def test_who_waits_in_turn_and_leaves_keeps_nobody_waiting() -> None:
    bundle = a_bundle(ANNA)

    async def story() -> None:
        identifier = Identifier(Verifier(seconds=0.005))
        tasks = [
            asyncio.create_task(identifier.identify([basic(f"name{i}:guess")], FAR, bundle))
            for i in range(40)
        ]
        await asyncio.sleep(0.01)
        for each in tasks[::2]:
            each.cancel()
        assert await identifier.identify([basic("anna:right")], FAR, bundle)
        await asyncio.gather(*tasks, return_exceptions=True)
        identifier.close()

    run(story())


def test_somebody_known_waits_for_no_hash_while_eight_devices_guess() -> None:
    """Structurally: no password is checked at all until the known one has been answered a hundred times."""
    accounts = [Account(a_person(f"p{i}"), f"hash{i}") for i in range(8)]
    bundle = a_bundle(ANNA, *accounts)
    go_on, verifier = threading.Event(), Verifier()

    def verify(stored: str, password: str) -> bool:
        if password != "right":
            go_on.wait(10)
        return verifier(stored, password)

    async def story() -> None:
        identifier = Identifier(verify)
        await identifier.identify([basic("anna:right")], FAR, bundle)
        guesses = asyncio.gather(
            *(
                identifier.identify([basic(f"p{i}:wrong{n}")], f"10.0.0.{i}", bundle)
                for n in range(20)
                for i in range(8)
            ),
            return_exceptions=True,
        )
        await asyncio.sleep(0.05)
        for _ in range(100):
            await identifier.identify([basic("anna:right")], FAR, bundle)
        assert verifier.asked == 1
        go_on.set()
        answers = await guesses
        assert sum(isinstance(answer, NotIdentified) for answer in answers) == 8 * 5
        identifier.close()

    run(story())


def test_a_name_that_does_not_exist_costs_the_time_of_one_that_does() -> None:
    """By the time of the answer nobody learns who has an account."""
    verifier = Verifier()

    async def story() -> None:
        identifier = Identifier(verifier)
        for text in ("anna:wrong", "nobody:wrong", "nobody:right", "new:wrong"):
            with pytest.raises(NotIdentified):
                await identifier.identify([basic(text)], FAR, BUNDLE)

    run(story())
    assert verifier.asked == 4


def test_while_a_device_waits_no_password_is_looked_at_the_right_one_neither() -> None:
    verifier, now = Verifier(), [0.0]

    async def story() -> None:
        identifier = Identifier(verifier, lambda: now[0])
        await identifier.identify([basic("anna:right")], "198.51.100.8", BUNDLE)
        for number in range(5):
            with pytest.raises(NotIdentified):
                await identifier.identify([basic(f"anna:wrong{number}")], FAR, BUNDLE)
        asked = verifier.asked
        for password in ("wrong9", "right"):
            with pytest.raises(Withheld):
                await identifier.identify([basic(f"anna:{password}")], FAR, BUNDLE)
        assert verifier.asked == asked
        await identifier.identify([basic("anna:right")], "198.51.100.8", BUNDLE)
        now[0] = 1.5
        await identifier.identify([basic("anna:right")], FAR, BUNDLE)

    run(story())


def test_who_is_at_work_goes_on_while_somebody_guesses_beside_them_but_tells_no_guesser_for_long() -> None:
    verifier, now = Verifier(), [0.0]

    async def story() -> int:
        identifier = Identifier(verifier, lambda: now[0])
        await identifier.identify([basic("anna:right")], FAR, BUNDLE)
        for number in range(20):
            with pytest.raises((NotIdentified, Withheld)):
                await identifier.identify([basic(f"anna:wrong{number}")], FAR, BUNDLE)
        await identifier.identify([basic("anna:right")], FAR, BUNDLE)
        for number in range(100):
            with pytest.raises(Withheld):
                await identifier.identify([basic(f"anna:wrong again{number}")], FAR, BUNDLE)
            try:
                await identifier.identify([basic("anna:right")], FAR, BUNDLE)
            except Withheld:  # the right one looks like any other now
                return number
        return 100

    assert 20 + run(story()) < SPARED
    assert verifier.asked == 1 + KNOWN.free


def test_nobody_we_know_is_asked_for_credentials() -> None:
    assert refused(Identifier(Verifier()).identify([], FAR, BUNDLE)) is Reason.NO_CREDENTIALS
    for text in ("nobody:right", "new:right", "anna:", ":right", "anna"):
        work = Identifier(Verifier()).identify([basic(text)], FAR, BUNDLE)
        assert refused(work) is Reason.WRONG_CREDENTIALS


def test_a_device_of_a_network_is_its_group() -> None:
    identity = run(Identifier(Verifier()).identify([], TABLET, BUNDLE))
    assert (identity.person.filter_groups, identity.person.role) == (("reception-ks1",), None)
    mapped = run(Identifier(Verifier()).identify([], f"::ffff:{TABLET}", BUNDLE))
    assert mapped.person.filter_groups == ("reception-ks1",)


def test_credentials_from_a_network_count() -> None:
    identity = run(Identifier(Verifier()).identify([basic("anna:right")], TABLET, BUNDLE))
    assert identity.person is ANNA.person
    work = Identifier(Verifier()).identify([basic("anna:wrong")], TABLET, BUNDLE)
    assert refused(work) is Reason.WRONG_CREDENTIALS


def test_two_credentials_are_one_too_many() -> None:
    work = Identifier(Verifier()).identify([basic("anna:right"), basic("anna:right")], FAR, BUNDLE)
    assert refused(work) is Reason.WRONG_CREDENTIALS


@given(
    st.text(min_size=1, max_size=200).filter(lambda t: ":" not in t and "\0" not in t),
    st.text().filter(lambda t: "\0" not in t),
)
def test_names_fold_and_passwords_keep_every_character(username: str, password: str) -> None:
    try:
        raw = basic(f"{username}:{password}")
    except UnicodeEncodeError:  # lone surrogates cannot be sent
        return
    assert parse_basic([raw]) == (username.strip().casefold(), password)


@given(st.binary(max_size=60))
def test_no_credentials_make_it_crash(raw: bytes) -> None:
    for value in (raw, b"Basic " + raw, b"Basic " + base64.b64encode(raw)):
        try:
            username, _ = parse_basic([value])
        except NotIdentified:
            continue
        assert username == username.casefold()


def test_latin_1_is_understood_when_it_is_not_utf_8() -> None:
    assert parse_basic([basic("zoë:schön", "latin-1")]) == ("zoë", "schön")


def test_who_is_gone_or_changed_is_no_longer_the_same() -> None:
    identity = Identity(ANNA.person, "hash of anna")
    assert still(identity, BUNDLE, FAR) == identity
    assert still(identity, a_bundle(), FAR) is None
    assert still(identity, a_bundle(Account(ANNA.person, "another")), FAR) is None
    device = run(Identifier(Verifier()).identify([], TABLET, BUNDLE))
    assert still(device, BUNDLE, TABLET) is not None
    assert still(device, BUNDLE, FAR) is None


def test_the_hash_that_counts_is_argon2() -> None:
    assert argon2_verify(quick_hash("pass:word"), "pass:word")
    assert not argon2_verify(quick_hash("pass:word"), "password")
    assert not argon2_verify("not a hash", "pass:word")


def test_the_threads_that_check_passwords_stand_back_behind_the_one_that_serves() -> None:
    seen: list[int] = []

    def verify(stored: str, password: str) -> bool:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return True

    run(Identifier(verify).identify([basic("anna:right")], FAR, BUNDLE))
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert seen == [max(mine, BEHIND)]
