"""Whose export is this? A file that turned up somewhere, held against the key of this server."""

import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put, put_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit_log.export_mark import Mark

PART = 1 << 20
OVERLAP = 1024  # a mark is shorter: one that lies across two parts is found in the second
MOST_UNPACKED = 4 << 30


def whose_export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="An export, or a part of one: CSV, JSON, HTML, text or zip.")],
    as_json: AsJson = False,
) -> None:
    """Who took a file out of here, when, and which line of the change log tells of it. On the server alone.

    Exit codes: 0 found, and the mark is ours; 1 no mark in it, or one that was not made here.
    """
    marks = sorted(set(_marks(file)), key=lambda mark: mark.entry)
    if not marks:
        raise Failed(f"There is no mark of an export in {file}.")
    key = _key(front_of(ctx).settings.state)
    found = [(mark, mark.is_ours(key)) for mark in marks]
    if as_json:
        put_json(
            [
                {"entry": m.entry, "by": m.by, "at": m.at, "policy": m.policy, "ours": ours}
                for m, ours in found
            ]
        )
    else:
        for mark, ours in found:
            put(_told(mark) if ours else f"Not made here, or changed since: {mark}")
    if not all(ours for _, ours in found):
        raise typer.Exit(1)


def _told(mark: "Mark") -> str:
    return (
        f"{mark.by} took it out at {mark.at}, under policy {mark.policy}:"
        f" entry {mark.entry} of the change log"
    )


def _marks(file: Path) -> "Iterator[Mark]":
    """Raises Failed."""
    from audit_log.export_mark import marks_in

    try:
        for text in _texts(file):
            yield from marks_in(text)
    except (OSError, zipfile.BadZipFile) as error:
        raise Failed(f"{file} cannot be read: {error}") from error


def _texts(file: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(file):
        with file.open("rb") as opened:
            yield from _parts(opened.read)
        return
    with zipfile.ZipFile(file) as archive:
        for each in archive.infolist():
            if each.file_size <= MOST_UNPACKED:
                with archive.open(each) as part:
                    yield from _parts(part.read)


def _parts(read: Callable[[int], bytes]) -> Iterator[str]:
    before = b""
    while part := read(PART):
        yield unescape((before + part).decode("utf-8", "replace"))
        before = part[-OVERLAP:]


def _key(state: Path) -> "Ed25519PrivateKey":
    """Raises Failed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from schoolgate.wiring import CHANGE_LOG_KEY, KEYS

    path = state / KEYS / CHANGE_LOG_KEY
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise Failed(f"{path}, which marks were made with, cannot be read: ask on the server.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Failed(f"{path} is no Ed25519 key.")
    return key
