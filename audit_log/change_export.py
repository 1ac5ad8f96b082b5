"""The whole change log as lines of JSON, for somebody who checks it without us: every sealed line exactly as
it was sealed, the texts beside it, signed checkpoints, and the names of the adults in it (under no seal).

docs/verifying.md tells the format. Use it in one `reading`, so that all of it is of one moment.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, text

from audit_log.as_written import as_written, shown
from audit_log.checkpoint import ORIGIN
from audit_log.people import people_by_ids
from audit_log.seal import stamp
from audit_log.streaming import streaming
from filter_policy.model import Role

COUNT = text("SELECT count(*) FROM change_log")
LINES = text("SELECT entry, leaf FROM change_log ORDER BY seq")
TEXTS = text("SELECT seq, field, salt, text FROM change_text ORDER BY seq, field")
NOTES = text("SELECT made_at, note FROM checkpoint ORDER BY size")
SOMEBODY = re.compile(r'"(p_[0-9a-z]{1,30})"')  # an id, wherever it stands in a line
NEWEST = 50  # of the checkpoints; of the others, the last of each day


def export_lines(
    conn: Connection, key: Ed25519PublicKey, at: datetime, withheld: Collection[str] = (), mark: str = ""
) -> Iterator[str]:
    """Each with its end of line. `withheld`: the fields of texts that this reader must not see. `mark`: who
    took it out; under no seal of ours, and no verifier asks for it.
    """
    lines = 0
    with as_written(conn):
        for line in _lines(conn, key, at, withheld, mark):
            lines += 1
            yield f"{_json(line)}\n"
    yield f"{_json({'end': True, 'lines': lines})}\n"


def _lines(
    conn: Connection, key: Ed25519PublicKey, at: datetime, withheld: Collection[str], mark: str
) -> Iterator[dict[str, Any]]:
    yield {
        "schoolgate": "change-log",
        "format": 1,
        "origin": ORIGIN,
        "public_key": base64.b64encode(key.public_bytes_raw()).decode(),
        "entries": conn.scalar(COUNT) or 0,
        "at": stamp(at),
        **({"export_mark": mark} if mark else {}),
    }
    somebody = set[str]()
    with streaming(conn, LINES) as rows:
        for row in rows:
            entry = shown(row.entry)
            somebody.update(SOMEBODY.findall(entry))
            yield {"entry": entry, "leaf": _hex(row.leaf)}
    with streaming(conn, TEXTS) as rows:
        for row in rows:
            yield {"text": _text(row, withheld)}
    for note in _notes(conn):
        yield {"checkpoint": note}
    known = people_by_ids(conn, somebody)
    for each in sorted(known.values(), key=lambda one: one.id):
        if each.role is not Role.PUPIL:
            yield {"name": {"id": each.id, "name": each.name, "role": str(each.role)}}


def _text(row: Any, withheld: Collection[str]) -> dict[str, Any]:
    """A text that was erased is null, and an entry says so. One that is kept from the reader is marked.

    Where there is no text there is no salt: with it, whoever guesses a name or a reason could see it fit.
    """
    told = {"seq": row.seq, "field": shown(row.field), "salt": "", "text": None}
    if row.text is None:
        return told
    if row.field in withheld:
        return {**told, "withheld": True}
    return {**told, "salt": _hex(row.salt), "text": shown(row.text)}


def _notes(conn: Connection) -> list[str]:
    """The last of each day, and the newest; the oldest first."""
    days, newest = dict[str, tuple[int, str]](), deque[tuple[int, str]](maxlen=NEWEST)
    with streaming(conn, NOTES) as rows:
        for number, row in enumerate(rows):
            each = number, shown(row.note)
            days[str(row.made_at)[:10]] = each
            newest.append(each)
    return [note for _, note in sorted({*days.values(), *newest})]


def _hex(data: Any) -> str:
    return data.hex() if isinstance(data, bytes) else ""


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
