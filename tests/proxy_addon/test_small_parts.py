"""The clock, the certificate authority, the connections and the settings of the gate."""

import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from mitmproxy.options import Options

from filter_lists.names import Url
from filter_policy.model import Decision, Reason, Verdict
from proxy_addon import master
from proxy_addon.ca import ensure_ca
from proxy_addon.ca_check import CERTIFICATE, KEY_AND_CERTIFICATE
from proxy_addon.clock import GateClock
from proxy_addon.connections import Connections, Exchange
from proxy_addon.identify import NOBODY, Identity
from proxy_addon.mitm_lean import HeldOptions
from proxy_addon.mitm_speed import Dispatch
from tests.builders import NOON
from tests.harness import Gate, a_gate


def test_time_does_not_go_back() -> None:
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(seconds=1)])
    clock = GateClock(lambda: next(times))
    assert [clock.now() for _ in range(3)] == [NOON, NOON, NOON + timedelta(seconds=1)]


def test_time_begins_where_the_journal_ended() -> None:
    assert GateClock(lambda: NOON, "2026-11-24T13:00:00.000001Z").now() == NOON + timedelta(
        hours=1, microseconds=1
    )
    assert GateClock(lambda: NOON, "2026-11-24T11:00:00Z").now() == NOON


def test_the_ca_is_made_once_and_its_key_is_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    first = ensure_ca(tmp_path, NOON).read_bytes()
    assert ensure_ca(tmp_path, NOON).read_bytes() == first
    assert stat.S_IMODE((folder / KEY_AND_CERTIFICATE).stat().st_mode) == 0o600
    assert b"PRIVATE" not in (folder / CERTIFICATE).read_bytes()
    certificate = x509.load_pem_x509_certificate(first)
    assert certificate.not_valid_before_utc < NOON < certificate.not_valid_after_utc
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def an_exchange(until: datetime | None) -> Exchange:
    decision = Decision(Verdict.ALLOW, Reason.UNBLOCK, "r", "r1", valid_until=until)
    return Exchange("1", Identity(NOBODY), (Url("http", "a.test", 80),), ("a.test", 80), decision)


def test_what_is_due_is_found_at_its_instant() -> None:
    connections = Connections()
    connections.begin("1", "10.0.0.1").open["f"] = an_exchange(NOON)
    connections.begin("2", "10.0.0.2").open["f"] = an_exchange(None)
    assert connections.due(NOON - timedelta(microseconds=1)) == []
    assert [connection.id for connection in connections.due(NOON)] == ["1"]
    assert connections.in_flight == 2


def test_only_what_was_let_by_is_permitted() -> None:
    connection = Connections().begin("1", "10.0.0.1")
    connection.open["f"] = an_exchange(None)
    assert connection.permits("a.test", 80)
    assert not connection.permits("a.test", 443)
    assert not connection.permits("b.test", 80)


def test_every_setting_that_keeps_the_gate_shut_is_held(tmp_path: Path) -> None:
    settings = master.held(tmp_path, "127.0.0.1", 0, None)
    options = Options()
    options.add_option("connection_strategy", str, "eager", "as shipped", choices=("eager", "lazy"))
    wrong = {name: value for name, value in settings.items() if name in options}
    found = " ".join(master.settings_faults(options, wrong))
    for name in ("connection_strategy", "rawtcp", "http3", "confdir"):
        assert f"{name}: must be" in found


def test_an_option_that_signs_with_a_stolen_key_is_refused() -> None:
    options = Options()
    options.add_option("emudhra", bool, False, "as in 12.3")
    assert master.settings_faults(options, {}) == []
    options.update(emudhra=True)  # type: ignore[no-untyped-call]  # mitmproxy ships no types
    assert master.settings_faults(options, {}) == ["emudhra: must not be on"]


def test_no_setting_can_be_turned_while_the_gate_runs() -> None:
    held = HeldOptions(Options())
    assert vars(held)["rawtcp"] is True
    with pytest.raises(AttributeError):
        setattr(held, "rawtcp", False)  # noqa: B010  # as mitmproxy would


def test_a_hook_that_raises_does_not_keep_others_from_hearing() -> None:
    heard: list[str] = []

    class First:
        def running(self, argument: object) -> None:
            heard.append("first")
            raise SystemExit

    class Second:
        async def running(self, argument: object) -> None:
            await asyncio.sleep(0)
            heard.append("second")

    class Hook:
        name = "running"

    dispatch = Dispatch()
    dispatch.learn([First(), Second()], ["running"], frozenset())
    dispatch._argument[Hook] = "name"  # type: ignore[index]  # no hook of mitmproxy's is needed to ask

    async def ask() -> None:
        pending = dispatch.begin(Hook())  # type: ignore[arg-type]  # as above
        assert pending is not None
        await pending

    asyncio.run(ask())
    assert heard == ["first", "second"]


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        yield gate


def test_nothing_is_served_under_our_own_name_without_a_login_and_a_row(gate: Gate) -> None:
    before = len(gate.rows())
    assert gate.curl("http://schoolgate.invalid/").status == 407
    assert gate.curl("http://schoolgate.invalid/health").status == 407
    assert gate.curl("https://schoolgate.invalid/health").connect == 407
    assert len(gate.rows()) == before + 3


def test_the_machine_time_is_utc(gate: Gate) -> None:
    gate.curl("http://allowed.test/utc", user="anna")
    at = datetime.fromisoformat(gate.last_row(url="http://allowed.test/utc")["at"])
    assert at.tzinfo == UTC
