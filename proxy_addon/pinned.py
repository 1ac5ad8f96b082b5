"""Why TLS with a client failed: because it does not trust our certificate, or for another reason.

A client says so with an alert. It may be an app that accepts its own certificate only, or a device without
the school's CA; the row's rule is then `pinned`, and a technician sees which hosts it happens to
(`schoolgate policy pinned --seen`). Nothing is ever let by because of it.
"""

PINNED = "pinned"

# The first that is found in mitmproxy's or OpenSSL's words decides; both mean the same by them.
SAID = (
    ("unknown ca", PINNED),
    ("bad certificate", PINNED),
    ("certificate unknown", PINNED),
    ("unsupported certificate", PINNED),
    ("certificate revoked", PINNED),
    ("certificate expired", PINNED),
    ("agree on a TLS version", "old-tls"),
    ("unsupported protocol", "old-tls"),
    ("protocol version", "old-tls"),
    ("no shared cipher", "no-cipher"),
    ("Cannot parse ClientHello", "no-hello"),
    ("disconnected during the handshake", "closed"),  # some apps leave without a word; so do people
    ("connection closed", "closed"),
    ("unexpected eof", "closed"),
)


def rule_of(error: str | None) -> str:
    """The rule of the row about it."""
    return next((rule for text, rule in SAID if text in (error or "")), "handshake")
