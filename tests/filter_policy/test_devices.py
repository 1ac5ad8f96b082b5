"""A device has one spelling, however its address came."""

import pytest

from filter_policy.devices import device_in


@pytest.mark.parametrize(
    ("said", "device"),
    [
        ("10.1.2.3", "10.1.2.3"),
        (" 10.1.2.3\n", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_spelled_in_one_way(said: str, device: str) -> None:
    assert device_in(said) == device == device_in(device)


@pytest.mark.parametrize("said", ["", "10.1.2", "10.1.2.0/24", "laptop-7", "010.1.2.3"])
def test_what_is_no_address_of_one_device_is_none(said: str) -> None:
    with pytest.raises(ValueError, match="address"):
        device_in(said)
