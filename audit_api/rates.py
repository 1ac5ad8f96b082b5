"""How often: a bucket for each person, one for each of their API tokens, and some for each address that
nobody has signed in from.

What a program does with a token takes nothing from whoever made it; and whatever they do, signing out,
revoking and shutting off have a bucket of their own. Of an address, what pages and files take
is not what signing in and the envelope's code need.

Generous for people, and an end to loops: what costs a processor or leaves a line each time has a smaller
bucket besides. Kept in memory and bounded; a restart forgets. By the clock that only goes forward, since a
school's clock that is set back must lock nobody out.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from threading import Lock

from audit_api.devices import device_of
from audit_api.problems import Problem

MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    per_second: float


GENERAL = Rate(300, 20)  # of one person
STRANGERS = Rate(
    600, 30
)  # of one address, for each of its buckets: a whole school may sign in from behind it
COSTLY = Rate(60, 1)  # lists are searched, or a policy is judged
RARE = Rate(20, 0.2)  # everything is read or fetched; most of them leave a line in the change log

# Whoever looks whether we live must always learn it; a device that is not told where the gate is may go round
# it; and who reports something is told in words when it is too much (reporting.py).
UNCOUNTED = frozenset({"GET /healthz", "GET /readyz", "GET /proxy.pac", "GET /wpad.dat"}) | {
    "HEAD /proxy.pac",
    "HEAD /wpad.dat",
    "GET /report",
    "POST /report",
    "GET /report/thanks",
}
COSTS: Mapping[str, Rate] = {
    **dict.fromkeys(
        (
            "GET /api/v1/explain",
            "GET /explain",
            "GET /api/v1/lists/lookup",
            "POST /api/v1/unblocks/check",
            "GET /api/v1/unblocks/companions",
            "POST /api/v1/policy/compare",
            "GET /api/v1/changes/verify",
            "GET /api/v1/reports/month",
            "GET /reports",
            "GET /verify",
            "GET /verify/{name}",
            "POST /api/v1/incidents/reports",
            "POST /incidents/report",
        ),
        COSTLY,
    ),
    **dict.fromkeys(
        (
            "GET /api/v1/filtering-log/export",
            "GET /api/v1/filtering-log/tail",
            "GET /api/v1/filtering-log/verify",
            "GET /api/v1/changes/export",
            "GET /api/v1/journal/aside",
            "GET /api/v1/people/{id}/access",
            "GET /data-protection/access",
            "POST /incidents/{id}/referral",
            "POST /api/v1/incidents/{id}/referral",
            "POST /api/v1/policy/proposals/{id}/preview",
            "POST /policy/proposals/{id}/preview",
            "POST /api/v1/lists/proposals/{id}/preview",
            "POST /lists/proposals/{id}/preview",
            "POST /api/v1/lists/updates",
            "POST /lists/updates",
        ),
        RARE,
    ),
}
# What only ever shuts: who is told to wait for all else is let do this.
SHUTTING = frozenset(
    {
        *("POST /sign-out", "POST /account/sign-out", "DELETE /api/v1/session", "DELETE /api/v1/sessions"),
        *("POST /tokens/{id}/revoke", "DELETE /api/v1/tokens/{id}", "POST /api/v1/people/{id}/end"),
        *("POST /people/{id}/suspend", "POST /api/v1/people/{id}/suspend"),
        *("POST /unblocks/{id}/revoke", "POST /api/v1/unblocks/{id}/revoke"),
        *("POST /incidents/{id}/illegal", "POST /api/v1/incidents/{id}/illegal"),
        *("POST /incidents/{id}/isolate", "POST /api/v1/incidents/{id}/isolate"),
        *("POST /incidents/{id}/steps/{step}/end", "POST /api/v1/incidents/{id}/steps/{step}/end"),
        *("POST /openings/{id}/close", "POST /api/v1/openings/{id}/close"),
    }
)
SIGNING_IN, ENVELOPE, FORMS, FILES = "signing in", "envelope", "forms", "files"
SHUT, ALL = "shutting", "all"
# Of one address, by bucket; any other route is of ALL.
OF_STRANGERS: Mapping[str, str] = {
    **dict.fromkeys(("POST /sign-in", "POST /sign-in/code", "POST /api/v1/session"), SIGNING_IN),
    **dict.fromkeys(("POST /enrol", "POST /api/v1/enrolment"), SIGNING_IN),
    **dict.fromkeys(("POST /browsing-password", "POST /api/v1/browsing-password"), SIGNING_IN),
    **dict.fromkeys(("POST /break-glass/code", "POST /api/v1/break-glass/code"), ENVELOPE),
    **dict.fromkeys(("GET /sign-in", "GET /enrol", "GET /browsing-password", "GET /break-glass/code"), FORMS),
    **dict.fromkeys(
        ("GET /static/{name}", "GET /docs", "GET /openapi.json", "GET /problems/{slug}", "GET /metrics"),
        FILES,
    ),
}
Key = tuple[str, str]  # whose, and of which bucket


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """`factor` 2: twice as many of everything."""

    clock: Callable[[], float] = time.monotonic
    factor: float = 1
    _buckets: OrderedDict[Key, _Bucket] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def by_person(self, route: str, person_id: str, token_id: str = "") -> None:
        """Raises Problem. Per person, not per session or role: another one of those buys nothing.

        `token_id`: a program asks; what is costly it shares with the same person's other programs.
        """
        cost = COSTS.get(route)
        bucket = SHUT if route in SHUTTING else ALL
        wait = self._take((f"token {token_id}" if token_id else person_id, bucket), GENERAL)
        if not wait and cost is not None:
            wait = self._take((f"programs of {person_id}" if token_id else person_id, route), cost)
        _refuse(wait)

    def by_address(self, route: str, address: str) -> None:
        """Raises Problem. Of what anybody may ask, and of what nobody was signed in for."""
        if route not in UNCOUNTED:
            _refuse(self._take((f"from {device_of(address)}", OF_STRANGERS.get(route, ALL)), STRANGERS))

    def wait(self, whose: str, bucket: str, rate: Rate) -> float:
        """Of what counts by itself: seconds until the next one, and 0 where this one is taken."""
        return self._take((whose, bucket), rate)

    def _take(self, key: Key, rate: Rate) -> float:
        """Seconds to wait; 0: taken."""
        burst, per_second = rate.burst * self.factor, rate.per_second * self.factor
        now = self.clock()
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(burst, now)
            bucket.left = min(burst, bucket.left + (now - bucket.at) * per_second)
            bucket.at = now
            self._buckets[key] = bucket  # the newest stands last
            while len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
            if bucket.left < 1:
                return (1 - bucket.left) / per_second
            bucket.left -= 1
            return 0


def _refuse(wait: float) -> None:
    if wait:
        raise Problem("too-many-requests", headers={"Retry-After": str(max(1, ceil(wait)))})
