"""Of the doctor: keys that are missing, damaged, open to others, or of somebody else."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from proxy_addon.ca import ensure_ca
from schoolgate import doctor_keys
from schoolgate.doctor import examine
from schoolgate.front import Front
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@pytest.fixture
def settings(founded: Path, tmp_path: Path) -> Settings:
    state = shutil.copytree(founded, tmp_path / "state")
    return load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(state)})


def pem(key: Key) -> bytes:
    pkcs8, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, bare)


def test_the_keys_of_a_founded_school_are_well(settings: Settings) -> None:
    for check in (doctor_keys.ca, doctor_keys.signing_key, doctor_keys.console_certificate):
        assert [each.word for each in check(settings)] == ["ok"]


def test_an_authority_without_its_key_is_a_finding(settings: Settings) -> None:
    (settings.state / "ca" / "mitmproxy-ca.pem").unlink()

    (found,) = doctor_keys.ca(settings)

    assert not found.fit
    assert "cannot be read (No such file or directory)" in found.says


def test_a_key_of_another_authority_is_a_finding(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ensure_ca(tmp_path / "other", datetime.now(UTC))
    shutil.copy(tmp_path / "other" / "ca" / "mitmproxy-ca.pem", settings.state / "ca")

    (found,) = doctor_keys.ca(settings)

    assert not found.fit
    assert "is another one than the one recorded" in found.says


def test_another_certificate_to_hand_out_than_the_one_that_signs_is_a_finding(
    settings: Settings, tmp_path: Path
) -> None:
    other = ensure_ca(tmp_path / "other", datetime.now(UTC))
    shutil.copy(other, settings.state / "ca" / "school-ca.pem")

    (found,) = doctor_keys.ca(settings)

    assert (found.fit, found.says.endswith("another one than the gate signs with")) == (False, True)


def test_a_signing_key_that_is_missing_is_a_finding_of_the_whole_doctor(settings: Settings) -> None:
    (settings.state / "keys" / "change-log.key").unlink()

    found = {each.check: each for each in examine(Front(_settings=settings))}

    assert not found["signing key"].fit
    assert "is missing" in found["signing key"].says


@pytest.mark.parametrize("copies", [True, False])
def test_another_signing_key_is_a_finding(settings: Settings, *, copies: bool) -> None:
    """Also where whoever put it there changed what the gates trust."""
    key = ed25519.Ed25519PrivateKey.generate()
    (settings.state / "keys" / "change-log.key").write_bytes(pem(key))
    if copies:
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        public = key.public_key().public_bytes(serialization.Encoding.PEM, spki)
        for folder in ("keys", "bundle"):
            (settings.state / folder / "change-log.pub").write_bytes(public)

    (found,) = doctor_keys.signing_key(settings)

    assert not found.fit
    assert "the one that signed the change log up to entry" in found.says
    assert ("the one that gates trust" in found.says) is not copies


@pytest.mark.parametrize("content", [b"garbage", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_what_is_no_signing_key_is_a_finding(settings: Settings, content: bytes) -> None:
    (settings.state / "keys" / "change-log.key").write_bytes(content)

    (found,) = doctor_keys.signing_key(settings)

    assert not found.fit


def test_a_console_certificate_that_is_garbage_or_open_to_others_is_a_finding(settings: Settings) -> None:
    settings.console_tls.chmod(0o644)
    (open_to_all,) = doctor_keys.console_certificate(settings)
    settings.console_tls.chmod(0o600)
    settings.console_tls.write_bytes(b"x\n")
    (garbage,) = doctor_keys.console_certificate(settings)

    assert (open_to_all.fit, "chmod 600" in open_to_all.says) == (False, True)
    assert (garbage.fit, "is damaged" in garbage.says) == (False, True)


def test_a_console_certificate_with_another_key_or_other_names_is_a_finding(settings: Settings) -> None:
    (elsewhere,) = doctor_keys.console_certificate(replace(settings, console_url="https://other.example"))
    certificate = settings.console_tls.read_bytes().partition(b"-----BEGIN CERTIFICATE")
    other = pem(ec.generate_private_key(ec.SECP256R1()))
    settings.console_tls.write_bytes(other + certificate[1] + certificate[2])
    (unfit,) = doctor_keys.console_certificate(settings)

    assert (elsewhere.fit, "is not for other.example" in elsewhere.says) == (False, True)
    assert (unfit.fit, "does not fit its certificate" in unfit.says) == (False, True)


@pytest.mark.parametrize(("host", "fit"), [("127.0.0.1", True), ("10.0.0.2", False)])
def test_a_console_that_others_reach_needs_its_certificate(
    settings: Settings, host: str, *, fit: bool
) -> None:
    settings.console_tls.unlink()

    (found,) = doctor_keys.console_certificate(replace(settings, api_host=host))

    assert (found.fit, found.warns) == (fit, True)
