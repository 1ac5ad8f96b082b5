"""Only the CA that was recorded is trusted, as every device trusts it; what is wrong with it is said."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy_addon.ca import VALID_DAYS, ensure_ca
from proxy_addon.school_trust import CERTIFICATE, FINGERPRINT, FOLDER, NoTrust, trust

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("school"))


def made(state: Path) -> Path:
    ensure_ca(state, NOW)
    return state


def said(state: Path, at: datetime = NOW) -> str:
    with pytest.raises(NoTrust) as fault:
        trust(state, at.timestamp())
    return str(fault.value)


def test_the_school_ca_and_no_other_is_trusted_and_kept(school: Path) -> None:
    context = trust(school, NOW.timestamp())
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert trust(school, NOW.timestamp()) is context


def test_one_that_has_ended_is_told(school: Path) -> None:
    end = NOW + timedelta(days=VALID_DAYS)
    assert trust(school, (end - timedelta(minutes=1)).timestamp())
    assert said(school, end) == "has expired"


def test_one_that_was_put_in_its_place_is_told(school: Path, tmp_path: Path) -> None:
    other = made(tmp_path)
    shutil.copy(school / FINGERPRINT, other)
    assert said(other) == "is another one than the one recorded"


@pytest.mark.parametrize("lost", [f"{FOLDER}/{CERTIFICATE}", FINGERPRINT])
def test_what_is_lost_is_told(lost: str, tmp_path: Path) -> None:
    (made(tmp_path) / lost).unlink()
    assert said(tmp_path) == "cannot be read"


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "nothing",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "\u00fc",
    ],
    ids=["empty", "words", "no base64", "no certificate", "no ascii"],
)
def test_what_is_no_certificate_is_told(pem: str, school: Path, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    shutil.copy(school / FINGERPRINT, tmp_path)
    (tmp_path / FOLDER / CERTIFICATE).write_text(pem, "utf-8")
    assert said(tmp_path) == "cannot be read"
