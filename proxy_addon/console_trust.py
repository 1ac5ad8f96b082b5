"""The console's certificate is of the school's own CA: the gate takes that there, and nowhere else."""

from functools import lru_cache
from pathlib import Path

from mitmproxy.net import tls
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from proxy_addon.ca_check import CERTIFICATE


def trust_the_school(data: TlsData) -> None:
    """Besides whom the gate trusts anyway: somebody may have put a front end before the console. The name is
    checked as for every site."""
    options = data.context.options
    if data.ssl_conn is None:
        raise LookupError("a connection without TLS")
    data.ssl_conn.set_context(_context(Path(options.confdir), options.ssl_verify_upstream_trusted_ca))


@lru_cache(maxsize=2)
def _context(folder: Path, upstream_ca: str | None) -> SSL.Context:
    """Not mitmproxy's own, remembered one: that is every site's."""
    context: SSL.Context = tls.create_proxy_server_context.__wrapped__(
        method=tls.Method.TLS_CLIENT_METHOD,
        min_version=tls.Version.TLS1_2,
        max_version=tls.Version.UNBOUNDED,
        cipher_list=None,
        ecdh_curve=None,
        verify=tls.Verify.VERIFY_PEER,
        ca_path=None,
        ca_pemfile=upstream_ca,
        client_cert=None,
        legacy_server_connect=False,
    )
    context.load_verify_locations(str(folder / CERTIFICATE))
    return context
