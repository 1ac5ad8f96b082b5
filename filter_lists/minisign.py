"""Signatures in the format of minisign: Ed25519, with a comment that is signed too.

A signature file has four lines: a comment that nobody vouches for, the signature of the file, the trusted
comment, and the signature of both. `Ed` signs the bytes themselves, `ED` their BLAKE2b hash.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PLAIN, HASHED = b"Ed", b"ED"
ID, KEY, SIGNATURE = 8, 32, 64  # bytes
UNTRUSTED, TRUSTED = b"untrusted comment:", b"trusted comment: "
LARGEST = 16_384  # bytes of a signature file
KEY_RULE = "a minisign public key: 56 letters and digits that begin with RW"


class SignatureFault(Exception):
    """A file that its signature does not vouch for, or no signature at all; the text says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    key_id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """The second line of a `.pub` file. Raises ValueError with what is allowed."""
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(KEY_RULE) from None
        if len(raw) != len(PLAIN) + ID + KEY or not raw.startswith(PLAIN):
            raise ValueError(KEY_RULE)
        return cls(raw[2:10], raw[10:])


@dataclass(frozen=True, slots=True)
class Signature:
    algorithm: bytes
    key_id: bytes
    of_file: bytes
    comment: bytes
    of_both: bytes

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises SignatureFault."""
        lines = content.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
        if len(content) > LARGEST or len(lines) != 4 or not lines[0].startswith(UNTRUSTED):
            raise SignatureFault("this is no minisign signature")
        if not lines[2].startswith(TRUSTED):
            raise SignatureFault("the signature has no trusted comment")
        raw, both = _decoded(lines[1], 2 + ID + SIGNATURE), _decoded(lines[3], SIGNATURE)
        return cls(raw[:2], raw[2:10], raw[10:], lines[2].removeprefix(TRUSTED), both)


def verify(data: bytes | memoryview, signature: bytes, key: PublicKey) -> str:
    """The trusted comment. Raises SignatureFault unless both signatures were made with this key."""
    found = Signature.parse(signature)
    if found.algorithm not in (PLAIN, HASHED):
        raise SignatureFault("the signature is of a kind that is not known here")
    if found.key_id != key.key_id:
        raise SignatureFault("it was signed with another key than the one in lists.yaml")
    signed = hashlib.blake2b(data).digest() if found.algorithm == HASHED else data
    public = Ed25519PublicKey.from_public_bytes(key.key)
    try:
        public.verify(found.of_file, signed)
    except InvalidSignature:
        raise SignatureFault("the signature is not that of this file") from None
    try:
        public.verify(found.of_both, found.of_file + found.comment)
    except InvalidSignature:
        raise SignatureFault("the trusted comment of the signature was changed") from None
    return found.comment.decode("utf-8", "replace")


def _decoded(line: bytes, length: int) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureFault("the signature is damaged") from None
    if len(raw) != length or base64.b64encode(raw) != line:
        raise SignatureFault("the signature is damaged")
    return raw
