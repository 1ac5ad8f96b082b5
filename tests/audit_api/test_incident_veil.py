"""Of what may be illegal no text leads anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.incident_veil import HIDDEN, veiled

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)


@pytest.mark.parametrize(
    "address",
    [
        "https://a.test/b?c=d#e", "HTTP://A.TEST", "a.test", "www.a.co.uk:8443/x", "203.0.113.9",
        "203.0.113.9:8080/x", "http://[2001:db8::1]/x", "[2001:db8::1]:80", "bücher.example/ü", "a。test",
        "ftp://a/b", "magnet:?", "abcdefgh.onion",
    ],
)  # fmt: skip
def test_an_address_in_a_text_is_not_shown(address: str) -> None:
    if address == "magnet:?":  # no address by itself
        assert veiled(address) == address
        return
    assert veiled(f"he saw {address} there") == f"he saw {HIDDEN} there"


@pytest.mark.parametrize(
    "text", ["A picture was seen. Nobody else was there.", "at 12:30, in 6B", "1.5 hours"]
)
def test_a_sentence_stays_as_it_was_written(text: str) -> None:
    assert veiled(text) == text


@given(LABEL, LABEL, LABEL)
def test_no_host_with_an_ending_is_left_in_a_text(first: str, second: str, words: str) -> None:
    host = f"{first}.{second}zz"
    assert host not in veiled(f"{words} {host}/{words} {words}").split()
