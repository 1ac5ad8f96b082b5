"""What kill -9 cannot show: that a record is on disk, and not only in the kernel's memory, before an answer
or a request leaves. strace sees the calls of the gate in their order."""

import shutil
import ssl
from pathlib import Path

import pytest

from tests.crashes.clients import Clients, asking
from tests.crashes.conftest import Figure, Say
from tests.crashes.gates import HONEST, LATE, a_gate_to_kill, kill, start_again
from tests.crashes.order import Order
from tests.crashes.tracing import calls, traced
from tests.harness import until

REQUESTS_A_ROUND = 50  # 10,000 in 200 rounds
FEWEST = 300
EACH = {"answered http", "answered https", "answered connect", "answered unparsed"} | {
    "forwarded http",
    "forwarded https",
}
MISSING = "needs strace, which sees the order of calls (Debian: strace)"


def order_of(program: str, requests: int, folder: Path) -> Order:
    """A gate of that kind, looked at while it answers at least that many."""
    if shutil.which("strace") is None:
        pytest.skip(MISSING)
    into = folder / f"{program}.strace"
    with a_gate_to_kill() as gate:
        if program != HONEST:
            kill(gate)
            start_again(gate, program)
        order = Order(gate.port, gate.origin.http[1], gate.origin.https[1])
        try:
            with (
                traced(gate.process.pid, into),
                asking(Clients(gate, 0, newest=ssl.TLSVersion.TLSv1_2)) as clients,
            ):
                got = until(lambda: len(clients.answers), lambda got: got >= requests, 3600)
        except PermissionError as fault:
            pytest.skip(f"strace may not look at the gate on this machine: {fault}")
    assert got >= requests
    with into.open(encoding="latin-1") as lines:
        order.read(calls(lines))
    assert order.answers >= requests
    return order


@pytest.mark.system
@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_nothing_leaves_before_the_fdatasync_of_its_record(
    rounds: int, tmp_path: Path, say: Say, figure: Figure
) -> None:
    order = order_of(HONEST, max(FEWEST, REQUESTS_A_ROUND * rounds), tmp_path)

    assert not order.early
    assert set(order.checked) == EACH
    seen = f"{order.answers:,} answers and {order.sendings:,} sendings to a site"
    say(f"{seen}: 0 before the fdatasync of their record")
    figure("strace of the gate under load", f"{seen}, 0 before their `fdatasync`")


@pytest.mark.system
def test_a_gate_that_records_late_is_seen(tmp_path: Path, figure: Figure) -> None:
    order = order_of(LATE, FEWEST, tmp_path)

    assert len(order.early) > order.answers / 2
    assert {"answered", "forwarded"} == {each.partition(" ")[0] for each in order.early}
    figure(
        "the same with a gate that records 50 ms late",
        f"{len(order.early):,} of {order.checked.total():,} too early",
    )


RECORD = r'"00000000 {\"t\":\"open\",\"kind\":\"request\",\"url\":\"http://a.test/1\"}\n"'
CLIENT, SITE = "9<TCP:[127.0.0.1:80->127.0.0.1:5]>", "8<TCP:[127.0.0.1:6->127.0.0.1:81]>"
HEARD = rf'1 recvfrom({CLIENT}, "GET http://a.test/1 HTTP/1.1\r\n", 99, 0, NULL, NULL) = 30'
WRITTEN = f"2 write(7</j/gate-1.journal>, {RECORD}, 70) = 70"
SYNC_BEGINS = "2 fdatasync(7</j/gate-1.journal> <unfinished ...>"
SYNC_ENDS, SYNC_FAILS = (
    "2 <... fdatasync resumed>) = 0",
    "2 <... fdatasync resumed>) = -1 EIO (Input/output error)",
)
ANSWERED = rf'1 sendto({CLIENT}, "HTTP/1.1 200 OK\r\n", 17, 0, NULL, 0) = 17'
FORWARDED = rf'1 sendto({SITE}, "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n", 40, 0, NULL, 0) = 40'


@pytest.mark.parametrize(
    ("lines", "early"),
    [
        ([HEARD, WRITTEN, SYNC_BEGINS, SYNC_ENDS, FORWARDED, ANSWERED], 0),
        ([HEARD, WRITTEN, SYNC_BEGINS, FORWARDED, SYNC_ENDS, ANSWERED], 1),
        ([HEARD, WRITTEN, SYNC_BEGINS, SYNC_FAILS, FORWARDED, ANSWERED], 2),
        ([HEARD, SYNC_BEGINS, WRITTEN, SYNC_ENDS, FORWARDED, ANSWERED], 2),
        ([HEARD, FORWARDED, ANSWERED, WRITTEN, SYNC_BEGINS, SYNC_ENDS], 2),
        ([HEARD, WRITTEN, SYNC_BEGINS, ANSWERED, SYNC_ENDS], 1),
    ],
)
def test_the_order_is_read_as_it_was(lines: list[str], early: int) -> None:
    order = Order(gate=80, site=81, secure=82)
    order.read(calls(lines))

    assert len(order.early) == early
    assert order.answers == 1


def test_a_port_that_is_used_again_is_another_connection() -> None:
    accepted = f"1 accept4(5<TCP:[127.0.0.1:80]>, {{sa_family=AF_INET}}, [16], SOCK_CLOEXEC) = {CLIENT}"
    tunnelled = rf'1 recvfrom({CLIENT}, "CONNECT a.test:443 HTTP/1.1\r\n", 99, 0, NULL, NULL) = 30'
    order = Order(gate=80, site=81, secure=82)
    order.read(calls([accepted, tunnelled, accepted, HEARD, WRITTEN, SYNC_BEGINS, SYNC_ENDS, ANSWERED]))

    assert (order.early, order.checked) == ([], {"answered http": 1})
