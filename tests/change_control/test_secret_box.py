"""What this server sealed it alone opens, and only for what and whom it was sealed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from change_control.secret_box import NotOursError, open_secret, seal_secret

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@given(st.binary(max_size=60), st.text(max_size=20))
def test_what_was_sealed_is_opened_again(plain: bytes, whose: str) -> None:
    assert open_secret(KEY, "purpose", whose, seal_secret(KEY, "purpose", whose, plain)) == plain


def test_nothing_is_opened_with_another_key_for_another_purpose_or_for_somebody_else() -> None:
    sealed = seal_secret(KEY, "purpose", "p_1", b"plain")

    for key, purpose, whose in ((OTHER, "purpose", "p_1"), (KEY, "other", "p_1"), (KEY, "purpose", "p_2")):
        with pytest.raises(NotOursError):
            open_secret(key, purpose, whose, sealed)


@given(st.text(max_size=60))
def test_what_is_not_ours_is_refused_whatever_it_is(text: str) -> None:
    with pytest.raises(NotOursError):
        open_secret(KEY, "purpose", "p_1", text)


def test_the_same_text_is_never_sealed_the_same_way() -> None:
    assert seal_secret(KEY, "p", "w", b"x") != seal_secret(KEY, "p", "w", b"x")
