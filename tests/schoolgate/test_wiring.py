"""What is made once and kept: without it nothing starts that could open anything."""

from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.db import writing
from filter_lists.sealed_key import key_path
from schoolgate.settings import Settings
from schoolgate.telling import Failed
from schoolgate.wiring import ensure_illegal_key, open_database


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


def test_a_database_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, config=tmp_path, state=tmp_path)
    engine = open_database(settings)
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = 'of-tomorrow'"))
    engine.dispose()

    with pytest.raises(Failed, match="newer version of Schoolgate") as refused:
        open_database(settings)
    assert "restore the backup" in str(refused.value)
