"""A bundle for a referral: one ZIP with the form, the rows, and the way from each of them to the signed log
(S168, S175, S176, S185). A third person checks it without us and without a network: the verifier is inside.

The hash of what it says goes into a line of the case before it is given out, so that what somebody shows
years later is known to be what was made. In the illegal lane it has no address, no file, and of each row no
more than its number, when and whose it was (S169).
"""

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from sqlalchemy import Connection, select

from audit_log.as_written import as_written, shown
from audit_log.checkpoint import read_note
from audit_log.day_rows import StoredRow
from audit_log.db import reading
from audit_log.filtering_log import LogRow
from audit_log.incident_model import Incident
from audit_log.incidents import Sealed, entries_of, sealed
from audit_log.people import people_by_ids
from audit_log.rows import CLOSING, OPENING
from audit_log.seal import stamp
from audit_log.sightings import BLOCK
from audit_log.tables import change_log, checkpoint
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.incident_evidence import evidence_counts, evidence_rows, looked_into
from change_control.incident_files import stored
from change_control.incidents import case_for, opened_case, write
from change_control.referral_form import pdf_of
from change_control.referral_parts import EvidenceRows, Told, case_json, form_of, people_in
from change_control.referral_rows import columns, proof_in, proved, stored_rows, tree_of
from change_control.roles import entitle
from change_control.sealing import change

SIGNS = b"schoolgate/referral\n"  # stands before what is signed, so that no checkpoint is ever taken for it
MOST_ROWS = 20_000
VERIFIERS = ("verify_referral.py", "verify_changes.py")
CHANGED = "the incident has changed meanwhile; make the bundle again"
TOO_MANY = f"more than {MOST_ROWS} rows are evidence of this incident; that is more than one bundle takes"
READ_ME = """\
What this is
  Record of the e-safety incident {id}, made on {at} (UTC) for child protection.
  form.pdf is for people, to be printed and signed by two; case.json and rows.csv are for programs.{police}

How to check it, without a network and without the school
  python3 verify_referral.py            Python 3.9 or newer; in the folder where you unpacked this
  python3 verify_referral.py --key FILE with the school's public key, from its safe: then it is proved that
                                        this school signed it, and not somebody with a key of their own

  Read both verifiers before you believe them; they are short, and use nothing but Python.
"""
POLICE = """

  What happened may be illegal. There is no address of a site in here, no picture and no file. Of each row
  of the log its number stands here, and when and whose it was; the school keeps the rows themselves, and
  what proves them, for the police."""
Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class _Gathered:
    told: Told
    rows: list[StoredRow]
    files: Files


def make_referral(desk: Desk, actor: Actor, incident_id: str, now: datetime) -> bytes:
    """The ZIP. A line of the case says so first. Raises ChangeError."""
    with reading(desk.engine) as conn:
        entitle(conn, actor, "incident:made", now)
        case = case_for(conn, actor, incident_id)
        gathered = _gather(conn, case, actor, now)
    contents = _contents(gathered)
    with change(desk, now) as made:
        if opened_case(made, actor, "made", incident_id) != case:
            raise ChangeError("wrong-state", CHANGED)
        facts = {"contents": _digest(contents), "files": len(contents), "rows": len(gathered.rows)}
        said = sealed(facts)
        write(made, case, "made", actor, said)
    with reading(desk.engine) as conn, as_written(conn):
        proofs = _proofs(conn, gathered, said, desk)
    return _zipped(desk, case, contents | proofs, now)


def _gather(conn: Connection, case: Incident, actor: Actor, now: datetime) -> _Gathered:
    rows: dict[str, LogRow] = {}
    evidence = []
    for each in case.evidence:
        theirs, others = evidence_counts(conn, case, actor, each)
        if theirs > MOST_ROWS:
            raise ChangeError("refused", TOO_MANY)
        found = evidence_rows(conn, case, actor, each, MOST_ROWS)
        rows |= {row.event_id: row for row in found}
        sha256 = None if case.is_illegal else _hash_of(stored_rows(conn, found))
        evidence.append(EvidenceRows(each, len(found), sha256, others))
    looked = looked_into(conn, case, MOST_ROWS)
    rows |= {row.event_id: row for row in looked}
    if len(rows) > MOST_ROWS:
        raise ChangeError("refused", TOO_MANY)
    entries = entries_of(conn, case.id)
    visitors = {row.person_id for row in looked if row.person_id is not None}
    people = people_by_ids(conn, people_in(case, entries, actor.person_id) | visitors)
    zone = parsed_policy(conn).timetable.zone
    blocked = sorted({row.host for row in rows.values() if row.verdict == BLOCK and row.host is not None})
    told = Told(case, entries, people, evidence, looked, blocked, actor.person_id, now, zone)
    files = (
        {} if case.is_illegal else {f"files/{each.id}-{each.name}": stored(conn, each) for each in case.files}
    )
    return _Gathered(told, stored_rows(conn, list(rows.values())), files)


