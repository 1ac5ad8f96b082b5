"""No option of mitmproxy opens the gate: not at the start, not from a file, not while it runs."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

from filter_policy.decide import decide
from proxy_addon import unsafe_options
from proxy_addon.egress import Egress
from proxy_addon.master import GateMaster, held, settings_faults
from tests.harness import a_gate, start
from tests.proxy_addon.fuzz_machine import Fuzz, a_world

DANGEROUS: dict[str, object] = {
    "ssl_insecure": True,
    "ignore_hosts": [".*"],
    "allow_hosts": ["allowed.test"],
    "tcp_hosts": [".*"],
    "udp_hosts": [".*"],
    "rawtcp": True,
    "http3": True,
    "mode": ["socks5"],
    "upstream_cert": True,
    "stream_large_bodies": "1",
    "store_streamed_bodies": True,
    "validate_inbound_headers": False,
    "connection_strategy": "eager",
    "keep_host_header": True,
    "showhost": True,
    "certs": ["*=/tmp/x.pem"],
    "connect_addr": "10.0.0.1",
    "tls_version_server_min": "TLS1",
}


def with_a_master(look: Callable[[GateMaster], None]) -> None:
    async def story() -> None:
        with a_world() as force:
            fuzz = Fuzz(force, Egress(), decide, records=True)
            look(fuzz.master)
            await fuzz.end()

    asyncio.run(story())


@pytest.mark.parametrize("name", DANGEROUS)
def test_an_option_that_opens_the_gate_stops_the_start(name: str) -> None:
    def look(master: GateMaster) -> None:
        settings = held(Path(master.options.confdir), "127.0.0.1", 0, None)
        master.options._options[name].set(DANGEROUS[name])
        (fault,) = settings_faults(master.options, settings)
        assert fault.startswith(f"{name}: must be")

    with_a_master(look)


def test_no_option_can_be_turned_while_the_gate_runs() -> None:
    def look(master: GateMaster) -> None:
        for name, value in DANGEROUS.items():
            before = getattr(master.options, name)
            with pytest.raises(OptionsError, match=name):
                master.options.update(**{name: value})  # type: ignore[no-untyped-call]  # ships no types
            assert getattr(master.options, name) == before

    with_a_master(look)


@pytest.mark.parametrize(
    "name", ["emudhra", "scripts", "proxyauth", "block_global", "map_remote", "anything_new", "modify_body"]
)
def test_an_option_that_nobody_has_read_stops_the_start(name: str) -> None:
    options = Options()
    settings = dict.fromkeys(options._options, None)
    options.add_option(name, bool, False, "as some other mitmproxy has it")
    assert unsafe_options.faults(options, settings) == [f"{name}: an option that has not been audited"]


def test_an_option_that_was_read_stays_as_it_was_shipped() -> None:
    options = Options()
    options.update(key_size=512)  # type: ignore[no-untyped-call]  # ships no types
    settings = {name: None for name in options._options if name != "key_size"}
    assert unsafe_options.faults(options, settings) == ["key_size: must be 2048, as shipped"]


def test_a_file_of_settings_beside_the_certificates_is_not_read() -> None:
    """As mitmproxy itself does; whoever can write there would have turned the filter off."""
    text = "ssl_insecure: true\nignore_hosts: ['.*']\nrawtcp: true\nmode: [socks5]\nscripts: [/tmp/x.py]\n"
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        gate.stop()
        for name in ("config.yaml", "config.yml"):
            (gate.state / "ca" / name).write_text(text)
        start(gate)
        assert gate.curl("https://bet.test/", user="anna").status == 403
        assert gate.curl("https://nocert.test/", user="anna").status == 502
        assert gate.curl("https://allowed.test/", user="anna").status == 200
        assert gate.origin.hosts() == ["allowed.test"]
