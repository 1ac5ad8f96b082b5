"""What only this server can read again: encrypted with a key that the database has not.

Each text is bound to what it is for and whose it is, so that none can be put in another's place.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class NotOursError(ValueError):
    """It was not sealed here, or for something or somebody else."""


def seal_secret(key: Ed25519PrivateKey, purpose: str, whose: str, plain: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _box(key, purpose).encrypt(nonce, plain, whose.encode())).decode()


def open_secret(key: Ed25519PrivateKey, purpose: str, whose: str, sealed: str) -> bytes:
    """Raises NotOursError."""
    try:
        raw = urlsafe_b64decode(sealed.encode("ascii"))
        return _box(key, purpose).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], whose.encode())
    except (InvalidTag, ValueError) as error:
        raise NotOursError from error


def _box(key: Ed25519PrivateKey, purpose: str) -> AESGCM:
    """From the key that signs the change log, another one for each purpose, and no way back to it."""
    return AESGCM(hmac.digest(key.private_bytes_raw(), f"schoolgate/{purpose}/1".encode(), "sha256"))
