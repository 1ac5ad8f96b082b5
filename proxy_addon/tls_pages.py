"""Why a site could not prove who it is, in words for whoever reads the page; and a word for the record.

mitmproxy tells of a handshake that failed in OpenSSL's words. Whatever it says, nothing was sent to the site:
here it is only told apart. What is not known is told as "something else". A certificate that was revoked is
not noticed, unless the site itself says so: neither lists of revoked certificates nor OCSP are asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

OTHER = "tls-failed"


@dataclass(frozen=True, slots=True)
class Words:
    """`plain` is for adults, `simple` for those who have just learned to read."""

    title: str
    plain: str
    simple: str


NOT_SENT = " Nothing was sent to it."
SAFE_SIMPLE = " So we did not open it. You did nothing wrong."
CAUSES: Mapping[str, Words] = {
    "tls-expired": Words(
        "The site's certificate is out of date",
        "It ended some time ago, so nobody vouches for this site now. Whoever runs it has to renew it.",
        "The paper that shows who runs this site is too old.",
    ),
    "tls-early": Words(
        "The site's certificate is not valid yet",
        "It begins at a later date. Its owner made a mistake, or the clock of the web filter is wrong.",
        "The paper that shows who runs this site is not good yet.",
    ),
    "tls-wrong-host": Words(
        "The site showed a certificate for another name",
        "It may be set up wrongly, or somebody pretends to be it. Look at how you spelt the address.",
        "This site showed us the name of somebody else.",
    ),
    "tls-self-signed": Words(
        "The site vouches for itself only",
        "Nobody whom browsers trust has signed its certificate, so it could be anybody.",
        "Nobody we trust knows who runs this site.",
    ),
    "tls-unknown-ca": Words(
        "Nobody knows who vouches for this site",
        "Its certificate was signed by someone whom browsers do not trust, or its chain is not whole.",
        "Nobody we trust knows who runs this site.",
    ),
    "tls-revoked": Words(
        "The site's certificate was taken back",
        "Whoever signed it has withdrawn it, often because its key was stolen.",
        "The paper that shows who runs this site was taken away from it.",
    ),
    "tls-old": Words(
        "The site speaks only old TLS",
        "Its protection is so old that others could read along. Its owner has to update it.",
        "This site is locked with a lock that is too old.",
    ),
    "tls-weak": Words(
        "The site's protection is too weak",
        "It and the web filter found no strong cipher or key in common. Its owner has to update it.",
        "This site is locked with a lock that is too weak.",
    ),
    "tls-cut": Words(
        "The site hung up",
        "It ended the connection while both sides were still agreeing on how to protect it.",
        "This site stopped talking to us.",
    ),
    "tls-none": Words(
        "The site does not speak TLS",
        "The address says https, but what answered there is not protected. Perhaps it has an http address.",
        "This site is not locked, and it should be.",
    ),
    OTHER: Words(
        "The site could not prove who it is",
        "A protected connection to it could not be made.",
        "We could not find out who runs this site.",
    ),
}
PICTURE = "This page does not work today."

# The first text that is found in what OpenSSL said decides.
SAID = (
    ("certificate has expired", "tls-expired"),
    ("not yet valid", "tls-early"),
    ("ostname mismatch", "tls-wrong-host"),
    ("IP address mismatch", "tls-wrong-host"),
    ("revoked", "tls-revoked"),
    ("self-signed certificate in certificate chain", "tls-unknown-ca"),
    ("self-signed certificate", "tls-self-signed"),
    ("unable to get", "tls-unknown-ca"),
    ("unable to verify the first", "tls-unknown-ca"),
    ("signature failure", "tls-unknown-ca"),
    ("too weak", "tls-weak"),
    ("key too small", "tls-weak"),
    ("agree on a TLS version", "tls-old"),
    ("unsupported protocol", "tls-old"),
    ("wrong ssl version", "tls-old"),
    ("does not speak TLS", "tls-none"),
    ("wrong version number", "tls-none"),
    ("handshake failure", "tls-weak"),
    ("insufficient security", "tls-weak"),
    ("legacy renegotiation", "tls-old"),
    ("unexpected eof", "tls-cut"),
)
BEGINS = ("Certificate verify failed", "OpenSSL", "The remote server", "tlsv1 ", "sslv3 ", "ssl/tls ")
CUT = "connection closed"  # all that mitmproxy says of a handshake that was left


def cause_of(told: str) -> str:
    """One of CAUSES; empty where it was not TLS that failed."""
    if told == CUT:
        return "tls-cut"
    if not told.startswith(BEGINS):
        return ""
    return next((cause for text, cause in SAID if text in told), OTHER)


def title_and_sentence(cause: str, band: str) -> tuple[str, str]:
    words = CAUSES[cause]
    if band == "plain":
        return words.title, words.plain + NOT_SENT
    return "This page could not be opened", words.simple + SAFE_SIMPLE
