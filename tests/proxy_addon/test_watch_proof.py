"""Who knows the secret of this start can ask and answer; nobody else, and nothing twice."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.watch_proof import (
    FILE,
    TLS_PORT,
    Ask,
    Said,
    Secret,
    asking,
    asking_inside,
    inside,
    new_nonce,
    proving,
    reachable,
    read_ask,
    read_proof,
    read_secret,
    tunnel_to,
    write_secret,
)

NONCE, OTHER = b"n" * 32, b"o" * 32
words = st.text(min_size=0, max_size=30)


@given(words, words)
def test_a_question_arrives_as_it_was_asked_and_at_its_target_alone(group: str, about: str) -> None:
    ask, field = asking(NONCE, group, about, "a.test/")
    assert read_ask(NONCE, field, "a.test/") == ask == Ask(ask.challenge, group, about)
    assert read_ask(OTHER, field, "a.test/") is None
    assert read_ask(NONCE, field, "b.test/") is None


@given(words, words)
def test_a_question_in_a_tunnel_is_one_at_its_connect_and_inside_and_nowhere_else(
    group: str, about: str
) -> None:
    ask, way, field = asking_inside(NONCE, group, about, "a.test", "/x")
    assert read_ask(NONCE, way, tunnel_to("a.test", TLS_PORT)) == ask
    assert read_ask(NONCE, field, inside("a.test", "/x")) == ask
    for target in ("a.test/x", tunnel_to("a.test", 80), tunnel_to("b.test", TLS_PORT), inside("a.test", "/")):
        assert read_ask(NONCE, way, target) is None
        assert read_ask(NONCE, field, target) is None
    _, plain = asking(NONCE, group, about, "a.test/x")
    assert read_ask(NONCE, plain, inside("a.test", "/x")) is None


@given(st.binary(max_size=120))
def test_no_bytes_of_somebody_else_are_a_question(field: bytes) -> None:
    assert read_ask(NONCE, field, "a.test/") is None


@given(st.binary(max_size=50), st.integers(100, 599))
def test_a_proof_is_of_one_page_to_one_question(body: bytes, status: int) -> None:
    ask, _ = asking(NONCE, "staff", "probe", "a.test/")
    another, _ = asking(NONCE, "staff", "probe", "a.test/")
    said = Said("block", "illegal")
    field = proving(NONCE, ask, said, status, body).decode()

    assert read_proof(NONCE, ask, field, status, body) == said
    assert read_proof(OTHER, ask, field, status, body) is None
    assert read_proof(NONCE, another, field, status, body) is None
    assert read_proof(NONCE, ask, field, status, body + b"!") is None
    assert read_proof(NONCE, ask, field, status + 1, body) is None
    assert read_proof(NONCE, ask, field.replace("block", "allow"), status, body) is None
    assert read_proof(NONCE, ask, "", status, body) is None


def test_the_secret_is_for_one_user_alone_and_each_start_has_its_own(tmp_path: Path) -> None:
    one, two = (Secret(new_nonce(), "127.0.0.1", 8080) for _ in range(2))
    write_secret(tmp_path, one)
    assert read_secret(tmp_path) == one
    write_secret(tmp_path, two)

    assert read_secret(tmp_path) == two != one
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert one.nonce.hex() not in repr(one)


@pytest.mark.parametrize(
    "text", ["", "7", "{}", '{"nonce": "00", "host": "a", "port": 1}', '{"nonce": 1, "host": 2, "port": 3}']
)
def test_what_is_no_secret_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_secret(tmp_path) is None


def test_a_listener_on_every_address_is_found_on_loopback() -> None:
    assert [reachable(host) for host in ("0.0.0.0", "::", "10.1.2.3")] == ["127.0.0.1", "::1", "10.1.2.3"]  # noqa: S104  # compared
