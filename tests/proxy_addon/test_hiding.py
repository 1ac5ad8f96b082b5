"""The gate has the word for a hidden address as long as it has, or finds, the key."""

from pathlib import Path

from structlog.testing import capture_logs

from filter_lists.names import parse_url
from filter_lists.sealed_key import ensure_key, hidden, key_path
from proxy_addon.hiding import Hiding

PAGE = parse_url("https://bad.test/page")


def test_the_key_is_made_where_there_never_was_one(tmp_path: Path) -> None:
    assert Hiding(tmp_path)(PAGE) == hidden(ensure_key(tmp_path))(PAGE)


def test_a_gate_that_has_the_key_needs_its_file_no_more(tmp_path: Path) -> None:
    hide = Hiding(tmp_path)
    before = hide(PAGE)
    key_path(tmp_path).unlink()

    assert hide(PAGE) == before


def test_without_the_key_nothing_is_told_and_with_it_all_is_well_again(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)
    (tmp_path / "lists" / "f00").mkdir(parents=True)
    (tmp_path / "lists" / "f00" / "sealed.bin").write_bytes(b"")
    key_path(tmp_path).unlink()

    with capture_logs() as said:
        hide = Hiding(tmp_path)
    assert [each["event"] for each in said] == ["illegal_key.missing"]
    assert hide(PAGE) == "sealed:"

    key_path(tmp_path).write_bytes(key)
    assert hide(PAGE) == hidden(key)(PAGE)
