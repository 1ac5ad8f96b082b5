"""Our own mitmproxy: its core, its proxy server, its TLS, one addon of ours, and every setting held.

Not DumpMaster and not `-s`: a script that is reloaded and fails leaves the proxy open, and thirty addons cost
more than the filter. The gate decides itself what a connection may hold (`gate.next_layer`), so mitmproxy's
NextLayer, with its ways to relay what it does not know, is not here either.
"""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from mitmproxy import ctx, hooks
from mitmproxy.addons.core import Core
from mitmproxy.addons.errorcheck import ErrorCheck
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.master import Master
from mitmproxy.net import tls
from mitmproxy.options import Options
from mitmproxy.proxy.layer import Layer

from proxy_addon import mitm_http, mitm_lean, mitm_seams, mitm_speed, passthrough, unsafe_options
from proxy_addon.closing import Closing
from proxy_addon.gate import Gate
from proxy_addon.mitm_http import NoticeOf
from proxy_addon.mitm_lean import HeldOptions
from proxy_addon.mitm_speed import ChangeHook
from proxy_addon.pacing import Pacing

NEVER_ON = ("emudhra", "emudhra_old")  # 12.3 signs with a compromised CA when these are on
DEAF = frozenset({("TlsConfig", "request")})  # answers any site's URL that ends in its CRL's name


class SettingsFault(Exception):
    """mitmproxy does not hold a setting that keeps it closed. `faults` names each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def held(confdir: Path, listen_host: str, listen_port: int, upstream_ca: Path | None) -> dict[str, object]:
    """What every option must be, and stay, while the gate runs."""
    return {
        "confdir": str(confdir),
        "listen_host": listen_host,
        "listen_port": listen_port,
        "mode": ["regular"],
        "connection_strategy": "lazy",  # else a blocked site is contacted before it is blocked
        "rawtcp": False,  # else what is not HTTP is relayed
        "http3": False,
        "websocket": True,
        "http2": True,
        "validate_inbound_headers": True,
        "ssl_insecure": False,
        "ssl_verify_upstream_trusted_ca": str(upstream_ca) if upstream_ca else None,
        "stream_large_bodies": None,  # else a block after the headers comes too late
        "store_streamed_bodies": False,
        "body_size_limit": None,
        "ignore_hosts": [],
        "allow_hosts": [],
        "tcp_hosts": [],
        "udp_hosts": [],
        "upstream_cert": False,  # nothing is asked of an origin before the decision
        "add_upstream_certs_to_client_chain": False,
        "tls_version_client_min": "TLS1_2",
        "tls_version_server_min": "TLS1_2",
        "keep_host_header": False,
        "showhost": False,
        "tcp_timeout": 60,
        "certs": [],
        "client_certs": None,
        "request_client_cert": False,
        "connect_addr": None,
        "proxy_debug": False,
    }


class GateMaster(Master):
    """Made inside the running event loop. Raises SeamFault or SettingsFault rather than start half closed."""

    def __init__(
        self,
        gate: Gate,
        settings: Mapping[str, object],
        notice: NoticeOf,
        change_hook: ChangeHook = lambda name, function: function,
        pacing: Pacing | None = None,
    ) -> None:
        super().__init__(Options(), event_loop=asyncio.get_running_loop(), with_termlog=False)
        self._legacy_log_events.uninstall()  # nobody hears them
        quiet_logs()
        tls.log_master_secret = None  # else SSLKEYLOGFILE, set for a browser, opens all that is protected
        dispatch = mitm_speed.Dispatch(change_hook)
        self.dispatch = dispatch
        dispatch.failed = Closing(gate, self.abort)
        ours = (*mitm_speed.seams(dispatch), *mitm_lean.seams(), *mitm_http.seams(notice))
        mitm_seams.install((*ours, *passthrough.seams()))
        self.proxyserver = Proxyserver()  # type: ignore[no-untyped-call]  # ships no types
        gates = (gate,) if pacing is None else (pacing, gate)
        addons = (Core(), self.proxyserver, TlsConfig(), *gates, ErrorCheck(repeat_errors_on_stderr=True))
        if pacing is not None:
            pacing.handlers = self.proxyserver.connections
        self.addons.add(*addons)  # type: ignore[no-untyped-call]  # ships no types
        changed = {k: v for k, v in settings.items() if getattr(self.options, k) != v}
        self.options.update(**changed)  # type: ignore[no-untyped-call]  # ships no types
        if faults := settings_faults(self.options, settings) + unsafe_options.faults(self.options, settings):
            raise SettingsFault(faults)
        self._hold = unsafe_options.Hold(self.options)
        # What every connection and TlsConfig read from now on.
        ctx.options = HeldOptions(self.options)  # type: ignore[assignment]  # the same names, held
        dispatch.learn(self.addons.chain, hooks.all_hooks, DEAF)

    def abort(self, connection_id: str) -> None:
        """Cut a client connection off, and what it has open."""
        handler = self.proxyserver.connections.get(connection_id)
        if handler is not None:
            mitm_speed.abort(handler)

    def shorten(self, connection_id: str, inner: Layer) -> None:
        handler = self.proxyserver.connections.get(connection_id)
        if handler is not None:
            mitm_speed.shorten(handler, inner)

    def port(self) -> int:
        """Where we listen, once we do."""
        return int(next(iter(self.proxyserver.servers)).listen_addrs[0][1])


def settings_faults(options: Options, settings: Mapping[str, object]) -> list[str]:
    found = [
        f"{name}: must be {wanted!r}, is {getattr(options, name)!r}"
        for name, wanted in settings.items()
        if getattr(options, name) != wanted
    ]
    on = [name for name in NEVER_ON if name in options and getattr(options, name)]
    return found + [f"{name}: must not be on" for name in on]


def quiet_logs() -> None:
    """mitmproxy tells of every connection; the filtering log is the place for that."""
    logging.getLogger("mitmproxy").setLevel(logging.ERROR)
