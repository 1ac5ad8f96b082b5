"""Who asks. By proxy credentials (Basic), else by the network the device is in, else nobody we know.

A hash check costs up to half a second of CPU: never on the event loop, never twice for the same answer. What
was found right is remembered under a keyed hash (so that no password is kept), for as long as the account has
the same hash; so is what was found wrong. Whoever guesses waits (guessing.py), and a name that does not exist
costs the time of one that does.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import ipaddress
import os
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from filter_policy.bundle import Bundle
from filter_policy.model import Network, Person, Policy, Reason
from proxy_addon.addresses import device_of
from proxy_addon.guessing import Guessing
from proxy_addon.patience import PASSWORD_SECONDS, longer

REMEMBERED_SECONDS = 3600.0
WRONG_SECONDS = 86400.0  # a device that keeps an old password asks all day
MOST_REMEMBERED = 20_000
MOST_WAITING = 128
MOST_WAITING_PER_ADDRESS = 8
MOST_IN_TURN = 128  # of a device, each the first of its account there: they wait until others were checked
THREADS = 2
BEHIND = 15  # nice
LONGEST_NAME = 256  # characters: no client chooses how long what is kept of it is
UNIDENTIFIED = "unidentified"

Verify = Callable[[str, str], bool]  # hash, password


class NotIdentified(Exception):
    """Ask for credentials (407). `reason` says whether none came or wrong ones."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Withheld(Exception):
    """No password is looked at. `rule` is for the record, `page` tells it."""

    def __init__(self, reason: Reason, rule: str, page: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.rule = rule
        self.page = page


class TooBusy(Exception):
    """More passwords wait to be checked than can be soon; nobody is let by meanwhile."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the bundle in force knows them. `password_hash` is None for a device of a network."""

    person: Person
    password_hash: str | None = None

    def __repr__(self) -> str:
        return f"Identity({self.person.id!r})"


NOBODY = Person(id="", username="", role=None, filter_groups=(UNIDENTIFIED,))


def still(identity: Identity, bundle: Bundle, address: str) -> Identity | None:
    """The same one under a newer bundle; None when the account is gone, or its password has changed."""
    if identity.password_hash is None:
        network = network_of(bundle.policy, address)
        return None if network is None else _device(network)
    account = bundle.accounts.get(identity.person.username)
    if account is None or account.password_hash != identity.password_hash:
        return None
    return Identity(account.person, account.password_hash)


def network_of(policy: Policy, address: str) -> Network | None:
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(client, ipaddress.IPv6Address) and client.ipv4_mapped:
        client = client.ipv4_mapped
    return next((network for network in policy.networks if client in network.addresses), None)


def _device(network: Network) -> Identity:
    return Identity(Person(id="", username="", role=None, filter_groups=(network.filter_group,)))


def argon2_verify(stored: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


class Identifier:
    """One for the life of the process; the bundle in force comes with each question."""

    def __init__(self, verify: Verify = argon2_verify, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds, never going back: for how long a guesser waits."""
        self.guessing = Guessing()
        self._verify = verify
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, tuple[str, str, float]] = {}  # username, hash, until
        self._wrong: dict[bytes, tuple[str | None, float]] = {}  # hash, until
        self._checking: dict[tuple[bytes, str], asyncio.Future[bool]] = {}
        self._waiting: Counter[str] = Counter()  # by device
        self._turns: dict[str, deque[asyncio.Future[None]]] = {}  # by device
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="password", initializer=_step_back)

    async def identify(self, credentials: Sequence[bytes], address: str, bundle: Bundle) -> Identity:
        """`credentials`: every Proxy-Authorization value. Raises NotIdentified, Withheld, TooBusy."""
        if not credentials:
            network = network_of(bundle.policy, address)
            if network is None:
                raise NotIdentified(Reason.NO_CREDENTIALS)
            return _device(network)
        username, password = parse_basic(credentials)
        now = self._clock()
        waits = self.guessing.wait(username, address, now) > 0
        if waits and not self.guessing.spares(username, address, now):
            raise self._too_many(username, address, now)
        digest = hashlib.blake2b(f"{username}\0{password}".encode(), key=self._key, digest_size=32).digest()
        account = bundle.accounts.get(username)
        stored = account.password_hash if account else None
        if account is not None and stored is not None and self._is_known(digest, username, stored):
            self.guessing.seen(username, address, now)
            return Identity(account.person, stored)
        if waits:
            raise self._too_many(username, address, now)
        self._not_known_wrong(digest, (username, address), stored, now)
        against = stored or _stand_in(bundle)
        right = await self._verified((digest, against), password, (username, address))
        if account is None or stored is None or not right:
            _keep(self._wrong, digest, (stored, time.monotonic() + WRONG_SECONDS))
            raise NotIdentified(Reason.WRONG_CREDENTIALS)
        self.guessing.right(username, address, self._clock())
        _keep(self._right, digest, (username, stored, time.monotonic() + REMEMBERED_SECONDS))
        return Identity(account.person, stored)

    def _is_known(self, digest: bytes, username: str, stored: str) -> bool:
        known = self._right.get(digest)
        if known is None:
            return False
        if known[:2] != (username, stored) or known[2] < time.monotonic():
            del self._right[digest]
            return False
        return True

    def _too_many(self, username: str, address: str, now: float) -> Withheld:
        self.guessing.again(username, address, now)
        return Withheld(Reason.TOO_MANY, "guessing", "wait")

    def _not_known_wrong(self, digest: bytes, who: tuple[str, str], stored: str | None, now: float) -> None:
        """The same wrong one again is no guess; and under a new hash it is asked anew."""
        wrong_for, until = self._wrong.get(digest, (None, 0.0))
        if until > time.monotonic() and wrong_for == stored:
            self.guessing.again(*who, now)
            raise NotIdentified(Reason.WRONG_CREDENTIALS)

    async def _verified(self, key: tuple[bytes, str], password: str, who: tuple[str, str]) -> bool:
        """A browser opens six connections at once with the same password: it is checked once. One device
        that guesses does not keep the others waiting. `who`: user name and address."""
        running = self._checking.get(key)
        if running is None:
            if self._is_busy(who[1]):
                running = asyncio.create_task(self._in_turn(key[1], password, who, self._turn(who)))
            else:
                running = self._check(key[1], password, who)
            self._checking[key] = running
            running.add_done_callback(lambda done: self._answered(key, done))
        with longer(PASSWORD_SECONDS):  # it waits for its turn
            return await asyncio.shield(running)

    def _answered(self, key: tuple[bytes, str], done: asyncio.Future[bool]) -> None:
        self._checking.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever asked may be gone

    def _is_busy(self, address: str) -> bool:
        most = 1 if self.guessing.is_hasty(address) else MOST_WAITING_PER_ADDRESS
        return self._waiting[device_of(address)] >= most

    def _turn(self, who: tuple[str, str]) -> asyncio.Future[None]:
        """An account that did not fail here waits for those before it, whoever they are: others may be
        guessing behind the same address."""
        turns = self._turns.get(device_of(who[1]), ())
        if len(turns) >= MOST_IN_TURN or self.guessing.failed(*who, self._clock()):
            raise TooBusy
        turn = asyncio.get_running_loop().create_future()
        self._turns.setdefault(device_of(who[1]), deque()).append(turn)
        return turn

    async def _in_turn(
        self, stored: str, password: str, who: tuple[str, str], turn: asyncio.Future[None]
    ) -> bool:
        device = device_of(who[1])
        await turn
        while self._is_busy(who[1]):  # somebody who has just come was quicker
            turn = asyncio.get_running_loop().create_future()
            self._turns.setdefault(device, deque()).appendleft(turn)
            await turn
        if self.guessing.wait(*who, now := self._clock()) > 0:
            self._next(device)
            raise self._too_many(*who, now)
        return await self._check(stored, password, who)

    def _check(self, stored: str, password: str, who: tuple[str, str]) -> asyncio.Future[bool]:
        device = device_of(who[1])
        if self._waiting.total() >= MOST_WAITING:
            self._next(device)
            raise TooBusy
        self.guessing.begin(*who, self._clock())
        checked = asyncio.get_running_loop().run_in_executor(self._pool, self._verify, stored, password)
        self._waiting[device] += 1
        checked.add_done_callback(lambda _: self._checked(device))
        return checked

    def _next(self, device: str) -> None:
        """Call one of those who wait for their turn."""
        turns = self._turns.get(device)
        while turns:
            turn = turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._turns.pop(device, None)

    def _checked(self, device: str) -> None:
        self._waiting[device] -= 1
        if self._waiting[device] <= 0:
            del self._waiting[device]
        self._next(device)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """On few cores, hashes and pages want the same ones: pages go first. Linux knows it of single threads."""
    with contextlib.suppress(OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(BEHIND, os.getpriority(os.PRIO_PROCESS, thread)))


def _stand_in(bundle: Bundle) -> str:
    """The hash of somebody else, made at the same cost: its answer does not count."""
    return next((account.password_hash for account in bundle.accounts.values() if account.password_hash), "")


def _keep[T](store: dict[bytes, T], key: bytes, value: T) -> None:
    """The oldest gives way."""
    if len(store) >= MOST_REMEMBERED:
        del store[next(iter(store))]
    store[key] = value


def parse_basic(credentials: Sequence[bytes]) -> tuple[str, str]:
    """(username folded, password); a password may hold colons. Raises NotIdentified."""
    try:
        (value,) = credentials  # two of them is one too many: which one would count?
        scheme, _, encoded = value.strip().partition(b" ")
        if scheme.lower() != b"basic":
            raise ValueError
        decoded = base64.b64decode(encoded.strip(), validate=True)
        try:
            text = decoded.decode()
        except UnicodeDecodeError:  # some clients still speak Latin-1, whatever our charset says
            text = decoded.decode("latin-1")
        username, colon, password = text.partition(":")
        if not colon or not username or "\0" in text or len(username) > LONGEST_NAME:
            raise ValueError
    except (ValueError, binascii.Error):
        raise NotIdentified(Reason.WRONG_CREDENTIALS) from None
    return username.strip().casefold(), password
