"""What an address says of the device behind it, in every spelling; and nothing that breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.addresses import device_of, is_this_machine, network_of_six


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_loopback_is_this_machine(address: str) -> None:
    assert is_this_machine(address)


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.0.2.1", "::", "2001:db8::1", "::ffff:10.0.0.5", "", "local"]
)
def test_nothing_else_is(address: str) -> None:
    assert not is_this_machine(address)


@pytest.mark.parametrize("address", ["127.0.0.99", "::ffff:127.0.0.99", "10.0.0.5"])
def test_an_address_that_stands_for_another_machine_is_one_however_it_is_spelt(address: str) -> None:
    far = frozenset({"127.0.0.99", "10.0.0.5"})

    assert not is_this_machine(address, far)
    assert is_this_machine("127.0.0.9", far)


@pytest.mark.parametrize(
    ("address", "device"),
    [
        ("10.0.0.5", "10.0.0.5"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("2001:db8::5", "2001:db8::/64"),
        ("fe80::5%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_a_device_is_an_address_or_a_network_of_ipv6(address: str, device: str) -> None:
    assert device_of(address) == device


@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_whatever_is_asked_is_answered(address: str) -> None:
    assert isinstance(is_this_machine(address), bool)
    assert device_of(device_of(address)) or not address
    assert network_of_six(address) is None or ":" in address
