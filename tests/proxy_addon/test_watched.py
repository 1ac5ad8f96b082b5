"""What the filter asks itself goes through the steps of everybody, and is written down as what it is."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from audit_log import canaries
from proxy_addon.probe import Asking
from proxy_addon.watch_proof import CANARIES, CATEGORY, Said, read_secret
from proxy_addon.watched import ILLEGAL_SAID
from tests.harness import Gate, a_gate

SEALED = f"c-child-sexual-abuse.{CANARIES}"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


def ask(gate: Gate, group: str, about: str, host: str) -> Said | None:
    secret = read_secret(gate.state)
    assert secret is not None
    with closing(Asking(secret)) as asking:
        return asking.ask(group, about, host)


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
    gate: Gate, group: str, category: str, said: Said
) -> None:
    host = f"c-{category}.{group}.{CANARIES}"
    assert ask(gate, group, f"{CATEGORY}{category}", host) == said
    row = gate.last_row(kind="canary", host=host)
    assert (row["person"], row["groups"], row["category"]) == (None, [group], category)
    assert (row["verdict"], row["reason"], row["outcome"]) == (said.verdict, said.reason, "done")


def test_the_lists_are_asked_as_for_everybody(gate: Gate) -> None:
    """A canary of a check is about a real site."""
    assert ask(gate, "staff", "check", "bet.test") == Said("block", "category-not-allowed")
    assert ask(gate, "staff", "check", "2606:4700::1") == Said("allow", "unlisted-allowed"), "an address too"
    assert gate.origin.seen == []


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


def test_a_failed_question_is_a_row_as_well(gate: Gate) -> None:
    with gate.failing("decide", "Exception"):
        assert ask(gate, "staff", f"{CATEGORY}education", f"fails.{CANARIES}") == Said("failed", "-")
    row = gate.last_row(kind="canary", host=f"fails.{CANARIES}")
    assert (row["verdict"], row["reason"]) == ("block", "failed-closed")
