"""The school's public key, which says whose change log a bundle must be proven by.

It is read once and kept for as long as this process runs: one that changes later is not believed. A gate on a
machine of its own finds it beside its first bundle, and keeps a copy in a folder of its own for every later
start; as with the fingerprint of the CA, only what it sees first is taken on trust.
"""

from contextlib import suppress
from pathlib import Path

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from filter_policy.bundle import write_durably
from filter_policy.bundle_proof import KEYS, PUBLIC_KEY, ProofFault, public_key

log = structlog.get_logger()


class ProofKey:
    """There is no gate without one, and no way to do without it: before it is found, nothing is proven."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._key: Ed25519PublicKey | None = None
        with suppress(ProofFault):  # said with the first bundle; until then all is blocked
            _ = self.key

    @property
    def key(self) -> Ed25519PublicKey:
        """Raises ProofFault."""
        if self._key is None:
            self._key = public_key(self._state)
            self._keep()
        if self._key is None:
            raise ProofFault("the school's public key is not there yet")
        return self._key

    def _keep(self) -> None:
        path = self._state / KEYS / PUBLIC_KEY
        if self._key is None or path.exists():
            return
        pem = self._key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(path, pem)
        except OSError as error:
            log.warning("proof_key.not_kept", why=error.strerror or type(error).__name__)
