"""A signature vouches for one file, by one key, with one comment; anything else is refused."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.minisign import PublicKey, SignatureFault, verify
from tests.filter_lists.signing import Signer

LIST = b"bet.example\nodds.example\n"
SIGNER = Signer()
KEY = PublicKey.parse(SIGNER.public)

# Made by another program: its key, and its signature of the four bytes `test`.
KNOWN_KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
KNOWN_SIGNATURE = b"""untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
"""
NO_SIGNATURES = [b"", b"\n\n\n", b"<html></html>", SIGNER.sign(LIST) + b"more\n", b"x" * 20_000]
NO_KEYS = ["", "RW", "not base64!", KNOWN_KEY[:-4], "AA" + KNOWN_KEY[2:], KNOWN_KEY + "AAAA"]


def test_the_signature_of_another_program_is_understood() -> None:
    key = PublicKey.parse(KNOWN_KEY)
    assert verify(b"test", KNOWN_SIGNATURE, key).startswith("timestamp:1633700835")
    assert verify(memoryview(b"test"), KNOWN_SIGNATURE, key)
    with pytest.raises(SignatureFault):
        verify(b"Test", KNOWN_SIGNATURE, key)


@pytest.mark.parametrize("hashed", [True, False])
def test_both_kinds_of_signature_vouch_for_their_file(hashed: bool) -> None:
    assert verify(LIST, SIGNER.sign(LIST, hashed=hashed, comment="list of Monday"), KEY) == "list of Monday"


def test_line_ends_of_another_system_change_nothing() -> None:
    assert verify(LIST, SIGNER.sign(LIST).replace(b"\n", b"\r\n"), KEY)


@pytest.mark.parametrize("hashed", [True, False])
def test_another_file_is_refused(hashed: bool) -> None:
    with pytest.raises(SignatureFault, match="not that of this file"):
        verify(LIST[:-1], SIGNER.sign(LIST, hashed=hashed), KEY)


@pytest.mark.parametrize("kind", [b"ED", b"EE", b"ed"])
def test_one_kind_of_signature_does_not_pass_for_another(kind: bytes) -> None:
    signed = SIGNER.sign(LIST, hashed=False).split(b"\n")
    signed[1] = base64.b64encode(kind + base64.b64decode(signed[1])[2:])
    with pytest.raises(SignatureFault):
        verify(LIST, b"\n".join(signed), KEY)


def test_another_key_is_refused_by_its_name_and_by_its_signature() -> None:
    with pytest.raises(SignatureFault, match="another key"):
        verify(LIST, Signer().sign(LIST), KEY)
    with pytest.raises(SignatureFault, match="not that of this file"):
        verify(LIST, Signer(key_id=SIGNER.key_id).sign(LIST), KEY)


def test_a_comment_that_was_changed_is_refused() -> None:
    with pytest.raises(SignatureFault, match="trusted comment"):
        verify(LIST, SIGNER.sign(LIST, comment="of Monday").replace(b"of Monday", b"of Sunday"), KEY)


@pytest.mark.parametrize("content", NO_SIGNATURES)
def test_what_is_no_signature_is_refused(content: bytes) -> None:
    with pytest.raises(SignatureFault):
        verify(LIST, content, KEY)


@settings(max_examples=200)
@given(st.data())
def test_no_changed_byte_of_a_signature_passes(data: st.DataObject) -> None:
    """The first line is the one that nobody vouches for."""
    signed = SIGNER.sign(LIST)
    start = signed.index(b"\n") + 1
    place = data.draw(st.integers(start, len(signed) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != signed[place]))
    with pytest.raises(SignatureFault):
        verify(LIST, signed[:place] + bytes([byte]) + signed[place + 1 :], KEY)


def test_a_signature_has_one_spelling() -> None:
    """The last letter holds two bits that mean nothing."""
    signed = SIGNER.sign(LIST).split(b"\n")
    assert signed[1].endswith(b"=")
    last = signed[1][-2:-1]
    for other in (b"A", b"B", b"C", b"D"):
        signed[1] = signed[1][:-2] + other + b"="
        if other != last:
            with pytest.raises(SignatureFault):
                verify(LIST, b"\n".join(signed), KEY)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="begin with RW"):
        PublicKey.parse(text)
