"""Reviews, their signatures and the envelope against the sealed lines about them.

A review follows from the line of what one person did; who signed it, and so whether it is over, from lines
of the signatures; which envelope lies in the safe, and whether it was used, from those of the envelopes. A
row that somebody deleted, or marked as done, is named here. When one was due follows from the policy that was
in force; where its text is gone, that is not compared.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_rows import as_stamp
from audit_log.as_written import shown
from audit_log.fault import Fault
from audit_log.seal import stamp
from filter_policy.model import Reviews
from filter_policy.parse import PolicyError, parse_policy

Entry = Mapping[str, Any]
Facts = dict[str, Any]
POLICY = text("SELECT CAST(payload AS TEXT) FROM proposal WHERE id = :id")
REVIEWS = text(
    "SELECT id, kind, object_id, about_seq, opened_by, opened_at, due_at, needed, done_at FROM review"
    " ORDER BY about_seq, id"
)
SIGNATURES = text(
    "SELECT review_id, person_id, at, agrees FROM review_signature ORDER BY review_id, person_id"
)
ENVELOPES = text(
    "SELECT id, code_hash, made_by, agreed_by, made_at, replaced_at, used_at, used_by FROM break_glass"
    " ORDER BY id"
)
ENVELOPE = "break-glass"  # stands where an envelope was the second person
USE = "break-glass:use"
POLICIES = frozenset({"school:found", "policy:approve", "policy:tighten"})
LEAVING = frozenset({"person:end", "erasure:approve", "people:approve", "people:tighten"})
ENDINGS = frozenset({"ends_at", "role"})  # of somebody who can sign no more


@dataclass(slots=True)
class _Opened:
    """A review as it follows from a line; `policy`: the line of the policy that was in force."""

    line: Entry
    kind: str
    policy: Entry | None
    signed: dict[str, Entry] = field(default_factory=dict)  # the last word of each
    done_at: str | None = None
    signed_as: str | None = None  # the id of the review, which its signatures tell

    @property
    def needed(self) -> int:
        return 2 if self.kind == ENVELOPE else 1

    @property
    def concerned(self) -> set[Any]:
        detail = self.line["detail"] if self.kind == ENVELOPE else {}
        return {self.line["actor"], detail.get("person"), detail.get("proposed_by")}

    @property
    def silencing(self) -> set[Any]:
        """Whose ending of an account ends nobody's no; "": it did not end."""
        return (self.concerned - {None}) | {""}


