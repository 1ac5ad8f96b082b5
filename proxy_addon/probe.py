"""Asks the gate, over a socket as a browser does, for a page that must be blocked: health is enforcement.

Twice: as http, and as https, through a tunnel and TLS that the school's CA vouches for. Anything else than
our own block page with the proof of this start is unhealthy: another page, an origin's answer, another
program on the port, a gate of before, a tunnel that leads out, another CA, no answer.
"""

import http.client
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from proxy_addon import watch_place, watch_proof
from proxy_addon.school_trust import NoTrust, trust
from proxy_addon.watch_proof import MUST_BE_BLOCKED, PROBE, Ask, Said, Secret

SECONDS = 4.0
MOST_BYTES = 1_000_000
CLOSED_ON_US = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, http.client.IncompleteRead)
WELL = "filters: what must be blocked is blocked"
BLOCKED = Said("block", "illegal")
SHUT_OUT = Said("block", "port")  # at its CONNECT, where the policy opens no tunnels to 443
HTTPS = "inside https: "


@dataclass(frozen=True, slots=True)
class Health:
    """`shut`: the gate itself says that it lets nothing by, since it has no policy or cannot record; starting
    it again would change nothing. `turned_away`: it lives, and had no place for the question. `lasting`: what
    is wrong is the school's CA, with which a new start would not even begin.
    """

    well: bool
    says: str
    shut: bool = False
    turned_away: bool = False
    lasting: bool = False


def probe(state: Path, seconds: float = SECONDS) -> Health:
    """Never raises."""
    secret = watch_proof.read_secret(state)
    if secret is None:
        return Health(False, f"no gate has started here: no {watch_proof.FILE} that can be read")
    with closing(Asking(secret, seconds, state)) as asking:
        plain = _plain(asking, secret)
        return _inside(asking) if plain.well else plain


def _plain(asking: "Asking", secret: Secret) -> Health:
    try:
        return _judged(asking.ask("", PROBE, MUST_BE_BLOCKED))
    except (OSError, http.client.HTTPException, ValueError) as fault:
        says = f"no answer from {secret.host} port {secret.port} ({type(fault).__name__})"
        return Health(False, says, turned_away=isinstance(fault, CLOSED_ON_US))


def _inside(asking: "Asking") -> Health:
    """It has just answered on this very connection: whoever closes it now does not lack a place."""
    try:
        said = asking.ask("", PROBE, MUST_BE_BLOCKED, scheme="https")
    except NoTrust as fault:
        return Health(False, f"{HTTPS}the certificate of the school's CA {fault}", lasting=True)
    except ssl.SSLCertVerificationError as fault:
        return Health(False, f"{HTTPS}no certificate of the school's CA ({fault.verify_message})")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return Health(False, f"{HTTPS}no answer ({type(fault).__name__})")
    return Health(True, WELL) if said == SHUT_OUT else _judged(said, HTTPS)


def _judged(said: Said | None, where: str = "") -> Health:
    if said is None:
        return Health(False, f"{where}something else than this gate answered")
    if said == BLOCKED:
        return Health(True, WELL)
    if said.verdict == "shut":
        says = f"{where}lets nothing by: no policy is in force, or nothing can be recorded"
        return Health(False, says, shut=True)
    return Health(False, f"{where}what must be blocked was answered with {said.verdict} ({said.reason})")


class Asking:
    """One connection to the gate, kept from question to question; a new one where the last has ended, as with
    each question in a tunnel. `state`: where the school CA is; without it nothing is asked in tunnels."""

    def __init__(self, secret: Secret, seconds: float = SECONDS, state: Path | None = None) -> None:
        self._secret = secret
        self._seconds = seconds
        self._state = state
        self._connection = _ToGate(secret, seconds)

    def ask(self, group: str, about: str, host: str, path: str = "/", scheme: str = "http") -> Said | None:
        """What the gate proved to have answered; None where the answer is not the gate's. Raises OSError or
        HTTPException; NoTrust, where nobody could trust the school's CA."""
        try:
            if scheme == "http":
                return self._ask_plainly(group, about, host, path)
            return self._ask_inside(group, about, host, path)
        except BaseException:
            self.close()  # what comes late belongs to no other question
            raise

    def close(self) -> None:
        self._connection.close()

    def _ask_plainly(self, group: str, about: str, host: str, path: str) -> Said | None:
        ask, field = watch_proof.asking(self._secret.nonce, group, about, f"{host}{path}")
        connection = self._connection
        _put(connection, f"http://{_shown(host)}{path}", host, field)
        response = connection.getresponse()
        body = response.read(MOST_BYTES)
        if not response.isclosed():
            self.close()
        return self._said(ask, response, body)

    def _ask_inside(self, group: str, about: str, host: str, path: str) -> Said | None:
        """As a browser does. The whole of it has the time that one question has."""
        until = time.monotonic() + self._seconds
        context = self._trusted()
        ask, way, inside = watch_proof.asking_inside(self._secret.nonce, group, about, host, path)
        try:
            raw = self._connection.opened()
            with closing(_tunnel(raw, host, way, until)) as answer:
                if answer.status != http.client.OK:
                    return self._said(ask, answer, answer.read(MOST_BYTES))
            raw.settimeout(_left(until))
            with context.wrap_socket(raw, server_hostname=host) as secure:
                secure.settimeout(_left(until))
                return self._asked_in(secure, ask, inside, host, path)
        finally:
            self.close()

    def _asked_in(self, secure: ssl.SSLSocket, ask: Ask, field: bytes, host: str, path: str) -> Said | None:
        with closing(http.client.HTTPConnection(host)) as connection:
            connection.sock = secure
            _put(connection, path, host, field)
            response = connection.getresponse()
            return self._said(ask, response, response.read(MOST_BYTES))

    def _trusted(self) -> ssl.SSLContext:
        if self._state is None:
            raise NoTrust("is not at hand")
        return trust(self._state, time.time())

    def _said(self, ask: Ask, response: http.client.HTTPResponse, body: bytes) -> Said | None:
        proof = response.getheader(watch_proof.PROOF.decode(), "")
        said = watch_proof.read_proof(self._secret.nonce, ask, proof, response.status, body)
        if said is None or (said.verdict == "allow") != (response.status == http.client.OK):
            return None
        return said


class _ToGate(http.client.HTTPConnection):
    """From a place that is kept for whoever watches."""

    def __init__(self, secret: Secret, seconds: float) -> None:
        super().__init__(watch_proof.reachable(secret.host), secret.port, timeout=seconds)
        self._secret = secret
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = watch_place.connect(self._secret, self._seconds)

    def opened(self) -> socket.socket:
        if self.sock is None:
            self.connect()
        return self.sock


def _tunnel(raw: socket.socket, host: str, field: bytes, until: float) -> http.client.HTTPResponse:
    """What its CONNECT is answered."""
    target = f"{_shown(host)}:{watch_proof.TLS_PORT}".encode()
    raw.settimeout(_left(until))
    head = b"CONNECT %b HTTP/1.1\r\n%b: %b\r\nHost: %b\r\n\r\n"
    raw.sendall(head % (target, watch_proof.ASK, field, target))
    response = http.client.HTTPResponse(raw, method="CONNECT")
    try:
        response.begin()
    except BaseException:
        response.close()
        raise
    return response


def _put(connection: http.client.HTTPConnection, target: str, host: str, field: bytes) -> None:
    connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    connection.putheader(watch_proof.ASK.decode(), field)
    connection.putheader("Host", _shown(host))
    connection.endheaders()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)
