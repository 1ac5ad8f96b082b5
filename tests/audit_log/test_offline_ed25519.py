"""Signatures as RFC 8032 has them, in plain Python and without help: right, wrong, and nearly right."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.offline.verify_changes import BASE, L, P, is_signed

VECTORS = {  # RFC 8032, 7.1: secret key, message, signature
    "empty": (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    "one byte": (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "two bytes": (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.mark.parametrize("name", list(VECTORS))
def test_the_vectors_of_the_standard_are_right(name: str) -> None:
    secret, message, signature = (bytes.fromhex(each) for each in VECTORS[name])
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    assert is_signed(public, message, signature)
    assert not is_signed(public, message + b"x", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 767))
def test_another_library_agrees_on_any_signature_and_on_any_changed_bit(
    secret: bytes, message: bytes, place: int
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert is_signed(public, message, signature)

    both = bytearray(public + signature)
    both[place // 8] ^= 1 << place % 8
    public, signature = bytes(both[:32]), bytes(both[32:])

    assert is_signed(public, message, signature) is _other(public, message, signature) is False


def _other(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_the_same_signature_cannot_be_written_with_a_larger_s() -> None:
    signature = KEY.sign(b"a change")
    larger = int.from_bytes(signature[32:], "little") + L

    assert is_signed(PUBLIC, b"a change", signature)
    assert not is_signed(PUBLIC, b"a change", signature[:32] + larger.to_bytes(32, "little"))


# The points of small order, as they are written; with one of them as key, one signature fits many texts.
WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize("weak", WEAK)
def test_a_weak_key_signs_nothing(weak: str) -> None:
    point = bytes.fromhex(weak)

    assert not any(is_signed(point, bytes([n]), point + bytes(32)) for n in range(40))


@pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1])
def test_a_point_that_is_written_in_a_second_way_is_none(y: int) -> None:
    signature = KEY.sign(b"a change")

    assert not is_signed(y.to_bytes(32, "little"), b"a change", signature)
    assert not is_signed(PUBLIC, b"a change", y.to_bytes(32, "little") + signature[32:])


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65])
def test_what_has_another_length_is_no_signature(length: int) -> None:
    assert not is_signed(
        PUBLIC, b"a change", KEY.sign(b"a change").ljust(64, b"\0")[:length].ljust(length, b"\0")
    )
    assert not is_signed(BASE[:length].ljust(length, b"\0") if length != 32 else b"", b"", bytes(64))
