"""Limits where mitmproxy has none and offers no hook: how TLS begins, and who waits for idle clients."""

from typing import Any

from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.proxy.server import TimeoutWatchdog

from proxy_addon import limits, mitm_bodies, mitm_h2, mitm_websocket
from proxy_addon.mitm_seams import Seam


def _receive_handshake_data(original: Any) -> Any:
    """Until a ClientHello is whole, it is read again from its beginning with each piece."""

    def receive_handshake_data(self: Any, data: bytes) -> CommandGenerator[tuple[bool, str | None]]:
        if not self.client_hello_parsed:
            pieces = self.__dict__["pieces"] = self.__dict__.get("pieces", 0) + 1
            too_long = len(self.recv_buffer) + len(data) > limits.LONGEST_HELLO
            if too_long or pieces > limits.HELLO_PIECES:
                self.receive_data = _nothing_more  # what has come already would crash it
                return False, "a ClientHello without end"
        done: tuple[bool, str | None] = yield from original(self, data)
        return done

    return receive_handshake_data


def _nothing_more(data: bytes) -> CommandGenerator[None]:
    yield from ()


def _watch(original: Any) -> Any:
    async def watch(self: TimeoutWatchdog) -> None:
        """`Pacing` looks, at all of them at once."""

    return watch


def seams() -> tuple[Seam, ...]:
    return (
        Seam(
            ClientTLSLayer,
            "receive_handshake_data",
            "a0ee021f92f6d0ff887b1bf9cea7fe70c63f2625bc0d1f148948809736fcc3cb",
            "reads what may be sixteen megabytes again with each byte",
            _receive_handshake_data,
        ),
        Seam(
            TimeoutWatchdog,
            "watch",
            "eee8e7085dba92501ae93c2571091f00b08a2afc1ea17796fe48eee8639596cc",
            "a task and a timer for each connection, and it waits for clients that do not read",
            _watch,
        ),
        Seam(
            TimeoutWatchdog,
            "register_activity",
            "41e033f7debf79d31cb81365348cb9aef23a85e7beb9341d38745b73e3cbd4ec",
            "whose time `Pacing` reads",
        ),
        Seam(
            HttpStream,
            "state_stream_request_body",
            "c98f7f715cef7cfa3fd50993f4c6818d5780b048021006aa1b2d0d309f348fbc",
            "what held_bodies.py hands its parts to",
        ),
        *mitm_bodies.seams(),
        *mitm_h2.seams(),
        *mitm_websocket.seams(),
    )
