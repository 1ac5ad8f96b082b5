"""Of the doctor: who can reach what, each finding both ways."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from schoolgate import doctor_network
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT

EVERYWHERE = "0.0.0.0"  # noqa: S104  # a setting, not bound


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings(ROOT / "config", {}), state=tmp_path)


@pytest.mark.parametrize(
    ("host", "url", "fit"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("127.0.0.1", "https://filter.school.example", True),
        ("10.0.0.5", "https://filter.school.example", True),
        ("10.0.0.5", "http://filter.school.example", False),
        (EVERYWHERE, "http://filter.school.example", False),
    ],
)
def test_a_console_in_the_clear_for_others_is_a_finding(
    settings: Settings, host: str, url: str, *, fit: bool
) -> None:
    (found,) = doctor_network.console_reached(replace(settings, api_host=host, console_url=url))

    assert found.fit is fit


@pytest.mark.parametrize(("host", "warns"), [(EVERYWHERE, True), ("::", True), ("10.0.0.5", False)])
def test_a_gate_on_every_address_is_told(settings: Settings, host: str, *, warns: bool) -> None:
    (found,) = doctor_network.proxy_reached(replace(settings, proxy_host=host))

    assert (found.fit, found.warns) == (True, warns)


@pytest.mark.parametrize(("named", "warns"), [("", False), ("127.0.0.1 ::1", False), ("10.0.0.9", True)])
def test_a_front_end_on_another_machine_is_told(settings: Settings, named: str, *, warns: bool) -> None:
    (found,) = doctor_network.front_ends(replace(settings, front_ends=named))

    assert found.warns is warns


def test_a_mail_server_is_asked_only_when_somebody_wants_it(settings: Settings) -> None:
    (none,) = doctor_network.mail(settings, connect=True)
    with socket.create_server(("127.9.0.7", 0)) as closed:
        port = closed.getsockname()[1]
    named = replace(settings, mail_host="127.9.0.7", mail_port=port, mail_tls="none", mail_password="canary")
    (not_tried,) = doctor_network.mail(named)
    (tried,) = doctor_network.mail(named, connect=True)

    assert (none.warns, not_tried.fit, tried.fit) == (True, True, False)
    assert "canary" not in tried.says


def test_a_key_that_others_may_read_is_a_finding(settings: Settings) -> None:
    assert list(doctor_network.readable_certificate(settings)) == []
    folder = settings.state / "ca"
    folder.mkdir()
    (folder / "public.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    key = folder / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    key.chmod(0o600)
    (clean,) = doctor_network.readable_certificate(settings)
    key.chmod(0o640)
    (found,) = doctor_network.readable_certificate(settings)

    assert (clean.fit, found.fit) == (True, False)


def test_what_the_policy_lets_the_gate_reach_is_told(founded: Path, settings: Settings) -> None:
    (found,) = doctor_network.egress_allowed(replace(settings, state=founded))

    assert (found.fit, found.warns) == (True, False)


@pytest.mark.parametrize(
    ("at", "ours"),
    [(("127.0.0.1", 8080), True), (("127.0.0.1", 8081), False), (("10.0.0.1", 5432), True)],
)
def test_our_own_listeners_are_known_by_address_and_port(at: tuple[str, int], *, ours: bool) -> None:
    listening = {("127.0.0.1", 8080), ("10.0.0.1", 5432), (EVERYWHERE, 9999)}

    assert doctor_network._is_ours(*at, listening) is ours
    assert doctor_network._is_ours("192.0.2.7", 9999, listening)
