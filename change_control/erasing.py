"""The kind "erasure": the name of somebody who has left goes for good (S104); counts and seals stay whole.

In the register the name, the user name, the hashes, groups and classes go; so do the sessions and the
enrolment. The logs know people by an opaque id alone, and that id is nobody's from then on. Of what people
wrote, the texts go that name the person (or, if it is asked for, all that are about them), each with a line
of its own.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from audit_log.about import is_about_alone, lines_about
from audit_log.api_tokens import forget_token_names
from audit_log.db import reading
from audit_log.enrolment import forget_enrolment
from audit_log.fault import Fault
from audit_log.incident_holds import holds_person
from audit_log.people import Registered, change_person, people, person_by_id
from audit_log.second_factors import forget_factor
from audit_log.sessions import forget_sessions_of
from audit_log.tables import change_text, proposal
from change_control.codes import code_file
from change_control.corrections import found_person
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.erased_texts import Place, erase_everywhere
from change_control.errors import ChangeError, bad_input
from change_control.holds import holds_of
from change_control.in_force import parsed_policy
from change_control.naming import names_somebody
from change_control.register_rows import ERASED_USERNAME

KIND = "erasure"
ERASED_NAME = "erased person"
STAYS = "must not name them: it is kept when the name is gone"
KEPT = "this waits: their name is needed for now, and the headteacher knows for how long; agree to it then"
WRITTEN_IN_CASES = (
    "Where somebody wrote their name in an incident it stays, until the time of what was said there is over:"
    " look through the incidents first, if you may see them."
)
Which = Literal["naming", "about"]  # the texts that name them, or all that are about them as well
EVERYTHING_PERSONAL: Mapping[str, Any] = {
    "name": ERASED_NAME, "filter_groups": (), "classes": (), "agreement_signed": False,
    "starts_at": None, "suspended_from": None, "suspended_until": None,
    "password_hash": None, "password_changed_at": None, "password_must_change": True,
    "console_hash": None, "console_changed_at": None, "console_must_change": True,
}  # fmt: skip


def draft(conn: Connection, named: str, which: Which, reason: str, now: datetime) -> Draft:
    """Raises ChangeError: bad-input, wrong-state for who has not left, refused for who is held or needed."""
    faults: dict[str, str] = {}
    found = found_person(conn, named, "person", faults)
    if which not in ("naming", "about"):
        faults["texts"] = "naming or about"
    if found is not None and names_somebody(reason, found.username, found.name):
        faults["reason"] = STAYS
    if faults or found is None:
        raise bad_input(faults)
    _require_erasable(conn, found, now)
    texts = sorted(set(texts_naming(conn, found)) | set(_about(conn, found) if which == "about" else ()))
    return Draft(KIND, {"person": found.id, "texts": [list(each) for each in texts]}, reason)


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    return {name: row["payload"][name] for name in ("person", "texts")}


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], now: datetime) -> None:
    found = _person(conn, row)
    _require_erasable(conn, found, now)
    _require_no_case(conn, found)


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    found = _person(conn, row)
    asked = {(seq, field) for seq, field in row["payload"]["texts"]}
    erase_everywhere(conn, sorted(asked | set(texts_naming(conn, found))), actor, now)
    change_person(conn, found.id, username=ERASED_USERNAME + secrets.token_hex(8), **EVERYTHING_PERSONAL)
    forget_sessions_of(conn, found.id)
    forget_enrolment(conn, found.id)
    forget_factor(conn, found.id)
    forget_token_names(conn, found.id)
    return {}


def is_erased(found: Registered) -> bool:
    return found.username.startswith(ERASED_USERNAME)


def require_nameless(conn: Connection, row: Mapping[Any, Any], reason: str) -> None:
    """Of what the second person writes. Raises ChangeError."""
    found = _person(conn, row)
    if names_somebody(reason, found.username, found.name):
        raise bad_input({"reason": STAYS})


def remove_codes_of_nobody(desk: Desk) -> None:
    """The files of enrolment codes are named by user name."""
    with reading(desk.engine) as conn:
        known = {code_file(desk.state, each.username) for each in people(conn)}
    for path in code_file(desk.state, "any").parent.glob("*.code"):
        if path not in known:
            path.unlink(missing_ok=True)


def texts_naming(conn: Connection, found: Registered) -> Iterator[Place]:
    """Where somebody wrote the name down beside the change log."""
    kept = select(change_text).where(change_text.c.text.is_not(None)).order_by(change_text.c.seq)
    for row in conn.execute(kept):
        if names_somebody(row.text, found.username, found.name):
            yield row.seq, row.field


def _about(conn: Connection, found: Registered) -> Iterator[Place]:
    for entry in lines_about(conn, found.id):
        if is_about_alone(entry, found.id):
            yield from ((entry.seq, field) for field, text in entry.texts.items() if text is not None)


def _person(conn: Connection, row: Mapping[Any, Any]) -> Registered:
    found = person_by_id(conn, row["payload"]["person"])
    if found is None:
        raise ChangeError("refused", "this person is not on the register")
    return found


def _require_erasable(conn: Connection, found: Registered, now: datetime) -> None:
    if is_erased(found):
        raise ChangeError("wrong-state", "this person has been erased already")
    if found.ends_at is None or found.ends_at > now:
        raise ChangeError("wrong-state", "only who has left can be erased: end the account first")
    if held := holds_of(conn, found.id, found.created_at, found.ends_at):
        says = f"a legal hold keeps what they did ({', '.join(each.id for each in held)}); release it first"
        raise ChangeError("refused", says)
    if _waits(conn, found.id):
        raise ChangeError("refused", "a proposal about them in the register waits; let it be decided first")
    policy = parsed_policy(conn)
    if lists := [name for name, users in policy.selected_users.items() if found.username in users]:
        says = f"the policy names them among its selected users ({', '.join(sorted(lists))}); change it first"
        raise ChangeError("refused", says)


def _require_no_case(conn: Connection, found: Registered) -> None:
    """Of the leader who agrees alone: whoever proposes hears nothing else whether there is a case or not."""
    try:
        waits = holds_person(conn, found.id)
    except Fault:  # what cannot be read may be about them
        waits = True
    if waits:
        raise ChangeError("refused", KEPT)


def _waits(conn: Connection, person_id: str) -> bool:
    """Until it is decided, or written down as lapsed, such a proposal holds names."""
    waiting = select(proposal.c.payload).where(proposal.c.kind == "people", proposal.c.state == "requested")
    return any(one["id"] == person_id for payload in conn.scalars(waiting) for one in payload["rows"])
