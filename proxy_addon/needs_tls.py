"""A password that opens much for others is taken only where nobody can read along.

On a plain connection from another machine it is neither checked nor remembered: whoever listens would
otherwise have learnt it, and learnt that it is right.
"""

from collections.abc import Sequence

from filter_policy.bundle import Bundle
from filter_policy.model import Reason
from filter_policy.powers import APPROVING
from proxy_addon.addresses import is_this_machine
from proxy_addon.identify import Withheld, parse_basic


def keep_safe(credentials: Sequence[bytes], address: str, secure: bool, bundle: Bundle) -> None:
    """`secure`: the connection to the gate itself is TLS. Raises Withheld, and NotIdentified."""
    if secure or not credentials or is_this_machine(address):
        return
    account = bundle.accounts.get(parse_basic(credentials)[0])
    if account is not None and account.person.role in APPROVING:
        raise Withheld(Reason.NEEDS_TLS, "needs-tls", "needs-tls")
