"""A file that turned up somewhere is held against the key of this server."""

import json
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_log.export_mark import Mark, marked
from tests.builders import NOON
from tests.running import Done, cli

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def mark(tmp_path: Path) -> Mark:
    """Made with the key of the server whose state folder is beside it."""
    folder = tmp_path / "state" / "keys"
    folder.mkdir(parents=True, mode=0o700)
    none = serialization.NoEncryption()
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    (folder / "change-log.key").write_bytes(pem)
    return marked(KEY, 7, "hedy", NOON, "0123456789abcdef")


def whose(folder: Path, name: str, *words: str) -> Done:
    environ = {"SCHOOLGATE_STATE": str(folder / "state")}
    return cli("log", "whose-export", str(folder / name), *words, environ=environ)


def test_it_says_who_took_a_file_out_and_which_line_tells_of_it(mark: Mark, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "found.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", "x" * (1 << 20) + f'"{mark}"\r\n' * 2)

    (told,) = json.loads(whose(tmp_path, "found.zip", "--json").stdout)
    assert told == {"entry": 7, "by": "hedy", "at": mark.at, "policy": "0123456789ab", "ours": True}
    assert "hedy took it out at" in whose(tmp_path, "found.zip").stdout


def test_a_mark_across_two_parts_of_a_file_is_found(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x" * ((1 << 20) - 20) + f'"{mark}"\r\n')

    assert whose(tmp_path, "rows.csv").returncode == 0


def test_a_mark_that_somebody_made_up_is_told_to_be_none_of_ours(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "forged.csv").write_text(str(mark).replace("hedy", "cora"))
    done = whose(tmp_path, "forged.csv")

    assert (done.returncode, "Not made here" in done.stdout) == (1, True)


def test_a_file_without_a_mark_or_that_is_not_there_is_a_failure(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text(f"a,b\n{mark.said}\n")

    assert "no mark" in whose(tmp_path, "none.csv").stderr
    assert whose(tmp_path, "nothing.csv").returncode == 1


def test_elsewhere_than_on_the_server_nothing_is_told(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(str(mark))
    (tmp_path / "state" / "keys" / "change-log.key").unlink()
    done = whose(tmp_path, "rows.csv")

    assert (done.returncode, "ask on the server" in done.stderr) == (1, True)
