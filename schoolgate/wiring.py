"""The rooms put together: from settings to a desk, a gate, a recorder, an API."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolgate.settings import Settings
from schoolgate.telling import Failed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from change_control.desk import Desk, Lists

KEYS = "keys"
CHANGE_LOG_KEY = "change-log.key"
CHANGE_LOG_PUBLIC = "change-log.pub"

log = structlog.get_logger()


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
    """Everything that change control needs. Raises Failed.

    The lists as lists.yaml has them are compiled beside those in force, and are no more than a candidate:
    only a proposal that two people agreed on brings them into force (invariant 4). Where those agreed on
    cannot be opened, nothing takes their place.
    """
    from change_control.desk import Desk

    engine = open_database(settings, migrated=migrated)
    key = signing_key(settings.state, engine)
    founded = is_founded(engine)
    built = _candidate(settings, founded=founded)
    opened = _opener(settings.state)

    def agreed() -> "Lists":
        generation = _agreed_generation(engine)
        return built() if generation is None else opened(generation)

    desk = Desk(engine, settings.state, key, agreed, built=built, opened=opened)
    if founded:
        _require_agreed(desk)
    return desk


def _candidate(settings: Settings, *, founded: bool) -> "Callable[[], Lists]":
    """The lists on disk, compiled now. A school that is founded goes on where they cannot be used."""
    from change_control.errors import ChangeError
    from filter_lists.compiler import ListsError
    from filter_lists.ensure import ensure_index

    try:
        index = ensure_index(settings.lists, settings.state)
    except ListsError as error:
        if not founded:
            raise Failed(f"The lists cannot be used ({settings.lists}):", *error.faults) from error
        says = "the lists on the server's disk cannot be used: " + "; ".join(error.faults)
        log.error("lists.candidate_refused", faults=error.faults)
    else:
        return lambda: index

    def refuse() -> "Lists":
        raise ChangeError("refused", says)

    return refuse


def _opener(state: Path) -> "Callable[[str], Lists]":
    """Each generation is checked once, and then kept: the one agreed on and the candidate."""
    from filter_lists.ensure import FOLDER
    from filter_lists.index import Index

    @lru_cache(maxsize=4)
    def opened(generation: str) -> Index:
        return Index.open(state / FOLDER / generation)

    return opened


def _agreed_generation(engine: "Engine") -> str | None:
    """None before the founding."""
    from audit_log.db import reading
    from change_control.errors import ChangeError
    from change_control.in_force import policy_in_force

    try:
        with reading(engine) as conn:
            return policy_in_force(conn).lists
    except ChangeError:
        return None


def _require_agreed(desk: "Desk") -> None:
    from filter_lists.index import IndexFault

    try:
        desk.lists()
    except IndexFault as fault:
        desk.engine.dispose()
        raise Failed(
            f"The lists that two people agreed on are missing or damaged: {fault}.",
            "Nothing is published, and no other lists take their place; a gate that runs goes on as it is.",
            "Put that folder back from the backup; or put lists.yaml and the list files back as they were:",
            "they are compiled into the same folder again.",
        ) from fault


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
