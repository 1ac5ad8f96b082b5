"""How whoever watches the gate and the gate know each other: a secret made at each start, never sent.

The gate writes it where only its own user reads. Who asks proves to know it, bound to the very question; the
gate proves it over the very page that it answers with. So another program on the gate's port, an origin's
page, an older gate or an answer of earlier can be none of them.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

FILE = "gate-watch.json"
ASK = b"Schoolgate-Ask"  # the first field of the request, or it is none of ours
PROOF = b"Schoolgate-Proof"
DOMAIN = "schoolgate.invalid"  # leads nowhere (RFC 6761)
MUST_BE_BLOCKED = f"must-be-blocked.{DOMAIN}"
CANARIES = f"canary.{DOMAIN}"
TLS_PORT = 443
PROBE, UNLISTED, CHECK, CATEGORY = "probe", "unlisted", "check", "category:"


@dataclass(frozen=True, slots=True)
class Secret:
    """Of one start of one gate, and where it listens."""

    nonce: bytes
    host: str
    port: int

    def __repr__(self) -> str:
        return f"Secret({self.host!r}, {self.port})"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: as somebody of `group` ("": the policy's first), about what (PROBE, CATEGORY + its name,
    ...)."""

    challenge: str
    group: str
    about: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the gate proved to have answered: allow, block; shut or failed, when it had no answer."""

    verdict: str
    reason: str


def new_nonce() -> bytes:
    return secrets.token_bytes(32)


def reachable(host: str) -> str:
    """Where a program of the same machine finds what listens on `host`."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound


def write_secret(state: Path, secret: Secret) -> None:
    """For this user's eyes alone, whole or not at all."""
    temporary = state / f".{FILE}.{secrets.token_hex(4)}"
    said = {"nonce": secret.nonce.hex(), "host": secret.host, "port": secret.port}
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(said, file)
    temporary.replace(state / FILE)


def read_secret(state: Path) -> Secret | None:
    """None where no gate has started, or its secret is not for us."""
    try:
        said = json.loads((state / FILE).read_bytes())
        nonce, host, port = bytes.fromhex(said["nonce"]), said["host"], said["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sound = len(nonce) == 32 and isinstance(host, str) and type(port) is int
    return Secret(nonce, host, port) if sound else None


def asking(nonce: bytes, group: str, about: str, target: str) -> tuple[Ask, bytes]:
    """A question that was never asked before about `target` (host and path), and its field."""
    ask = Ask(secrets.token_hex(16), group, about)
    return ask, _field(nonce, ask, target)


def asking_inside(nonce: bytes, group: str, about: str, host: str, path: str) -> tuple[Ask, bytes, bytes]:
    """One question and its two fields: of the CONNECT, and of the request inside its TLS."""
    ask, way = asking(nonce, group, about, tunnel_to(host, TLS_PORT))
    return ask, way, _field(nonce, ask, inside(host, path))


def tunnel_to(host: str, port: int) -> str:
    """The target of a CONNECT."""
    return f"CONNECT {host}:{port}"


def inside(host: str, path: str) -> str:
    """The target of a request in a tunnel: no question that was asked in plain is one here."""
    return f"https://{host}{path}"


def _field(nonce: bytes, ask: Ask, target: str) -> bytes:
    words = (ask.challenge, quote(ask.group, safe=""), quote(ask.about, safe=""))
    return " ".join((*words, _mac(nonce, "ask", *words, target))).encode()


def read_ask(nonce: bytes, field: bytes, target: str) -> Ask | None:
    """None for whoever does not know the secret."""
    words = field.decode("ascii", "replace").split(" ")
    if len(words) != 4 or not hmac.compare_digest(
        words[3].encode(), _mac(nonce, "ask", *words[:3], target).encode()
    ):
        return None
    return Ask(words[0], unquote(words[1]), unquote(words[2]))


def proving(nonce: bytes, ask: Ask, said: Said, status: int, body: bytes) -> bytes:
    """The field that goes with this very page."""
    return " ".join((said.verdict, said.reason, _proof(nonce, ask, said, status, body))).encode()


def read_proof(nonce: bytes, ask: Ask, field: str, status: int, body: bytes) -> Said | None:
    """None where this page is not the gate's answer to this question."""
    words = field.split(" ")
    if len(words) != 3:
        return None
    said = Said(words[0], words[1])
    right = _proof(nonce, ask, said, status, body)
    return said if hmac.compare_digest(words[2].encode(), right.encode()) else None


def _proof(nonce: bytes, ask: Ask, said: Said, status: int, body: bytes) -> str:
    page = hashlib.sha256(body).hexdigest()
    return _mac(
        nonce, "answer", ask.challenge, ask.group, ask.about, said.verdict, said.reason, str(status), page
    )


def _mac(nonce: bytes, *words: str) -> str:
    return hmac.new(nonce, json.dumps(words).encode(), "sha256").hexdigest()
