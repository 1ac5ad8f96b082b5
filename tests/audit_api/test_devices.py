"""One device is one device, however many addresses it takes."""

import pytest

from audit_api.devices import device_of


@pytest.mark.parametrize(
    ("address", "device"),
    [
        ("127.9.0.1", "127.9.0.1"),
        ("::ffff:127.9.0.1", "127.9.0.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_of_ipv6_is_its_network(address: str, device: str) -> None:
    assert device_of(address) == device
