"""The change log as a file: all of it or none, and checked without the server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate.cli import app
from schoolgate.commands.changes_file import check_file, save_export
from schoolgate.telling import Failed

LINES = [b'{"entry":"{}","leaf":""}\n', b'{"end":true,', b'"lines":1}\n']


def test_a_file_has_its_name_when_all_of_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"

    assert save_export(iter(LINES), file, force=False) == 2

    assert file.read_bytes() == b"".join(LINES)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("came", [[], LINES[:1], LINES[:2], [*LINES, LINES[0]], [LINES[0], *LINES], [b"\n"]])
def test_half_an_export_is_no_file(tmp_path: Path, came: list[bytes]) -> None:
    with pytest.raises(Failed, match="broke off"):
        save_export(iter(came), tmp_path / "export.jsonl", force=False)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced_only_when_asked_and_only_by_a_whole_one(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text("mine")
    with pytest.raises(Failed, match="--force"):
        save_export(iter(LINES), file, force=False)
    with pytest.raises(Failed, match="broke off"):
        save_export(iter(LINES[:1]), file, force=True)
    assert file.read_text() == "mine"

    save_export(iter(LINES), file, force=True)

    assert file.read_bytes() == b"".join(LINES)


def test_one_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield LINES[0]
        raise Failed("the server broke off")

    with pytest.raises(Failed, match="the server broke off"):
        save_export(broken(), tmp_path / "export.jsonl", force=False)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="cannot be written"):
        save_export(iter(LINES), tmp_path / "none" / "export.jsonl", force=False)


def test_a_file_is_checked_without_a_server(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is whole and what is not, the verifier's own tests tell; here, that it is asked."""
    assert check_file(tmp_path / "none.jsonl", (), None, as_json=False) == 2
    bad = tmp_path / "-bad.jsonl"  # no option
    bad.write_text("nonsense\n")
    capfd.readouterr()

    code = check_file(bad, (), None, as_json=True)

    told = json.loads(capfd.readouterr().out)
    assert code in (1, 2)
    assert isinstance(told, dict)


@pytest.mark.parametrize("option", ["--checkpoint", "--key"])
def test_what_was_kept_is_held_only_against_a_file(option: str) -> None:
    done = CliRunner().invoke(app, ["changes", "verify", option, "kept.txt"])

    assert done.exit_code == 2
