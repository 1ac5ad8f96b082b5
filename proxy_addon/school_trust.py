"""What a device of the school holds the gate's certificates against: the school CA, and nothing else.

Read from where the devices' copy comes from, and only if it is the one whose fingerprint was recorded: a CA
that somebody put in its place is one that no device trusts.
"""

import hashlib
import ssl
from functools import lru_cache
from pathlib import Path

FOLDER = "ca"
FINGERPRINT = "ca.sha256"
CERTIFICATE = "mitmproxy-ca-cert.pem"


class NoTrust(OSError):
    """No device could trust the gate, whoever it is; says what is wrong with the school's CA."""


def trust(state: Path, at: float) -> ssl.SSLContext:
    """As browsers check: chain, name and time. `at`: seconds since 1970. Raises NoTrust."""
    try:
        pem = (state / FOLDER / CERTIFICATE).read_text("ascii")
        recorded = (state / FINGERPRINT).read_text("ascii").strip()
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        context, ends = _context(pem)
    except (OSError, ValueError, LookupError):
        raise NoTrust("cannot be read") from None
    if digest != recorded:
        raise NoTrust("is another one than the one recorded")
    if at >= ends:
        raise NoTrust("has expired")
    return context


@lru_cache(maxsize=2)
def _context(pem: str) -> tuple[ssl.SSLContext, float]:
    """Kept, since health is asked for every few seconds; and when the CA ends."""
    context = ssl.create_default_context(cadata=pem)
    context.set_alpn_protocols(["http/1.1"])
    return context, ssl.cert_time_to_seconds(str(context.get_ca_certs()[0]["notAfter"]))
