"""What the filter asks itself goes through the steps of everybody, and is written down as what it is."""

from collections.abc import Iterator
from contextlib import closing
from ssl import create_default_context

import pytest

from audit_log import canaries
from proxy_addon.canaries import SCHEMES
from proxy_addon.probe import Asking
from proxy_addon.watch_proof import (
    CANARIES,
    CATEGORY,
    UNLISTED,
    Said,
    Secret,
    asking,
    asking_inside,
    read_secret,
)
from proxy_addon.watched import ILLEGAL_SAID
from tests.doors import exchange, read_head
from tests.harness import Gate, a_gate

SEALED = f"c-child-sexual-abuse.{CANARIES}"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


def ask(gate: Gate, group: str, about: str, host: str, scheme: str = "http") -> Said | None:
    with closing(Asking(secret_of(gate), state=gate.state)) as asking:
        return asking.ask(group, about, host, scheme=scheme)


def secret_of(gate: Gate) -> Secret:
    secret = read_secret(gate.state)
    assert secret is not None
    return secret


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("group", "category", "said"),
    [
        ("upper-ks2", "gambling", Said("block", "category-not-allowed")),
        ("upper-ks2", "games-educational", Said("allow", "category-allowed")),  # it is lunch
        ("reception-ks1", "search", Said("block", "category-not-allowed")),
        ("staff", "pornography", Said("block", "locked")),
        ("a-group-that-is-gone", "education", Said("block", "category-not-allowed")),
    ],
)
def test_the_answer_is_the_one_that_somebody_of_the_group_gets(
    gate: Gate, group: str, category: str, said: Said, scheme: str
) -> None:
    host = f"c-{category}.{group}.{scheme}.{CANARIES}"
    assert ask(gate, group, f"{CATEGORY}{category}", host, scheme) == said
    row = gate.last_row(kind="canary", host=host)
    assert row["url"] == f"{scheme}://{host}/"
    assert (row["person"], row["groups"], row["category"]) == (None, [group], category)
    assert (row["verdict"], row["reason"], row["outcome"]) == (said.verdict, said.reason, "done")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_lists_are_asked_as_for_everybody(gate: Gate, scheme: str) -> None:
    """A canary of a check is about a real site."""
    assert ask(gate, "staff", "check", "bet.test", scheme) == Said("block", "category-not-allowed")
    said = ask(gate, "staff", "check", "2606:4700::1", scheme)
    assert said == Said("allow", "unlisted-allowed"), "an address too"
    assert gate.origin.seen == []


def test_a_question_in_a_tunnel_leaves_one_row_and_nothing_else() -> None:
    with a_gate() as gate:
        assert ask(gate, "staff", UNLISTED, f"unlisted.{CANARIES}", "https") == Said(
            "allow", "unlisted-allowed"
        )
        gate.stop()
        assert [(row["kind"], row["method"], row["person"]) for row in gate.rows()] == [
            ("canary", "GET", None)
        ]
        assert gate.origin.seen == []


@pytest.mark.parametrize("field", [b"", b"Schoolgate-Ask: plain\r\n", b"Schoolgate-Ask: another\r\n"])
def test_in_the_tunnel_of_a_question_nothing_else_is_answered(gate: Gate, field: bytes) -> None:
    """Whoever had seen its CONNECT, or any question in plain, gets nowhere with it."""
    nonce, host = secret_of(gate).nonce, "allowed.test"
    _, way, _ = asking_inside(nonce, "staff", UNLISTED, host, "/")
    _, _, another = asking_inside(nonce, "staff", UNLISTED, host, "/")
    _, plain = asking(nonce, "staff", UNLISTED, f"{host}/")
    with gate.connect() as client:
        client.sendall(
            b"CONNECT %b:443 HTTP/1.1\r\nSchoolgate-Ask: %b\r\nHost: %b:443\r\n\r\n"
            % (host.encode(), way, host.encode())
        )
        assert read_head(client).startswith(b"HTTP/1.1 200")
        with create_default_context(cafile=str(gate.ca)).wrap_socket(client, server_hostname=host) as secure:
            shown = field.replace(b"plain", plain).replace(b"another", another)
            said = exchange(secure, b"GET / HTTP/1.1\r\n%bHost: allowed.test\r\n\r\n" % shown)
    assert said.startswith(b"HTTP/1.1 400")
    assert b"schoolgate-proof" not in said.lower()
    assert gate.origin.seen == []
    row = gate.last_row(host=host, kind="request")
    assert (row["verdict"], row["reason"], row["person"]) == ("block", "bad-request", None)


def test_of_what_is_illegal_no_address_is_written(gate: Gate) -> None:
    said = ask(gate, "staff", f"{CATEGORY}child-sexual-abuse", SEALED)
    assert said == Said("block", "illegal")
    row = gate.last_row(kind="canary", category="child-sexual-abuse")
    assert row["reason"] == "category-not-allowed", "a recorder of before looks at this alone"
    assert row["rule"].startswith(ILLEGAL_SAID)
    assert (row["host"], row["entry"], row["category"]) == (None, None, "child-sexual-abuse")
    assert SEALED not in str(row)


def test_both_sides_of_the_journal_mean_the_same_words() -> None:
    assert canaries.ILLEGAL_SAID == ILLEGAL_SAID


@pytest.mark.parametrize(
    ("stage", "scheme"), [("decide", "http"), ("decide", "https"), ("connect_names", "https")]
)
def test_a_failed_question_is_a_row_as_well(gate: Gate, stage: str, scheme: str) -> None:
    host = f"{stage.replace('_', '-')}-{scheme}-fails.{CANARIES}"
    with gate.failing(stage, "Exception"):
        assert ask(gate, "staff", f"{CATEGORY}education", host, scheme) == Said("failed", "-")
    row = gate.last_row(kind="canary", host=host)
    assert (row["verdict"], row["reason"]) == ("block", "failed-closed")
