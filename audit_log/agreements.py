"""What is in force is what was agreed: each proposal in the database against the sealed lines about it.

The gates follow the `proposal` table, so a row rewritten there would be a change that nobody agreed on. Every
act on a proposal seals its facts; here they are compared with the row, by the names that both have.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_copies import AgreedCopies
from audit_log.agreed_incidents import AgreedIncidents
from audit_log.agreed_log_reviews import AgreedLogReviews
from audit_log.agreed_previews import AgreedPreviews
from audit_log.agreed_reviews import AgreedReviews
from audit_log.agreed_rows import AgreedRows, as_stamp
from audit_log.as_written import shown
from audit_log.fault import Fault
from audit_log.seal import text_seal

PROPOSALS = text(
    "SELECT id, kind, state, loosening, CAST(payload AS TEXT) AS payload, proposed_by, proposed_at,"
    " decided_by, decided_at, ended_by, ended_at, starts_at, ends_at FROM proposal ORDER BY id"
)
FOUNDED = "school:found"  # brings the first policy and the first lists, in one person's name
FOUND_LISTS = "found_lists"  # in its detail: the id of the row of the lists, and what is sealed of it
KINDS = frozenset(
    {
        "policy",
        "lists",
        "unblock",
        "people",
        "correction",
        "hold-release",
        "erasure",
        "break-glass",
        "disclosure",
    }
)
AFTER = {
    "propose": "requested",
    "tighten": "approved",  # one person's word, since it only shuts
    "approve": "approved",
    "decline": "declined",
    "withdraw": "withdrawn",
    "lapse": "lapsed",
    "revoke": "revoked",
    "end": "ended",
    # Of lists alone: an update waits, or is in force at once; one person's word is enough.
    "hold": "requested",
    "update": "approved",
    "confirm": "approved",
    "rollback": "approved",
}
# Which columns say who did it and when.
WHO = {
    **dict.fromkeys(("propose", "tighten", "found", "hold", "update"), "proposed"),
    **dict.fromkeys(("approve", "decline", "confirm", "rollback"), "decided"),
}
REPLACING = frozenset({"hold", "update", "propose", "tighten", "rollback"})  # an update of lists that waited
KEPT = frozenset(  # may not be left out
    {"sites", "classes", "filter_groups", "windows", "companions", "agreed", "base", "lists", "entries"}
)
# Of an unblock, what its row may say only if the line about it does: with it, other sites would open.
SAID = ("windows", "companions")
AGREED = ("approve", "revoke", "end")
BESIDE = frozenset({"preview", "used_by"})  # of an approval: what the row knows nothing of

IN_FORCE = frozenset({"policy", "lists", "school"})  # of these one is, always

Entry = Mapping[str, Any]


@dataclass(slots=True)
class Agreements:
    """The sealed lines about proposals, in their order, and the state that they leave each proposal in."""

    lines: dict[str, list[Entry]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, Entry] = field(default_factory=dict)  # by the line that put another in its place
    beside: AgreedRows = field(default_factory=AgreedRows)
    reviews: AgreedReviews = field(default_factory=AgreedReviews)
    log_reviews: AgreedLogReviews = field(default_factory=AgreedLogReviews)
    previews: AgreedPreviews = field(default_factory=AgreedPreviews)
    copies: AgreedCopies = field(default_factory=AgreedCopies)
    incidents: AgreedIncidents = field(default_factory=AgreedIncidents)

    def add(self, entry: Entry) -> None:
        kind, _, verb = entry["event"].partition(":")
        self.beside.add(entry)
        self.reviews.add(entry)
        self.log_reviews.add(entry)
        self.previews.add(entry)
        self.copies.add(entry)
        self.incidents.add(entry)
        if entry["event"] == FOUNDED:
            self._keep(entry, "approved")
            if lists := _found_lists(entry):
                self._keep(lists, "approved")
        elif kind in KINDS and verb in AFTER:
            self._keep(entry, AFTER[verb])
            for superseded in _superseded(kind, verb, entry["detail"]):
                self.states[superseded] = "superseded"
                self.replaced[superseded] = entry

    def _keep(self, entry: Entry, state: str) -> None:
        self.lines.setdefault(entry["object"], []).append(entry)
        self.states[entry["object"]] = state

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        rows = conn.execute(PROPOSALS).all()
        self._check_all_there({row.id for row in rows})
        for row in rows:
            lines = self.lines.get(row.id)
            if lines is None:
                raise Fault(
                    entries + 1,
                    f"The database has a proposal, {shown(row.id)}, that no entry tells of.",
                )
            for entry in lines:
                if names := _differing(entry, lines[0], row):
                    raise Fault(entry["seq"], _says(names[0], row, entry))
            if row.kind == "lists" and (name := _settled_by_none(lines, self.replaced.get(row.id), row)):
                raise Fault(lines[-1]["seq"], _says(name, row, lines[-1]))
            if name := _not_as_told(lines, row):
                raise Fault(lines[-1]["seq"], _says(name, row, lines[-1]))
            if own := [entry["seq"] for entry in lines[1:] if _by_the_same(entry, lines[0])]:
                says = f"Entry {own[0]} says that somebody agreed to what they had proposed themselves."
                raise Fault(own[0], says)
            if row.state != self.states[row.id]:
                raise Fault(
                    lines[-1]["seq"],
                    f"Proposal {shown(row.id)} is {shown(row.state)} in the database,"
                    f" and by entry {lines[-1]['seq']} it is {self.states[row.id]}.",
                )
        self.beside.check(conn, entries)
        self.reviews.check(conn, entries)
        self.log_reviews.check(conn, entries)
        self.previews.check(conn, entries)
        self.copies.check(conn)
        self.incidents.check(conn, entries)

    def _check_all_there(self, ids: set[Any]) -> None:
        """Without the row in force, the gates would follow an older one; of lists every row is a way back."""
        for gone in sorted(self.lines.keys() - ids):
            last = self.lines[gone][-1]
            if last["event"].startswith("lists:") and self.states[gone] != "approved":
                raise Fault(
                    last["seq"], f"Proposal {shown(gone)}, of entry {last['seq']}, has no row any more."
                )
            if self.states[gone] == "approved" and last["event"].partition(":")[0] in IN_FORCE:
                says = f"Proposal {shown(gone)} is in force by entry {last['seq']}, and has no row any more."
                raise Fault(last["seq"], says)


def _found_lists(entry: Entry) -> Entry | None:
    """What the line of the founding says of the lists, as if it had a line of its own."""
    found = entry["detail"].get(FOUND_LISTS)
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        return None
    detail = {name: value for name, value in found.items() if name != "id"}
    return {**entry, "event": "lists:found", "object": found["id"], "detail": detail}


def _superseded(kind: str, verb: str, detail: Mapping[str, Any]) -> list[str]:
    """The proposals that this line puts another one in the place of."""
    gone = []
    if AFTER[verb] == "approved":
        gone.append(detail.get({"policy": "base", "lists": "base_id"}.get(kind, "")))
    if kind == "lists" and verb in REPLACING and isinstance(detail.get("replaces"), list):
        gone += detail["replaces"]
    return [each for each in gone if isinstance(each, str)]


def _says(name: str, row: Row[Any], entry: Entry) -> str:
    return (
        f"Proposal {shown(row.id)} is not what entry {entry['seq']} says was sealed: its {name} was changed."
    )


def _not_as_told(lines: Sequence[Entry], row: Row[Any]) -> str | None:
    """A decision that no line tells of; or one person's word where no line says that it only shuts."""
    verbs = {entry["event"].partition(":")[2] for entry in lines}
    if "decided" not in {WHO.get(verb, "ended") for verb in verbs} and (row.decided_by or row.decided_at):
        return "decided_by"
    if row.kind != "lists" and bool(row.loosening) == ("tighten" in verbs):  # of lists each line says it
        return "loosening"
    return None


