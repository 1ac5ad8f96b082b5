"""The file that tells a device to use the gate opens no way round it."""

import re
from pathlib import Path

import pytest

from schoolgate.pac import pac_of, proxy_of, why_none
from schoolgate.settings import Settings

HERE = Settings(root=Path("/school"), config=Path("/school/config"))


def a_school(**changes: object) -> Settings:
    from dataclasses import replace

    return replace(HERE, **changes)  # type: ignore[arg-type]  # each test names real settings


@pytest.mark.parametrize(
    ("changes", "proxy"),
    [
        ({}, "127.0.0.1:8080"),
        ({"proxy_host": "10.0.0.2", "proxy_port": 3128}, "10.0.0.2:3128"),
        ({"proxy_host": "0.0.0.0", "console_url": "https://filter.test:8000"}, "filter.test:8080"),  # noqa: S104  # as a school writes it
        ({"proxy_host": "::", "proxy_name": "proxy.school.example"}, "proxy.school.example:8080"),
        ({"proxy_name": "2001:db8::8"}, "[2001:db8::8]:8080"),
    ],
)
def test_it_names_the_protected_address_as_devices_reach_it(changes: dict[str, object], proxy: str) -> None:
    assert proxy_of(a_school(**changes)) == proxy
    assert f'return "HTTPS {proxy}";' in pac_of(a_school(**changes))


def test_there_is_nothing_behind_the_protected_address() -> None:
    """PROXY would be the password in the clear; DIRECT no filter."""
    text = pac_of(a_school())
    answers = re.findall(r'return "([^"]*)"', text)
    assert answers == ["DIRECT", "DIRECT", "HTTPS 127.0.0.1:8080"]
    assert "PROXY" not in text


def test_of_all_sites_the_console_alone_is_reached_directly() -> None:
    text = pac_of(a_school(console_url="https://Filter.school.example:8000", proxy_host="10.0.0.2"))
    (length, console) = re.findall(r'substring\(0, ([0-9]+)\).toLowerCase\(\) == "([^"]*)"', text)[0]
    assert console == "https://filter.school.example:8000/"
    assert int(length) == len(console)
    assert not re.search("isInNet|dnsDomainIs|shExpMatch|isPlainHostName|dnsResolve", text)


@pytest.mark.parametrize(
    "changes",
    [
        {"api_host": "0.0.0.0"},  # noqa: S104  # as a school writes it
        {"api_host": "0.0.0.0", "proxy_host": "0.0.0.0"},  # noqa: S104  # as a school writes it
        {"api_host": "::", "proxy_host": "::"},
        {"api_host": "10.0.0.2", "proxy_host": "::1"},
        {"api_host": "10.0.0.2", "proxy_name": "localhost"},
        {"api_host": "10.0.0.2", "proxy_name": "LOCALHOST."},
        {"api_host": "10.0.0.2", "proxy_name": "::ffff:127.0.0.1"},
        {"api_host": "10.0.0.2", "proxy_name": "0.0.0.0"},  # noqa: S104  # as a school may write it
        {"console_url": "https://filter.school.example"},  # a front end hands it out
    ],
)
def test_no_device_of_the_school_is_led_to_itself(changes: dict[str, object]) -> None:
    assert pac_of(a_school(**changes)) == ""
    assert "set proxy_name in config/school.yaml" in why_none(a_school(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"api_host": "0.0.0.0", "proxy_name": "proxy.school.example"},  # noqa: S104  # as a school writes it
        {"api_host": "0.0.0.0", "console_url": "https://f.example", "proxy_host": "::"},  # noqa: S104  # as a school writes it
        {"api_host": "10.0.0.2", "proxy_host": "0.0.0.0"},  # noqa: S104  # as a school writes it
    ],
)
def test_a_file_that_leads_to_the_proxy_is_handed_out(changes: dict[str, object]) -> None:
    assert why_none(a_school(**changes)) == ""
    assert pac_of(a_school(**changes))
