"""A CONNECT for whose password nothing is looked at, answered inside: browsers show no page beside a tunnel.

They would say ERR_TUNNEL_CONNECTION_FAILED, and nobody would learn what to do. So the tunnel is opened, to us
and nobody else, and each request in it gets the refusal that its CONNECT earned. Nobody stands behind it:
nothing in it is judged, looked up, passed on or let by, whatever is true of the site or the device.
"""

from mitmproxy.connection import Client

from filter_policy.model import Decision, Policy, Verdict
from proxy_addon.connections import Connection, Connections
from proxy_addon.identify import NOBODY, Identity, Withheld

ONE_AT_A_TIME = b"http/1.1"  # ended after each answer, so that the next try is another CONNECT


def nobody(fault: Withheld, connection: Connection, connections: Connections) -> Identity:
    """Raises `fault` where no tunnel is to be opened for it: in another, and for an address that has had too
    many handshakes that led to nobody."""
    if connection.tunnel is not None or not connections.handshakes.may_begin(connection.address):
        raise fault
    return Identity(NOBODY)


def refused(fault: Withheld, policy: Policy) -> Decision:
    """What the row of the CONNECT says."""
    return Decision(Verdict.BLOCK, fault.reason, fault.rule, policy.revision)


def is_inside(connection: Connection | None) -> bool:
    return connection is not None and connection.tunnel is not None and connection.tunnel.withheld is not None


def one_at_a_time(client: Client, connection: Connection | None) -> None:
    """Before its handshake begins."""
    if is_inside(connection):
        client.alpn = ONE_AT_A_TIME
