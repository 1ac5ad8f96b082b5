"""The mark on whatever is taken out of here: who took it, when, by which policy, and which line tells of it.

A copy that turns up anywhere leads to its line of the change log. The mark is keyed, so that nobody can make
one that blames another.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_log.seal import stamp

NONE = "none"
SEAL_DIGITS = 24  # of hex: 96 bits
LONGEST = 400
SHAPE = re.compile(
    r"export (?P<entry>\d{1,15}) by (?P<by>[!-~]{1,200}) at (?P<at>[0-9TZ:.+-]{20,40}) "
    r"policy (?P<policy>[0-9a-z]{1,64}) mark (?P<seal>[0-9a-f]{24})"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """`entry`: the line that taking it out left; of what leaves none, the newest line there was."""

    entry: int
    by: str  # user name
    at: str
    policy: str  # the revision in force, its first digits
    seal: str = ""

    @property
    def said(self) -> str:
        return f"export {self.entry} by {self.by} at {self.at} policy {self.policy}"

    def __str__(self) -> str:
        return f"{self.said} mark {self.seal}"

    def is_ours(self, key: Ed25519PrivateKey) -> bool:
        return hmac.compare_digest(self.seal, _seal(key, self.said))


def marked(key: Ed25519PrivateKey, entry: int, by: str, at: datetime, policy: str | None) -> Mark:
    plain = "".join(char if "!" <= char <= "~" else f"%{ord(char):x}" for char in by) or NONE
    mark = Mark(entry, plain[:200], stamp(at), (policy or NONE)[:12])
    return Mark(mark.entry, mark.by, mark.at, mark.policy, _seal(key, mark.said))


def marks_in(text: str) -> Iterator[Mark]:
    """Every one that stands in a text, each once."""
    seen = set[Mark]()
    for found in SHAPE.finditer(text):
        mark = Mark(int(found["entry"]), found["by"], found["at"], found["policy"], found["seal"])
        if mark not in seen:
            seen.add(mark)
            yield mark


def _seal(key: Ed25519PrivateKey, said: str) -> str:
    own = hmac.digest(key.private_bytes_raw(), b"schoolgate/export/1", "sha256")
    return hmac.new(own, said.encode(), "sha256").hexdigest()[:SEAL_DIGITS]