def _by_the_same(entry: Entry, first: Entry) -> bool:
    return bool(entry["event"].endswith(":approve") and entry["actor"] == first["actor"])


def _settled_by_none(lines: Sequence[Entry], replaced: Entry | None, row: Row[Any]) -> str | None:
    """What the row says of an end that no line tells of, or that another one tells of."""
    verbs = {entry["event"].partition(":")[2] for entry in lines}
    if "ended" in {WHO.get(verb, "ended") for verb in verbs}:
        return None  # compared with that line
    wanted = (replaced["actor"], replaced["at"]) if replaced else (None, None)
    try:
        found = (row.ended_by, as_stamp(row.ended_at))
    except ValueError:
        return "ended_at"  # only tampering brings what is no time
    return next(
        (name for name, a, b in zip(("ended_by", "ended_at"), wanted, found, strict=True) if a != b), None
    )


def _differing(entry: Entry, first: Entry, row: Row[Any]) -> list[str]:
    """The names of what this line sealed otherwise than the row has it, or the line that asked for it."""
    try:
        return list(_compared(entry, first, row))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ["content"]  # only tampering brings what cannot be read


def _compared(entry: Entry, first: Entry, row: Row[Any]) -> Iterator[str]:
    kind, _, verb = entry["event"].partition(":")
    who = WHO.get(verb, "ended")
    facts = _facts(row)
    kept = {
        "kind": row.kind,
        f"{who}_by": getattr(row, f"{who}_by"),
        f"{who}_at": as_stamp(getattr(row, f"{who}_at")),
    }
    sealed = {
        "kind": "policy" if entry["event"] == FOUNDED else kind,
        f"{who}_by": entry["actor"],
        f"{who}_at": entry["at"],
    }
    yield from (name for name in kept if kept[name] != sealed[name])
    for name, value in entry["detail"].items():
        asked = first["detail"].get(name, value)
        there = name in facts or name in KEPT or (row.kind == "lists" and name not in BESIDE)
        if _text(asked) != _text(value) or (there and not _agree(name, value, facts.get(name))):
            yield shown(name)
    if kind == "unblock":
        said = (*SAID, "agreed") if verb in AGREED else SAID
        yield from (name for name in said if facts.get(name) and name not in entry["detail"])


