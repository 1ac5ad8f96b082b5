"""Whoever guesses passwords waits longer and longer, and nobody else waits for them.

Counted on up to five scales: one account at one device; one account in one network of IPv6, where a device
has as many addresses as it likes; one device, whatever accounts it tries; one account at devices where it
was never right (a class that tries a teacher's password); one network of IPv6, whatever accounts it tries.

What others do shuts nobody out. Where an account has not failed at a device (an address, or a /64), its first
tries are looked at whatever is guessed elsewhere, and whatever the device tries with other accounts
(`Scale.first`). So a right password counts at once at every device where nobody got it wrong. Guesses stay
bounded all the same: once the scale of an account is full, it is two a day from each device (five hundred
devices that do nothing else: a thousand), and from a device whose own scale is full one a day at each
account. That is enough since no password here is a common one (passwords.py), and a row tells of it before.

A device where the account was right lately is held to the first scale alone, and gently: there the teacher
sits, or a pupil at the teacher's place. That is forgotten with the process, and so are all counts: after a
start every device has its first tries again, so that nothing need be kept on disk.

A try counts as wrong from the moment it is begun, so that guesses sent at once are no cheaper; what was
right takes it back. The same wrong password again (a device that keeps an old one) is no guess: it costs no
further wait. Time is an argument, in seconds, and never goes back. What is kept is bounded: an entry is made
only by a password that is checked. What was tried once gives way before what was tried again and again, so
that nobody can make us forget their guesses by trying countless names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proxy_addon.addresses import device_of, network_of_six

DAY = 86400.0
HOUR = 3600.0
FORGOTTEN = DAY  # a count that rested this long begins anew
KNOWN_SECONDS = 3 * DAY
MOST_COUNTS = 20_000
MOST_KNOWN = 20_000
SPARED = 40  # tries at a device, up to which what is right there goes on being right
HASTY = 8  # failures of a device, from which on one password of it is checked at a time


@dataclass(frozen=True, slots=True)
class Scale:
    """`free` failures cost no wait; then 1, 2, 4 ... seconds, up to `longest`. Told of after `tells`.
    `first`: so many tries of an account at a device do not wait for it."""

    name: str
    free: int
    longest: float
    tells: int
    first: int = 0


HERE = Scale("device and account", 5, 900.0, 20)
KNOWN = Scale("device and account", 10, 60.0, 20)
NEAR = Scale("network and account", 20, 60.0, 100)
DEVICE = Scale("device", 20, 60.0, 100, first=1)
ACCOUNT = Scale("account", 50, 30.0, 100, first=2)
NETWORK = Scale("network", 200, 60.0, 1000, first=1)

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guessed:
    """What is worth a row: on which scale, at which account, from which device, how many tries."""

    scale: str
    username: str
    address: str
    tries: int


@dataclass(slots=True)
class _Count:
    last: float
    failures: int = 0
    tries: int = 0
    until: float = 0.0  # no password is checked before
    told: float | None = None


class Guessing:
    """One for the life of the process. `tell` hears of guessing: first after a scale's tries, then hourly."""

    def __init__(self, tell: Callable[[Guessed], None] = lambda guessed: None) -> None:
        self.tell = tell
        self._once: dict[Key, _Count] = {}
        self._counts: dict[Key, _Count] = {}  # what was tried more than once
        self._known: dict[tuple[str, str], float] = {}

    def wait(self, username: str, address: str, now: float) -> float:
        """Seconds until a password for this account is looked at from this device again; 0: now."""
        if not self._once and not self._counts:
            return 0.0
        failed = self.failed(username, address, now)
        scales = (key for key, scale in self._scales(username, address, now) if failed >= scale.first)
        counts = (self._find(key) for key in scales)
        return max((0.0, *(count.until - now for count in counts if count is not None)))

    def failed(self, username: str, address: str, now: float) -> int:
        """How often this account failed at this device of late."""
        count = self._find(_failed_at(username, address))
        return 0 if count is None or now - count.last >= FORGOTTEN else count.failures

    def begin(self, username: str, address: str, now: float) -> None:
        """A password is about to be checked: wrong, until it was right."""
        for key, scale in self._scales(username, address, now):
            count = self._count(key, now)
            count.failures += 1
            count.last = now
            if count.failures >= scale.free:
                count.until = now + min(2.0 ** min(count.failures - scale.free, 30), scale.longest)
            self._tried(count, scale, username, address, now)

    def again(self, username: str, address: str, now: float) -> None:
        """A try that was answered without looking at a hash."""
        for key, scale in self._scales(username, address, now):
            if (count := self._find(key)) is not None:
                self._tried(count, scale, username, address, now)

    def right(self, username: str, address: str, now: float) -> None:
        """It was right after all: the device is known, and what `begin` counted is taken back."""
        for key, scale in self._scales(username, address, now):
            count = self._find(key)
            if count is not None:
                count.failures = 0 if scale in (HERE, KNOWN) else max(count.failures - 1, 0)
                count.until = 0.0
        self.seen(username, address, now)

    def seen(self, username: str, address: str, now: float) -> None:
        """This account was right at this device just now."""
        if (username, address) not in self._known and len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[username, address] = now

    def spares(self, username: str, address: str, now: float) -> bool:
        """Whether a password that is known to be right counts while others wait. Where somebody works and
        somebody else guesses (one device, one address for many) it does; but each try tells whoever guesses
        whether it was that password, so it does not for long."""
        seen = self._known.get((username, address))
        if seen is None or now - seen >= KNOWN_SECONDS:
            return False
        count = self._find(("here", username, address))
        return count is None or count.tries <= SPARED

    def is_hasty(self, address: str) -> bool:
        device, network = self._find(("device", address)), self._find(("network", device_of(address)))
        return (device is not None and device.failures >= HASTY) or (
            network is not None and network.failures >= NETWORK.free
        )

    def _scales(self, username: str, address: str, now: float) -> Iterator[tuple[Key, Scale]]:
        seen = self._known.get((username, address))
        if seen is not None and now - seen < KNOWN_SECONDS:
            yield ("here", username, address), KNOWN
            return
        yield ("here", username, address), HERE
        yield ("device", address), DEVICE
        yield ("account", username), ACCOUNT
        if (network := network_of_six(address)) is not None:
            yield ("near", username, network), NEAR
            yield ("network", network), NETWORK

    def _find(self, key: Key) -> _Count | None:
        return self._counts.get(key) or self._once.get(key)

    def _count(self, key: Key, now: float) -> _Count:
        """For one more try. In either store the one that rested longest gives way first."""
        count = self._counts.pop(key, None) or self._once.pop(key, None)
        if count is not None and now - count.last >= FORGOTTEN:
            count = None
        store = self._once if count is None else self._counts
        if len(store) >= MOST_COUNTS:
            del store[next(iter(store))]
        store[key] = count = count or _Count(now)
        return count

    def _tried(self, count: _Count, scale: Scale, username: str, address: str, now: float) -> None:
        count.tries += 1
        if count.tries >= scale.tells and (count.told is None or now - count.told >= HOUR):
            count.told = now
            self.tell(Guessed(scale.name, username, address, count.tries))


def _failed_at(username: str, address: str) -> Key:
    network = network_of_six(address)
    return ("here", username, address) if network is None else ("near", username, network)
