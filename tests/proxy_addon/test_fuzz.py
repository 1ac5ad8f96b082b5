"""Requests nobody would write, by the ten thousand: nothing forbidden is connected to, whatever is sent.

Seeds are a small grammar and, where they are beside the repository, the known ways around a filter. A failure
prints the case, which then belongs among the tests by name.
"""

import pytest

from filter_policy.decide import decide
from filter_policy.model import Decision, Reason, Verdict
from tests.proxy_addon.fuzz_cases import CORPUS, cases, known_ways, scaled
from tests.proxy_addon.fuzz_machine import TLS_MARK, Case, Found, run

SHARES = 4  # so that several workers take their part
INPUTS = scaled(50_000, 5_000)
SEED = 20261122

GET = b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n"
CONNECT = b"CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n\r\n"
INSIDE = b"GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n"


def holds(found: Found) -> None:
    assert not found.leaks
    crashes = {name for name in found.crashes if not name.startswith("responseheaders: UnaskedUpgrade")}
    assert not crashes, found.crashed


def test_the_machine_serves_what_is_open_and_refuses_what_is_not() -> None:
    shut = GET.replace(b"allowed", b"blocked")
    played = [Case((GET,)), Case((CONNECT, TLS_MARK, INSIDE)), Case((shut,))]
    found = run(lambda: iter(played))
    assert (found.cases, found.let_by, found.refused, found.leaks) == (3, 3, 1, [])


def test_the_oracle_sees_a_gate_that_lets_everything_by() -> None:
    def lets_by(*arguments: object, **more: object) -> Decision:
        return Decision(Verdict.ALLOW, Reason.UNLISTED_ALLOWED, "nothing", "r1")

    found = run(lambda: cases(SEED, 500), decide=lets_by)
    assert any("connected to" in why for why, _ in found.leaks)


def test_the_oracle_sees_a_gate_that_writes_nothing_down() -> None:
    found = run(lambda: cases(SEED, 500), records=False)
    assert any("without a row" in why for why, _ in found.leaks)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside this repository")
def test_no_known_way_gets_through_without_sockets_either() -> None:
    holds(run(known_ways))


@pytest.mark.torture
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.timeout(3600)
def test_nothing_that_is_sent_reaches_what_is_shut(share: int) -> None:
    found = run(lambda: cases(SEED + share, INPUTS // SHARES), decide=decide)
    holds(found)
    assert found.cases == INPUTS // SHARES
    assert found.let_by > found.cases // 20  # it gets past the first look
    assert found.refused > found.cases // 20
