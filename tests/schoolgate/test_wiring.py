"""What is made once and kept: without it nothing starts that could open anything."""

from pathlib import Path

import pytest

from filter_lists.sealed_key import key_path
from schoolgate.telling import Failed
from schoolgate.wiring import ensure_illegal_key


def test_the_key_to_illegal_content_is_made_before_the_first_list_and_never_after(tmp_path: Path) -> None:
    ensure_illegal_key(tmp_path)
    made = key_path(tmp_path).read_bytes()
    ensure_illegal_key(tmp_path)
    assert key_path(tmp_path).read_bytes() == made

    (tmp_path / "lists" / "f00").mkdir(parents=True)
    (tmp_path / "lists" / "f00" / "sealed.bin").write_bytes(b"")
    key_path(tmp_path).unlink()

    with pytest.raises(Failed, match="put it back from the backup"):
        ensure_illegal_key(tmp_path)
