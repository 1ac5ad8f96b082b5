"""Exports of the change log for tests of the offline verifier, written from the format that the docs tell."""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Lines = list[bytes]


def export_of(conn: sqlite3.Connection, key: Ed25519PublicKey, *, newest: int = 50) -> Lines:
    """Every line without its end, as somebody writes them who has the database and not our exporter."""
    entries = conn.execute("SELECT entry, leaf FROM change_log ORDER BY seq").fetchall()
    texts = conn.execute("SELECT seq, field, salt, text FROM change_text ORDER BY seq, field").fetchall()
    notes = conn.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT ?", (newest,)).fetchall()
    names = conn.execute("SELECT id, name, role FROM person WHERE role <> 'pupil' ORDER BY id").fetchall()
    return lines_of(
        [(entry, leaf.hex()) for entry, leaf in entries],
        key,
        [{"seq": seq, "field": name, "salt": salt.hex(), "text": said} for seq, name, salt, said in texts],
        [note for (note,) in reversed(notes)],
        [dict(zip(("id", "name", "role"), each, strict=True)) for each in names],
    )


def lines_of(  # noqa: PLR0917  # in the order of the file
    entries: Sequence[tuple[str, str]],
    key: Ed25519PublicKey,
    texts: Sequence[dict[str, Any]],
    notes: Sequence[str],
    names: Sequence[dict[str, Any]] = (),
    at: str = "2026-11-24T12:00:00.000000Z",
) -> Lines:
    header = {
        "schoolgate": "change-log",
        "format": 1,
        "origin": "schoolgate/change-log",
        "public_key": base64.b64encode(key.public_bytes_raw()).decode(),
        "entries": len(entries),
        "at": at,
    }
    sealed = [_entry(*each) for each in entries]
    lines: list[dict[str, Any]] = [{"text": each} for each in texts]
    lines += [{"checkpoint": note} for note in notes]
    lines += [{"name": each} for each in names]
    lines.append({"end": True, "lines": 1 + len(sealed) + len(lines)})
    beside = [json.dumps(line, ensure_ascii=False).encode() for line in lines]
    return [json.dumps(header).encode(), *sealed, *beside]


@lru_cache(maxsize=4096)  # of one log and a thousand that were tampered with
def _entry(entry: str, leaf: str) -> bytes:
    return json.dumps({"entry": entry, "leaf": leaf}, ensure_ascii=False).encode()


def changed(lines: Lines, number: int, change: Callable[[dict[str, Any]], object]) -> Lines:
    """With line `number` of the file (from 1) changed in place."""
    line = json.loads(lines[number - 1])
    change(line)
    return [*lines[: number - 1], json.dumps(line, ensure_ascii=False).encode(), *lines[number:]]


def counted_anew(lines: Iterable[bytes]) -> Lines:
    """With header and last line as if these were all, as somebody would who knows the format."""
    every = list(lines)
    header, end = json.loads(every[0]), {"end": True, "lines": len(every) - 1}
    header["entries"] = sum(line.startswith(b'{"entry"') for line in every)
    return [json.dumps(header).encode(), *every[1:-1], json.dumps(end).encode()]


def written(lines: Lines, path: Path) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path
