"""The rooms put together: from settings to a desk, a gate, a recorder, an API."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
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

    from audit_log.db import NewerTablesError, migrate, open_engine

    ensure_state(settings.state)
    try:
        engine = open_engine(settings.database)
        if not migrated:
            migrate(engine)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        raise Failed(f"The database cannot be used: {said[0]}") from None
    except NewerTablesError:
        newer = "The database was made by a newer version of Schoolgate than this one."
        raise Failed(newer, "Start that version, or restore the backup from before the upgrade.") from None
    return engine


def open_desk(settings: Settings, *, migrated: bool = False) -> "Desk":
    """Everything that change control needs. Raises Failed.

    The lists in force are opened, and nothing is compiled: what lists.yaml on disk says is built when it is
    asked for, and comes into force when two people agreed on it (invariant 4). Before the founding the lists
    on disk are compiled, since there are no others.
    """
    from change_control.desk import Desk

    engine = open_database(settings, migrated=migrated)
    ensure_illegal_key(settings.state)
    key = signing_key(settings.state, engine)
    found, opened = _lists_found(settings), _opener(settings.state)

    def lists() -> "Lists":
        generation = _agreed_generation(engine)
        return found() if generation is None else opened(generation)

    desk = Desk(
        engine,
        settings.state,
        key,
        lists,
        opened=opened,
        lists_file=settings.lists,
        policy_file=settings.policy,
    )
    try:
        if is_founded(engine):
            _require_agreed(desk, found)
        else:
            found()
    except BaseException:
        engine.dispose()
        raise
    return desk


def _lists_found(settings: Settings) -> "Callable[[], Lists]":
    """The lists on disk, compiled when they are asked for, and once. Raises Failed."""

    @cache
    def found() -> "Lists":
        from filter_lists.compiler import ListsError
        from filter_lists.ensure import ensure_index

        try:
            return ensure_index(settings.lists, settings.state)
        except ListsError as error:
            raise Failed(f"The lists cannot be used ({settings.lists}):", *error.faults) from error

    return found


def _opener(state: Path) -> "Callable[[str], Lists]":
    """Each generation is checked once, and then kept for as long as it is there."""
    from filter_lists.generations import folder_of, open_generation
    from filter_lists.index import Index
    from filter_lists.manifest import IndexFault

    @lru_cache(maxsize=4)
    def checked(generation: str) -> Index:
        return open_generation(state, generation)

    def opened(generation: str) -> Index:
        folder = folder_of(state, generation)
        if not folder.is_dir():  # a mapped one would go on, and nobody else could open it
            raise IndexFault(folder, "is not there")
        return checked(generation)

    return opened


def _agreed_generation(engine: "Engine") -> str | None:
    """None before the founding."""
    from audit_log.db import reading
    from change_control.errors import ChangeError
    from change_control.in_force import agreed_lists

    try:
        with reading(engine) as conn:
            return agreed_lists(conn).generation
    except ChangeError:
        return None


def _require_agreed(desk: "Desk", found: "Callable[[], Lists]") -> None:
    """Where they are missing they are compiled once more: of the same lists the same generation comes."""
    from filter_lists.manifest import IndexFault

    try:
        desk.lists()
    except IndexFault as missing:
        log.error("lists.missing", why=str(missing))
        try:
            _compile_again(desk, found)
            desk.lists()
        except (IndexFault, Failed) as fault:
            raise _not_there(missing) from fault


def _compile_again(desk: "Desk", found: "Callable[[], Lists]") -> None:
    """Of lists.yaml as agreed and what was fetched last; an old database knows only the one on disk."""
    from change_control.errors import ChangeError
    from change_control.list_updates import update_order
    from filter_lists.updating import run

    try:
        order = update_order(desk, (), utc_now())
    except ChangeError:
        found()
    else:
        run(replace(order, base=None))


def _not_there(fault: Exception) -> Failed:
    return Failed(
        f"The lists that two people agreed on are missing or damaged: {fault}.",
        "Nothing is published, and no other lists take their place; a gate that runs goes on as it is.",
        "Put that folder back from the backup; or put the files of the lists back as they were:",
        "they are compiled into the same folder again.",
    )


def is_founded(engine: "Engine") -> bool:
    """Whether there is anybody in the register."""
    from audit_log.db import reading
    from audit_log.people import people_count

    with reading(engine) as conn:
        return people_count(conn) > 0


def ensure_illegal_key(state: Path) -> None:
    """The key of the lists that nobody may read; made before the first of them only. Raises Failed."""
    from filter_lists.sealed_key import ensure_key
    from filter_lists.summary import IndexFault

    try:
        ensure_key(state)
    except IndexFault as fault:
        raise Failed(f"The key to the lists of illegal content: {fault}.") from fault


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
