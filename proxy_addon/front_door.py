"""The gate's own listener speaks HTTP, and TLS with HTTP inside (`HTTPS host:port` in a PAC file).

Which of the two is told by the first byte: 0x16 begins a TLS record and no request. The certificate is one of
the school CA for the name that the device asks for, else for the address that it came to; inside is HTTP/1.1
(mitmproxy offers nothing else there).
"""

from mitmproxy.connection import Client
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.tls import TlsData

from filter_policy.model import Reason
from proxy_addon.answering import Answers
from proxy_addon.connections import Connections
from proxy_addon.records import Outcome

TLS_RECORD = 0x16


def first_layer(data: layer.NextLayer, connections: Connections) -> layer.Layer | None:
    """What a client that has just come speaks; None where it had too many handshakes already."""
    first = data.data_client()  # type: ignore[no-untyped-call]  # mitmproxy ships no types
    if first[:1] == bytes([TLS_RECORD]):
        may = connections.handshakes.may_begin(data.context.client.peername[0])
        return ClientTLSLayer(data.context) if may else None
    return HttpLayer(data.context, HTTPMode.regular)


def inside_tls(context: Context) -> HTTPMode:
    """Around the proxy itself, or in a tunnel."""
    return HTTPMode.regular if is_ours(context) else HTTPMode.transparent


def is_ours(context: Context) -> bool:
    """Whether this TLS ends at the proxy itself; asked of the context of its layer."""
    layers = context.layers
    return len(layers) == 2 and isinstance(layers[0], modes.HttpProxy)


def opened(data: TlsData, connections: Connections) -> bool:
    """Whether it was ours. From here on nobody can read along."""
    if not is_ours(data.context):
        return False
    if (connection := connections.find(data.context.client.id)) is not None:
        connection.secure = True
    return True


async def failed(client: Client, answers: Answers) -> None:
    """A device that does not trust the school CA, or something that is no TLS: it asked for nothing yet."""
    connection = answers.connections.find(client.id)
    if connection is not None and not connection.cut:  # else there is a row that says why
        what = answers.happening("handshake", connection)
        why = Outcome(Reason.TLS_FAILED, "to the proxy itself")
        row = answers.rows.whole(what, why, answers.policy(), 0)
        await answers.stages.record(row | {"status": None})
