"""Files of a case: what somebody printed, photographed or was sent, with its SHA-256, who and when (S168).

Never in the illegal lane: an image of abuse must not be copied, not even as evidence (S169).
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from audit_log.incident_model import File, Incident
from audit_log.incident_rows import file_content
from audit_log.tables import incident_file
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.incidents import opened_case, require_open, write
from change_control.sealing import change
from change_control.texts import fault_of

MOST_BYTES = 10_000_000
LONGEST_NAME = 120
LONGEST_IN_BYTES = 180  # of UTF-8: with what is put before it in a bundle, no longer than a folder takes
MOST_FILES = 50  # of one case
NOT_A_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
NO_FILES = (
    "files of what may be illegal are neither kept nor shown here: leave it where it is, and tell the police"
)


@dataclass(frozen=True, slots=True)
class Attached:
    file: File
    content: bytes


def attach(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, incident_id: str, name: str, content: bytes, says: str, now: datetime
) -> Incident:
    """`says`: what it shows. Raises ChangeError."""
    faults = _faults(name, content, says)
    with change(desk, now) as made:
        case = opened_case(made, actor, "file", incident_id)
        require_open(case)
        require_files(case)
        if len(case.files) >= MOST_FILES:
            raise ChangeError("refused", f"an incident has at most {MOST_FILES} files")
        if faults:
            raise bad_input(faults)
        id_ = secrets.token_hex(8)
        made.conn.execute(insert(incident_file).values(id=id_, incident_id=case.id, content=content))
        facts = {
            "id": id_,
            "name": name.strip(),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "says": says.strip(),
        }
        return write(made, case, "file", actor, facts)


def content_of(desk: Desk, actor: Actor, incident_id: str, file_id: str, now: datetime) -> Attached:
    """For those who see all of the case; a line says that they looked. Raises ChangeError refused where it is
    not what was attached."""
    with change(desk, now) as made:
        case = opened_case(made, actor, "look", incident_id)
        require_files(case)
        found = next((each for each in case.files if each.id == file_id), None)
        if found is None:
            raise ChangeError("not-found", "there is no such file in this incident")
        content = stored(made.conn, found)
        write(made, case, "look", actor, {"file": found.id})
        return Attached(found, content)


def stored(conn: Connection, file: File) -> bytes:
    """Raises ChangeError refused where it is gone, or not what was attached."""
    content = file_content(conn, file.id)
    if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
        raise ChangeError("refused", "this file is not what was attached: schoolgate changes verify names it")
    return content


def require_files(case: Incident) -> None:
    """Raises ChangeError refused in the illegal lane."""
    if case.is_illegal:
        raise ChangeError("refused", NO_FILES)


def _faults(name: str, content: bytes, says: str) -> dict[str, str]:
    faults = {}
    if fault := fault_of(name, LONGEST_NAME):
        faults["name"] = fault
    elif not name.strip() or NOT_A_NAME.search(name) or name.strip().startswith("."):
        faults["name"] = (
            'the name of a file is needed, without / \\ : * ? " < > | and not beginning with a dot'
        )
    elif len(name.strip().encode()) > LONGEST_IN_BYTES:
        faults["name"] = f"is longer than {LONGEST_IN_BYTES} bytes; give the file a shorter name"
    if not content:
        faults["content"] = "is empty"
    elif len(content) > MOST_BYTES:
        faults["content"] = f"has {len(content)} bytes; at most {MOST_BYTES} are kept"
    if fault := fault_of(says):
        faults["says"] = fault
    return faults
