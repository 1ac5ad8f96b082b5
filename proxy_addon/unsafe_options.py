"""mitmproxy's options: each is held at a value of ours, or was looked at; one that is new stops the start.

An option is how mitmproxy opens something: other hosts that pass uninspected, another mode, a script, keys of
somebody else. Those that keep the gate shut are held (master.held). The others here change nothing of that at
the value they ship with. What is in neither list came with another mitmproxy: nobody has read what it does.
"""

from collections.abc import Mapping

from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

LOOKED_AT = frozenset(
    {
        "cert_passphrase",
        "ciphers_client",
        "ciphers_server",
        "content_view_lines_cutoff",
        "http2_ping_keepalive",
        "http_connect_send_host_header",
        "key_size",
        "normalize_outbound_headers",
        "protobuf_definitions",
        "server",
        "show_ignored_hosts",
        "ssl_verify_upstream_trusted_confdir",
        "tls_ecdh_curve_client",
        "tls_ecdh_curve_server",
        "tls_version_client_max",
        "tls_version_server_max",
    }
)


def faults(options: Options, settings: Mapping[str, object]) -> list[str]:
    """Every reason not to start, at once."""
    others = [option for name, option in sorted(options._options.items()) if name not in settings]
    unread = [f"{each.name}: an option that has not been audited" for each in others if _is_new(each.name)]
    changed = [
        f"{each.name}: must be {each.default!r}, as shipped"
        for each in others
        if not _is_new(each.name) and each.current() != each.default
    ]
    return unread + changed


def _is_new(name: str) -> bool:
    return name not in LOOKED_AT


class Hold:
    """From the start on no option is changed any more; mitmproxy takes back what is refused here."""

    def __init__(self, options: Options) -> None:
        options.changed.connect(self.refuse)  # it keeps no reference: whoever makes this does

    def refuse(self, updated: set[str]) -> None:
        names = ", ".join(sorted(updated))
        raise OptionsError(f"held while the gate runs: {names}")  # type: ignore[no-untyped-call]  # no types
