"""What the change log costs: sealing one change into a file that is on disk, and reading a long log again.

Beside each stands the least that anybody would have to do: to store a row and commit it; to read the lines
and hash each of them. Trust the ratios; the times are of the machine, and of what else runs on it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, insert, text

from audit_log.change_log import append, verify
from audit_log.checkpoint import note_hash, sign_checkpoint, write_note
from audit_log.db import migrate, open_engine, reading, writing
from audit_log.merkle import Frontier
from audit_log.seal import GENESIS, leaf_of, stamp, text_seal
from audit_log.tables import change_log, change_text, checkpoint

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WHY = "sources on the Bristol bus boycott, for the lesson after lunch"
LINE = {"actor": "p_0123456789abcdef", "role": "technician"}
DETAIL = {"sites": ["racism-history.test"], "classes": ["6B"], "starts_at": stamp(AT), "ends_at": stamp(AT)}
SALT = bytes(16)
AT_ONCE = 5000


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--entries", type=int, default=100_000)
    wanted.add_argument("--appends", type=int, default=500)
    wanted.add_argument("--folder", type=Path, help="on the disk that is meant; a temporary one else")
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        _appending(_engine(Path(folder) / "append.sqlite"), asked.appends)
        _verifying(_engine(Path(folder) / "verify.sqlite"), asked.entries)
    return 0


def _engine(file: Path) -> Engine:
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    return engine


def _appending(engine: Engine, times: int) -> None:
    """In turns, so that both meet the same disk."""
    with writing(engine) as conn:
        conn.execute(text("CREATE TABLE bare (a INTEGER PRIMARY KEY, b TEXT)"))
    ours, bare = list[float](), list[float]()
    for number in range(times):
        ours.append(_timed(partial(_one_change, engine)))
        bare.append(_timed(partial(_bare, engine, number)))
    (p50, p95), (bare50, bare95) = _of(ours), _of(bare)
    _say(f"append, sealed and signed   p50 {p50:.2f} ms   p95 {p95:.2f} ms   ({times} times)")
    _say(f"a bare INSERT and COMMIT    p50 {bare50:.2f} ms   p95 {bare95:.2f} ms")
    _say(f"ratio                       p50 {p50 / bare50:.1f}       p95 {p95 / bare95:.1f}")


def _one_change(engine: Engine) -> None:
    with writing(engine) as conn:
        append(conn, at=AT, event="hold:look", object_id="u_1", detail=DETAIL, texts={"reason": WHY}, **LINE)
        sign_checkpoint(conn, KEY, AT)


def _bare(engine: Engine, number: int) -> None:
    with writing(engine) as conn:
        conn.execute(text("INSERT INTO bare VALUES (:a, :b)"), {"a": number, "b": "x" * 500})


def _verifying(engine: Engine, entries: int) -> None:
    _fill(engine, entries)
    with reading(engine) as conn:
        bare = min(_timed(partial(_read_and_hash, engine)) for _ in range(3))
        began, cpu = time.perf_counter(), time.process_time()
        found = verify(conn, KEY.public_key())
        took, cpu = (time.perf_counter() - began) * 1000, time.process_time() - cpu
    assert found.whole, found.says
    _say(f"verify of {entries:,} entries, each signed   {took / 1000:.2f} s ({cpu:.2f} s of one core)")
    _say(f"reading and hashing their lines alone    {bare / 1000:.2f} s   ratio {took / bare:.1f}")


def _read_and_hash(engine: Engine) -> None:
    with reading(engine) as conn:
        for row in conn.execute(text("SELECT entry, prev FROM change_log ORDER BY seq")):
            sha256(b"\x00" + row.prev + row.entry.encode()).digest()


def _fill(engine: Engine, entries: int) -> None:
    """As changes would, one checkpoint each, in few transactions."""
    prev, before, tree = GENESIS, None, Frontier()
    seal, said = text_seal(SALT, WHY), stamp(AT)
    for first in range(1, entries + 1, AT_ONCE):
        lines, texts, notes = [], [], []
        for seq in range(first, min(first + AT_ONCE, entries + 1)):
            entry = (
                f'{{"actor":"{LINE["actor"]}","at":"{said}","detail":{{"classes":["6B"],"ends_at":"{said}",'
                f'"sites":["racism-history.test"],"starts_at":"{said}"}},"event":"hold:look",'
                f'"object":"u_1","role":"technician","seq":{seq},"texts":{{"reason":"{seal}"}}}}'
            )
            leaf = leaf_of(prev, entry)
            lines.append({"seq": seq, "entry": entry, "prev": prev, "leaf": leaf})
            texts.append({"seq": seq, "field": "reason", "salt": SALT, "text": WHY})
            tree.add(leaf)
            note = write_note(seq, tree.root(), KEY, None, before)
            notes.append({"size": seq, "made_at": AT, "note": note, "frontier": bytes(tree)})
            prev, before = leaf, note_hash(note)
        with writing(engine) as conn:
            conn.execute(text("DROP TRIGGER IF EXISTS change_text_with_its_line"))
            for table, rows in ((change_log, lines), (change_text, texts), (checkpoint, notes)):
                conn.execute(insert(table), rows)


def _timed(what: Callable[[], None]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1000


def _of(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20)
    return cuts[9], cuts[18]


def _say(line: str) -> None:
    print(line, flush=True)  # a figure, for whoever asked
