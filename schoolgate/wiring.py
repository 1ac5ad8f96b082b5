"""The rooms put together: from settings to a desk, a gate, a recorder, an API."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolgate.settings import Settings
from schoolgate.telling import Failed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from change_control.desk import Desk

KEYS = "keys"
CHANGE_LOG_KEY = "change-log.key"
CHANGE_LOG_PUBLIC = "change-log.pub"


def utc_now() -> datetime:
    return datetime.now(UTC)


def ensure_state(state: Path) -> None:
    """The folder with everything that must not be lost, and that nobody else may read. Raises Failed."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if state.stat().st_mode & 0o077:
            state.chmod(0o700)
    except OSError as error:
        raise Failed(f"The state folder {state} cannot be used: {error.strerror}") from error


def open_database(settings: Settings, *, migrated: bool = False) -> "Engine":
    """With the tables that this version needs, unless that has been seen to. Raises Failed."""
    from sqlalchemy.exc import SQLAlchemyError

    from audit_log.db import migrate, open_engine

    ensure_state(settings.state)
    try:
        engine = open_engine(settings.database)
        if not migrated:
            migrate(engine)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        raise Failed(f"The database cannot be used: {said[0]}") from None
    return engine


def open_desk(settings: Settings, *, migrated: bool = False) -> "Desk":
    """Everything that change control needs. Raises Failed."""
    from change_control.desk import Desk
    from filter_lists.compiler import ListsError
    from filter_lists.ensure import ensure_index

    engine = open_database(settings, migrated=migrated)
    try:
        index = ensure_index(settings.lists, settings.state)
    except ListsError as error:
        raise Failed(f"The lists cannot be used ({settings.lists}):", *error.faults) from error
    return Desk(engine, settings.state, signing_key(settings.state, engine), lambda: index)


def is_founded(engine: "Engine") -> bool:
    """Whether there is anybody in the register."""
    from audit_log.db import reading
    from audit_log.people import people_count

    with reading(engine) as conn:
        return people_count(conn) > 0


def signing_key(state: Path, engine: "Engine") -> Ed25519PrivateKey:
    """The key that signs the change log; made before its first entry, and never after."""
    path = state / KEYS / CHANGE_LOG_KEY
    if not path.exists():
        _require_no_entries(engine, path)
        _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Failed(f"{path} is no Ed25519 key. Put it back from the backup.")
    return key


def _require_no_entries(engine: "Engine", path: Path) -> None:
    from sqlalchemy import func, select

    from audit_log.db import reading
    from audit_log.tables import change_log

    with reading(engine) as conn:
        if conn.scalar(select(func.count()).select_from(change_log)):
            raise Failed(f"{path}, which signs the change log, is missing. Put it back from the backup.")


def _make_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    path.with_name(CHANGE_LOG_PUBLIC).write_bytes(public)
