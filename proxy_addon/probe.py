"""Asks the gate, over a socket as a browser does, for a page that must be blocked: health is enforcement.

Anything else than our own block page with the proof of this start is unhealthy: another page, an origin's
answer, another program on the port, a gate of before, no answer.
"""

import http.client
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from proxy_addon import watch_proof
from proxy_addon.watch_proof import MUST_BE_BLOCKED, PROBE, Ask, Said, Secret

SECONDS = 4.0
MOST_BYTES = 1_000_000
CLOSED_ON_US = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, http.client.IncompleteRead)
WELL = "filters: what must be blocked is blocked"


@dataclass(frozen=True, slots=True)
class Health:
    """`shut`: the gate itself says that it lets nothing by, since it has no policy or cannot record; starting
    it again would change nothing. `turned_away`: it lives, and had no place for the question."""

    well: bool
    says: str
    shut: bool = False
    turned_away: bool = False


def probe(state: Path, seconds: float = SECONDS) -> Health:
    """Never raises."""
    secret = watch_proof.read_secret(state)
    if secret is None:
        return Health(False, f"no gate has started here: no {watch_proof.FILE} that can be read")
    try:
        with closing(Asking(secret, seconds)) as asking:
            said = asking.ask("", PROBE, MUST_BE_BLOCKED)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        says = f"no answer from {secret.host} port {secret.port} ({type(fault).__name__})"
        return Health(False, says, turned_away=isinstance(fault, CLOSED_ON_US))
    if said is None:
        return Health(False, "something else than this gate answered")
    if said == Said("block", "illegal"):
        return Health(True, WELL)
    if said.verdict == "shut":
        return Health(False, "lets nothing by: no policy is in force, or nothing can be recorded", shut=True)
    return Health(False, f"what must be blocked was answered with {said.verdict} ({said.reason})")


class Asking:
    """One connection to the gate, kept from question to question; a new one where the last has ended."""

    def __init__(self, secret: Secret, seconds: float = SECONDS) -> None:
        self._secret = secret
        self._connection = http.client.HTTPConnection(
            watch_proof.reachable(secret.host),
            secret.port,
            timeout=seconds,
            source_address=watch_proof.source(secret.host),
        )

    def ask(self, group: str, about: str, host: str, path: str = "/") -> Said | None:
        """What the gate proved to have answered; None where the answer is not the gate's. Raises OSError or
        HTTPException."""
        ask, field = watch_proof.asking(self._secret.nonce, group, about, f"{host}{path}")
        try:
            return self._answer(ask, field, host, path)
        except BaseException:
            self.close()  # what comes late belongs to no other question
            raise

    def close(self) -> None:
        self._connection.close()

    def _answer(self, ask: Ask, field: bytes, host: str, path: str) -> Said | None:
        connection = self._connection
        shown = f"[{host}]" if ":" in host else host
        connection.putrequest("GET", f"http://{shown}{path}", skip_host=True, skip_accept_encoding=True)
        connection.putheader(watch_proof.ASK.decode(), field)
        connection.putheader("Host", shown)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read(MOST_BYTES)
        if not response.isclosed():
            self.close()
        proof = response.getheader(watch_proof.PROOF.decode(), "")
        said = watch_proof.read_proof(self._secret.nonce, ask, proof, response.status, body)
        if said is None or (said.verdict == "allow") != (response.status == 200):
            return None
        return said
