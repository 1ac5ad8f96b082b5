"""What is told of a CA that cannot be used says what to do."""

from pathlib import Path

import pytest

from proxy_addon.ca import ensure_ca
from proxy_addon.ca_check import FINGERPRINT, CaFault, check_ca, recorded
from tests.builders import NOON


def test_no_fingerprint_is_recorded_before_there_is_a_ca(tmp_path: Path) -> None:
    assert recorded(tmp_path) is None


def test_the_certificate_that_is_checked_is_the_one_without_the_key(tmp_path: Path) -> None:
    certificate = ensure_ca(tmp_path, NOON)
    assert check_ca(tmp_path / "ca", recorded(tmp_path), NOON) == certificate.read_bytes()


def test_a_folder_that_cannot_be_read_is_told_with_the_way_back(tmp_path: Path) -> None:
    with pytest.raises(CaFault, match="cannot be read") as refused:
        check_ca(tmp_path / "ca", None, NOON)
    assert "from the backup" in refused.value.lines[1]
    assert FINGERPRINT in refused.value.lines[1]
