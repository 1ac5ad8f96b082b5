"""How the page that everybody may report with bears whoever does it thousands of times.

A form is ours, and a day old at most; the same form sent twice is one report; and more are taken in an hour
than a whole school ever needs. Whoever comes when that is used up is told so, with where else to turn, and
what they wrote stands on the page. Nothing here depends on what a report says or on whom it is about, and the
answer takes as long either way.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from audit_api.devices import device_of
from audit_api.rates import Rate, Rates
from change_control.desk import Desk
from change_control.secret_box import NotOursError, open_secret, seal_secret

FORM = "report"
LASTS = timedelta(days=1)
# A device; or whatever is behind an address that says for nobody whom it asks: three classes at once.
OF_ONE_ADDRESS = Rate(90, 0.1)
OF_ALL = Rate(300, 0.2)
MOST_KEPT = 10_000
REST = 0.3  # seconds: every answer comes after one of these, or two, or three


@dataclass(slots=True)
class Reporting:
    """Kept in memory: a restart forgets, and loses no report by it."""

    clock: Callable[[], float] = time.monotonic
    seconds: float = REST
    _sent: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def is_known(self, *said: str) -> bool:
        """Whether the very same came from the same form before. A child presses twice."""
        with self._lock:
            return _digest(said) in self._sent

    def remember(self, *said: str) -> None:
        """Only once it is kept."""
        with self._lock:
            self._sent[_digest(said)] = None
            while len(self._sent) > MOST_KEPT:
                self._sent.popitem(last=False)

    async def rest(self, begun: float) -> None:
        """How long keeping a report took says something of the case that it became part of."""
        await asyncio.sleep(rest_after(self.clock() - begun, self.seconds))


def rest_after(spent: float, seconds: float = REST) -> float:
    """So that the answer comes after a whole number of rests."""
    return seconds - spent % seconds


def _digest(said: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def wait_for(rates: Rates, address: str) -> float:
    """Seconds until one more is taken; 0: now."""
    one = rates.wait(f"reports from {device_of(address)}", FORM, OF_ONE_ADDRESS)
    return one or rates.wait("reports", FORM, OF_ALL)


def new_form(desk: Desk, now: datetime) -> str:
    said = json.dumps([now.isoformat(), secrets.token_hex(8)])
    return seal_secret(desk.key, FORM, FORM, said.encode())


def is_ours(desk: Desk, form: str, now: datetime) -> bool:
    try:
        at, _ = json.loads(open_secret(desk.key, FORM, FORM, form))
    except NotOursError:
        return False
    return -LASTS <= now - datetime.fromisoformat(at) <= LASTS
