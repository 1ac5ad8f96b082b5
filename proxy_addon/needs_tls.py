"""A password that opens much for others is taken only where nobody can read along.

On a plain connection from another machine it is neither checked nor remembered: whoever listens would
otherwise have learnt it, and learnt that it is right.

That answer tells that the name is one of those who may approve. So each such name counts as a guess at the
device that sent it, once, as a wrong password would; and a device that guesses gets the answer, and after the
time, that a name gets which nobody has.
"""

import base64
import time
from collections.abc import Callable, Collection, Sequence

from filter_policy.bundle import Bundle
from filter_policy.model import Reason
from filter_policy.powers import APPROVING
from proxy_addon.addresses import is_this_machine
from proxy_addon.guessing import Guessing
from proxy_addon.identify import Withheld, parse_basic

NO_NAME = "\x01"  # behind a name: nobody has such a one


class SafeKeeping:
    """One for the life of the process. `guessing` and its clock: those that passwords are checked with."""

    def __init__(
        self, guessing: Guessing, clock: Callable[[], float] = time.monotonic, far: Collection[str] = ()
    ) -> None:
        """`far`: see `is_this_machine`."""
        self._guessing = guessing
        self._clock = clock
        self._far = frozenset(far)

    def __call__(
        self, credentials: Sequence[bytes], address: str, secure: bool, bundle: Bundle
    ) -> Sequence[bytes]:
        """What may be looked at. `secure`: the connection to the gate itself is TLS. Raises Withheld, and
        NotIdentified."""
        if secure or not credentials or is_this_machine(address, self._far):
            return credentials
        username, password = parse_basic(credentials)
        account = bundle.accounts.get(username)
        if account is None or account.person.role not in APPROVING:
            return credentials
        if self._guessing.is_hasty(address):
            return (b"Basic " + base64.b64encode(f"{username[:200]}{NO_NAME}:{password}".encode()),)
        now = self._clock()
        if not self._guessing.failed(username, address, now):
            self._guessing.begin(username, address, now)
        raise Withheld(Reason.NEEDS_TLS, "needs-tls", "needs-tls")