def _facts(row: Row[Any]) -> dict[str, Any]:
    payload = json.loads(row.payload)
    facts = {
        **payload,
        "proposed_by": row.proposed_by,
        "starts_at": as_stamp(row.starts_at),
        "ends_at": as_stamp(row.ends_at),
    }
    if row.kind == "policy":
        facts["policy_sha256"] = hashlib.sha256(payload["text"].encode()).hexdigest()
    if row.kind == "lists":
        facts["config_sha256"] = hashlib.sha256(payload["config"].encode()).hexdigest()
        facts["loosening"] = bool(row.loosening)
    if row.kind == "people":
        facts["people"] = payload["rows"]
    if row.kind == "disclosure":
        facts["person_sha256"] = text_seal(bytes.fromhex(payload["salt"]), payload["person"])
    if row.kind == "correction":
        facts["address_sha256"] = _address_seal(payload)
    return facts


def _address_seal(payload: Mapping[str, Any]) -> str | None:
    """An address is a person's, so a salted hash of it is sealed."""
    address = payload["client_address"]
    return None if address is None else text_seal(bytes.fromhex(payload["salt"]), address)


def _agree(name: str, sealed: Any, kept: Any) -> bool:
    if name == "people" and isinstance(sealed, list) and any(isinstance(one, dict) for one in sealed):
        return isinstance(kept, list) and _same_people(sealed, kept)
    return _text(sealed) == _text(kept)


def _same_people(sealed: Sequence[Any], kept: Sequence[Any]) -> bool:
    """Names and passwords are not sealed, so each person is compared by what is."""
    if len(sealed) != len(kept):
        return False
    for said, one in zip(sealed, kept, strict=True):
        if not isinstance(said, dict) or not isinstance(one, dict) or not isinstance(one.get("set"), dict):
            return False
        now = {**one, "person": one.get("id"), "set": {name: one["set"].get(name) for name in said["set"]}}
        if any(name in now and _text(value) != _text(now[name]) for name, value in said.items()):
            return False
    return True


def _text(value: Any) -> str:
    """Equal only when it is the same JSON: True is not 1."""
    return json.dumps(value, sort_keys=True)
