"""Makes minisign keys and signatures, as the program of that name does."""

import base64
import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass
class Signer:
    key_id: bytes = field(default_factory=lambda: os.urandom(8))
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> str:
        return base64.b64encode(b"Ed" + self.key_id + self.key.public_key().public_bytes_raw()).decode()

    def sign(self, data: bytes, *, hashed: bool = True, comment: str = "timestamp:1767225600") -> bytes:
        signed = hashlib.blake2b(data).digest() if hashed else data
        of_file = self.key.sign(signed)
        raw = (b"ED" if hashed else b"Ed") + self.key_id + of_file
        of_both = self.key.sign(of_file + comment.encode())
        lines = (
            b"untrusted comment: signature from a secret key",
            base64.b64encode(raw),
            b"trusted comment: " + comment.encode(),
            base64.b64encode(of_both),
        )
        return b"\n".join(lines) + b"\n"
