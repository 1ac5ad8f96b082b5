"""The one way to add a line to a case: beside the seal what was said, in the change log its hash."""

import secrets
from collections.abc import Mapping
from typing import Any

from audit_log.incident_fold import fold, fold_on
from audit_log.incident_model import Incident, IncidentEntry
from audit_log.incidents import Sealed, entries_of, sealed, store_entry
from change_control.desk import Actor
from change_control.sealing import Change

Facts = Mapping[str, Any]


def write(  # noqa: PLR0917  # the order of every verb here: what is made, which case, what, who, why
    made: Change,
    case: Incident | None,
    act: str,
    actor: Actor,
    facts: Facts | Sealed,
    object_id: str | None = None,
) -> Incident:
    """One line of a case, here and in the change log; the case as it is with it. `case` None: a new one."""
    id_ = case.id if case else object_id or secrets.token_hex(8)
    kept = facts if isinstance(facts, Sealed) else sealed(facts)
    known = _known(made, id_) if case else None
    entry = IncidentEntry(
        0, id_, act, object_id or id_, actor.person_id, made.at, kept.facts, kept.salt, kept.text
    )
    after = fold_on(known, entry)
    detail = {"incident": id_, "facts": kept.sha256}
    if known is None or after.state != known.state:
        detail["to"] = after.state
    seq = made.seal(f"incident:{act}", actor, entry.object_id, detail)
    entry = IncidentEntry(
        seq, id_, act, entry.object_id, actor.person_id, made.at, kept.facts, kept.salt, kept.text
    )
    made.cases[id_] = after = fold_on(known, entry)
    store_entry(made.conn, entry, after)
    return after


def _known(made: Change, incident_id: str) -> Incident:
    """Read once in a change, however many lines it adds: while it lasts nobody else adds any."""
    if (known := made.cases.get(incident_id)) is not None:
        return known
    return fold(entries_of(made.conn, incident_id))