@dataclass(slots=True)
class AgreedReviews:
    """Given every line in its order, it knows each review and each envelope."""

    opened: dict[int, _Opened] = field(default_factory=dict)  # by the number of the line
    ids: dict[str, int] = field(default_factory=dict)  # which line a review that was signed is about
    envelopes: dict[str, Facts] = field(default_factory=dict)
    odd: list[tuple[int, str]] = field(default_factory=list)  # lines that no verb of ours writes so
    # Those whose account has ended, or changed its role, and who did that alone.
    left: dict[str, str | None] = field(default_factory=dict)
    used_for: set[tuple[str, str]] = field(default_factory=set)  # proposals, and when
    policy: Entry | None = None

    def add(self, entry: Entry) -> None:
        try:
            self._add(entry, entry["event"], entry["detail"])
        except (KeyError, TypeError, AttributeError, ValueError):
            self.odd.append((entry["seq"], "does not say what it should"))

    def _add(self, entry: Entry, event: str, detail: Mapping[str, Any]) -> None:
        if event in POLICIES:
            self.policy = entry
        if event == "review:sign":
            self._sign(entry, detail)
        elif event == "break-glass:approve":
            self._made(entry, detail)
        elif event == USE:
            self._used(entry, detail)
        elif event.endswith(":tighten") or detail.get("review") is True:
            self.opened[entry["seq"]] = _Opened(entry, "tightening", self.policy)
        by_envelope = event.endswith(":approve") and entry["actor"] == ENVELOPE
        if by_envelope and (entry["object"], entry["at"]) not in self.used_for:
            self.odd.append((entry["seq"], "was agreed to by an envelope that nobody opened for it"))
        if event in LEAVING:
            alone = entry["actor"] if event == "person:end" else None
            self.left |= dict.fromkeys(_left(entry, event, detail), alone)

    def _sign(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        about = self.opened.get(detail["about"])
        if about is None or self.ids.setdefault(entry["object"], detail["about"]) != detail["about"]:
            self.odd.append((entry["seq"], "signs a review that there is not"))
            return
        if entry["actor"] in about.concerned or about.done_at is not None:
            self.odd.append((entry["seq"], "signs a review that its writer may not sign, or that was over"))
            return
        about.signed_as, about.signed[entry["actor"]] = entry["object"], entry
        agree = [each for each in about.signed.values() if each["detail"]["agrees"]]
        against = set(about.signed) - {each["actor"] for each in agree}
        gone = {each for each in detail["gone"] if self.left.get(each, "") not in about.silencing}
        if len(agree) >= about.needed and against <= gone:
            about.done_at = entry["at"]

    def _made(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        """The one before, if it was not used, is replaced."""
        for each in self.envelopes.values():
            if each["used_at"] is None and each["replaced_at"] is None:
                each["replaced_at"] = entry["at"]
        self.envelopes[entry["object"]] = {
            "code": detail["code_sha256"],
            "made_by": detail["proposed_by"],
            "agreed_by": entry["actor"],
            "made_at": entry["at"],
            "replaced_at": None,
            "used_at": None,
            "used_by": None,
            "seq": entry["seq"],
        }

    def _used(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        envelope = self.envelopes.get(detail["id"])
        if envelope is None or envelope["used_at"] or envelope["replaced_at"]:
            self.odd.append((entry["seq"], "tells of an envelope that was used already, or never made"))
            return
        if detail["for"] == "approve":
            self.used_for.add((detail["proposal"], entry["at"]))
        used_by = detail["person"] if detail["for"] == "code" else entry["actor"]
        envelope |= {"used_at": entry["at"], "used_by": used_by, "seq": entry["seq"]}
        self.opened[entry["seq"]] = _Opened(entry, ENVELOPE, self.policy)

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        for seq, says in self.odd:
            raise Fault(seq, f"Entry {seq} {says}.")
        try:
            self._check(conn, entries)
        except (ValueError, TypeError, AttributeError) as error:  # only tampering brings what cannot be read
            raise Fault(entries + 1, "A review, a signature or an envelope cannot be read.") from error

    def _check(self, conn: Connection, entries: int) -> None:
        rows = conn.execute(REVIEWS).all()
        signatures: dict[Any, list[Row[Any]]] = {}
        for row in conn.execute(SIGNATURES):
            signatures.setdefault(row.review_id, []).append(row)
        self._check_reviews(conn, rows, signatures, entries)
        for extra in signatures.keys() - {row.id for row in rows}:
            raise Fault(entries + 1, f"There is a signature of a review, {shown(extra)}, that there is not.")
        self._check_envelopes(conn.execute(ENVELOPES).all(), entries)

    def _check_reviews(
        self,
        conn: Connection,
        rows: Iterable[Row[Any]],
        signatures: Mapping[Any, list[Row[Any]]],
        entries: int,
    ) -> None:
        left, days = dict(self.opened), {}
        for row in rows:
            about = left.pop(row.about_seq, None)
            if about is None:
                raise Fault(
                    entries + 1, f"The database has a review, {shown(row.id)}, that no entry tells of."
                )
            if about.policy is not None and about.policy["seq"] not in days:
                days[about.policy["seq"]] = _days_of(conn, about.policy)
            found = days[about.policy["seq"]] if about.policy is not None else None
            self._compare(row, about, found, signatures.get(row.id, []))
        for seq in left:
            raise Fault(
                seq, f"What entry {seq} tells of was to be reviewed, and the review has no row any more."
            )

    def _compare(
        self, row: Row[Any], about: _Opened, days: Reviews | None, signed: Iterable[Row[Any]]
    ) -> None:
        line, told = (
            about.line,
            max((each["seq"] for each in about.signed.values()), default=about.line["seq"]),
        )
        sealed: Facts = {
            "id": about.signed_as or row.id,
            "kind": about.kind,
            "object_id": line["object"],
            "opened_by": line["actor"],
            "opened_at": line["at"],
            "due_at": _due(about, days) or as_stamp(row.due_at),
            "needed": about.needed,
            "done_at": about.done_at,
        }
        kept = {name: getattr(row, name) for name in sealed}
        kept |= {name: as_stamp(kept[name]) for name in ("opened_at", "due_at", "done_at")}
        for name in sealed:
            if kept[name] != sealed[name]:
                says = f"The review {shown(row.id)} is not what the entries up to {told} say: its"
                raise Fault(told, f"{says} {name} was changed.")
        if {each.person_id: (as_stamp(each.at), bool(each.agrees)) for each in signed} != {
            who: (each["at"], each["detail"]["agrees"]) for who, each in about.signed.items()
        }:
            raise Fault(told, f"The signatures of the review {shown(row.id)} are not those that were sealed.")

    def _check_envelopes(self, rows: Iterable[Row[Any]], entries: int) -> None:
        left = dict(self.envelopes)
        for row in rows:
            said = left.pop(row.id, None)
            if said is None:
                raise Fault(
                    entries + 1, f"The database has an envelope, {shown(row.id)}, that no entry tells of."
                )
            kept = {"code": row.code_hash, "made_by": row.made_by, "agreed_by": row.agreed_by}
            kept |= {"used_by": row.used_by}
            kept |= {name: as_stamp(getattr(row, name)) for name in ("made_at", "replaced_at", "used_at")}
            for name, value in kept.items():
                if said[name] != value:
                    says = f"The envelope {shown(row.id)} is not what entry {said['seq']} says was sealed"
                    raise Fault(said["seq"], f"{says}: its {name} was changed.")
        for gone, said in left.items():
            raise Fault(said["seq"], f"The envelope {shown(gone)} has no row any more.")


def _left(entry: Entry, event: str, detail: Mapping[str, Any]) -> Iterable[str]:
    """Those of whom this line says that they are not what they were."""
    if event == "person:end":
        yield entry["object"]
    elif event == "erasure:approve":
        yield detail["person"]
    else:
        yield from (one["person"] for one in detail["people"] if ENDINGS & one["set"].keys())


def _due(about: _Opened, days: Reviews | None) -> str | None:
    if days is None:
        return None
    wait = days.break_glass_days if about.kind == ENVELOPE else days.tightening_days
    return stamp(datetime.fromisoformat(about.line["at"]) + timedelta(days=wait))


def _days_of(conn: Connection, brought: Entry) -> Reviews | None:
    """None: the text is gone, or not as it was sealed (named elsewhere), or in words that we read no more."""
    policy_id = brought["detail"].get("policy", brought["object"])
    try:
        said = json.loads(str(conn.scalar(POLICY, {"id": policy_id})))["text"]
        if hashlib.sha256(said.encode()).hexdigest() == brought["detail"]["policy_sha256"]:
            return parse_policy(said).reviews
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, PolicyError):
        pass
    return None
