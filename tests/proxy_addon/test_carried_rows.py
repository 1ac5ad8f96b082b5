"""Through a real gate: what a carrier is to show is judged; its row says so, or hides what none may see."""

from collections.abc import Iterator

import pytest

from tests.builders import POLICY
from tests.harness import Gate, a_gate

MORE = """\
carriers: [translate.test]
terms:
  - {block: [make a bomb], for: pupils, reason: A353}
"""
ADDRESSES = "  ip-addresses: {everyone: not_allowed, adults: allowed}\n"
SITES = {"bet.test": "gambling", "csa.test": "child-sexual-abuse"}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    policy = POLICY.replace("access:\n", f"access:\n{ADDRESSES}").replace("path, address", "url, address")
    with a_gate(policy + MORE, sites=SITES) as gate:
        yield gate


@pytest.fixture(autouse=True)
def _forget(gate: Gate) -> None:
    gate.origin.forget()


def test_what_is_carried_is_blocked_as_if_it_were_visited(gate: Gate) -> None:
    for url in ("http://translate.test/t?u=http://bet.test/", "https://bet-test.translate.test/x"):
        reply = gate.curl(url, user="anna")
        assert reply.status == 403
    assert gate.origin.connections == 0
    row = gate.last_row(kind="request", host="translate.test")
    assert (row["rule"], row["entry"]) == ("carried: access.gambling.everyone", "bet.test")
    assert row["url"] == "http://translate.test/t?u=http://bet.test/"


def test_what_is_carried_of_an_open_site_is_let_by(gate: Gate) -> None:
    assert gate.curl("http://translate.test/t?u=http://school.test/", user="anna").status == 200
    assert gate.curl("http://translate.test/", user="anna").status == 200


def test_illegal_content_that_is_carried_is_told_to_nobody(gate: Gate) -> None:
    reply = gate.curl("http://translate.test/t?u=http://csa.test/secret", user="anna")

    assert reply.status == 403
    row = gate.last_row(kind="request", reason="illegal")
    assert row["host"] is None
    assert row["entry"] is None
    assert "csa.test" not in str(row)


def test_what_is_refused_for_another_reason_hides_it_as_well(gate: Gate) -> None:
    reply = gate.curl("http://translate.test/t?u=http://csa.test/secret")  # nobody signed in

    assert reply.status == 407
    row = gate.last_row(kind="request", reason="no-credentials")
    assert row["host"] is None
    assert "csa.test" not in str(row)


def test_words_that_may_not_be_searched_for_are_blocked_and_said_plainly(gate: Gate) -> None:
    reply = gate.curl("https://search.test/find?q=make%20a%20b0mb", user="anna")

    assert reply.status == 403
    assert "does not let these words be searched for" in reply.text
    row = gate.last_row(kind="request", reason="term")
    assert row["rule"] == "terms.1"


def test_a_bare_address_is_shut_for_pupils(gate: Gate) -> None:
    reply = gate.curl("http://[::ffff:203.0.113.7]/", "-g", user="anna")

    assert reply.status == 403
    assert gate.last_row(kind="request", host="::ffff:203.0.113.7")["category"] == "ip-addresses"
