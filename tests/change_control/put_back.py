"""Somebody who owns the database, and not the server's disk: an older database, or a log that is cut back."""

import shutil
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, text

from audit_log.db import writing
from change_control.bundle_proofs import LogLines
from change_control.desk import Desk, Published

FILE = "schoolgate.sqlite"
GUARDED = ("change_log", "change_text", "checkpoint", "second_factor")


def older(desk: Desk, folder: Path) -> Path:
    """The database as it is now, to be put back later."""
    desk.engine.dispose()  # whoever closes last empties the write-ahead log
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(desk.state / FILE, folder / "older.sqlite"))


def put_back(desk: Desk, database: Path) -> None:
    desk.engine.dispose()
    for path in desk.state.glob(f"{FILE}*"):
        path.unlink()
    shutil.copy(database, desk.state / FILE)


def anew(desk: Desk) -> Desk:
    """Another process, that remembers nothing."""
    return replace(desk, log_lines=LogLines(), published=Published())


def without_guards(engine: Engine) -> None:
    with writing(engine) as conn:
        if engine.dialect.name == "sqlite":
            for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                conn.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            for table in GUARDED:
                conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def cut_back(engine: Engine, size: int) -> None:
    """To so many lines: signed to its end, with nothing of what came after."""
    without_guards(engine)
    with writing(engine) as conn:
        for table, column in (("change_text", "seq"), ("checkpoint", "size"), ("change_log", "seq")):
            conn.execute(text(f"DELETE FROM {table} WHERE {column} > :size"), {"size": size})  # noqa: S608  # of these three