def _hash_of(rows: Iterable[StoredRow]) -> str:
    """Over their openings as they were sealed, one after the other."""
    halves = [row.halves for row in rows]
    return hashlib.sha256(b"".join(each[0] for each in halves if each)).hexdigest()


def _contents(gathered: _Gathered) -> Files:
    told = gathered.told
    police = POLICE if told.case.is_illegal else ""
    read_me = READ_ME.format(id=told.case.id, at=f"{told.at:%d %B %Y %H:%M}", police=police)
    table = {} if told.case.is_illegal else {"rows.csv": _table(gathered.rows)}
    return {
        "READ-ME.txt": read_me.encode(),
        "form.pdf": pdf_of(form_of(told)),
        "case.json": _json(case_json(told, columns())),
        **table,
        **gathered.files,
    }


def _table(rows: Iterable[StoredRow]) -> bytes:
    """For a spreadsheet: what would be a formula there stands behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["made_for_child_protection", *OPENING, *CLOSING])
    rule = OPENING.index("rule")
    for row in rows:
        purpose = "yes" if str(row.opening[rule] or "").startswith("investigation.") else ""
        writer.writerow([purpose, *(_cell(value) for value in (*row.opening, *row.closing))])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def _digest(contents: Mapping[str, bytes]) -> str:
    """Of what the case says, without the proofs; as the verifier works it out."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _proofs(conn: Connection, gathered: _Gathered, said: Sealed, desk: Desk) -> Files:
    """All of one moment: the newest checkpoint, and what leads to it."""
    case = gathered.told.case
    note = shown(conn.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)))
    signed = read_note(note)
    leaves = conn.scalars(
        select(change_log.c.leaf).where(change_log.c.seq <= signed.size).order_by(change_log.c.seq)
    ).all()
    if len(leaves) != signed.size:
        raise ChangeError("refused", "the change log is not whole: schoolgate changes verify says what it is")
    tree = tree_of(leaves)
    found = proved(conn, gathered.rows, signed, with_addresses=not case.is_illegal)

    def of_log(seqs: Iterable[int]) -> bytes:
        wanted = sorted(set(seqs))
        rows = conn.execute(select(change_log).where(change_log.c.seq.in_(wanted)).order_by(change_log.c.seq))
        return _jsonl(
            {"seq": row.seq, "sealed": shown(row.entry), "prev": row.prev.hex(), "leaf": row.leaf.hex()}
            | {"proof": proof_in(tree, row.seq - 1, signed.size)}
            for row in rows
        )

    key = desk.key.public_key().public_bytes_raw()
    verifiers = {name: (resources.files("audit_log.offline") / name).read_bytes() for name in VERIFIERS}
    entries = entries_of(conn, case.id)
    made = next(each.seq for each in entries if each.salt == said.salt)
    return {
        "made.json": _json({"seq": made, "facts": said.text, "salt": said.salt.hex()}),
        "lines.jsonl": of_log(each.seq for each in entries if each.seq <= made),
        "hours.jsonl": of_log(found.hours),
        "rows.jsonl": _jsonl(found.rows),
        "seals.jsonl": _jsonl(found.seals),
        "chain.jsonl": _jsonl(found.chain),
        "checkpoint.txt": note.encode(),
        "key.pub": base64.b64encode(key) + b"\n",
        **verifiers,
    }


def _zipped(desk: Desk, case: Incident, files: Files, now: datetime) -> bytes:
    manifest = _json(
        {
            "schoolgate": "referral-manifest",
            "format": 1,
            "incident": case.id,
            "lane": str(case.lane),
            "made_at": stamp(now),
            "purpose": "child protection",
            "files": {
                name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
                for name, content in sorted(files.items())
            },
        }
    )
    signature = base64.b64encode(desk.key.sign(SIGNS + manifest)) + b"\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**files, "manifest.json": manifest, "manifest.sig": signature}.items():
            info = zipfile.ZipInfo(name, now.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            packed.writestr(info, content)
    return out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _jsonl(lines: Iterable[Any]) -> bytes:
    return "".join(
        f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n" for line in lines
    ).encode()
