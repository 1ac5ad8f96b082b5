"""On a device that is evidence nobody has to say who they are: all are told the same, and nothing goes out.

A box that asks for a name and a password would only lead somebody to use the device on (A406, S174).
"""

from collections.abc import Awaitable
from datetime import datetime

from filter_policy.bearing import in_force, isolations_on
from filter_policy.model import Policy
from proxy_addon.addresses import spelled
from proxy_addon.connections import Connection, Connections
from proxy_addon.identify import NOBODY, Identity, NotIdentified


def is_evidence(policy: Policy, address: str, now: datetime) -> bool:
    return any(in_force(each, now) for each in isolations_on(policy, spelled(address)))


async def asker(
    who: Awaitable[Identity], connection: Connection, connections: Connections, policy: Policy, now: datetime
) -> Identity:
    """Whoever it is, or nobody on such a device; a tunnel for nobody is one of the handshakes that count.

    Raises what `who` raises.
    """
    try:
        return await who
    except NotIdentified:
        if not is_evidence(policy, connection.address, now):
            raise
        if connection.tunnel is None and not connections.handshakes.may_begin(connection.address):
            raise
        return Identity(NOBODY)
