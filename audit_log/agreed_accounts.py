"""Second factors and tokens against the sealed lines about them: none is there that no line tells of, none is
gone or another one.

Whoever deletes the row of a second factor would sign in without it, and whoever puts an old token back could
use it again. (Neither works: what is used is held against the lines too. Here it is found.)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text

from audit_log.agreed_rows import as_stamp
from audit_log.api_tokens import KeptToken, row_sha256
from audit_log.as_written import shown
from audit_log.fault import Fault
from audit_log.second_factors import sealed_sha256
from audit_log.tables import api_token

Entry = Mapping[str, Any]
FACTORS = text("SELECT person_id, sealed, made_at FROM second_factor ORDER BY person_id")
TOKENS = text(
    "SELECT id, person_id, role, CAST(scopes AS TEXT) AS scopes, CAST(addresses AS TEXT) AS addresses, proof,"
    " made_at, ends_at, ended_at FROM api_token ORDER BY id"
)
ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(slots=True)
class AgreedAccounts:
    """Given every line in its order, it knows each second factor and each token."""

    factors: dict[str, Entry] = field(default_factory=dict)  # the line that set it, by person
    tokens: dict[str, Entry] = field(default_factory=dict)
    ended: dict[str, Entry] = field(default_factory=dict)  # the line that revoked it, by token

    def add(self, entry: Entry) -> None:
        """A line that does not say what it should makes nothing agreed."""
        match entry["event"]:
            case "second-factor:set":
                self.factors[entry["object"]] = entry
            case "token:create":
                self.tokens[entry["object"]] = entry
            case "token:revoke":
                self.ended[entry["object"]] = entry
            case event:
                for person in cleared_by(event, entry["object"], entry["detail"]):
                    self.factors.pop(person, None)

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        self._check_factors(conn, entries)
        self._check_tokens(conn, entries)

    def _check_factors(self, conn: Connection, entries: int) -> None:
        rows = {row.person_id: row for row in conn.execute(FACTORS)}
        for extra in sorted(map(str, rows.keys() - self.factors.keys())):
            raise Fault(
                entries + 1, f"The database has a second factor of {shown(extra)}, that no entry tells of."
            )
        for person, entry in sorted(self.factors.items()):
            row, seq = rows.get(person), entry["seq"]
            if row is None:
                says = f"The second factor of {shown(person)}, of entry {seq}, has no row any more."
                raise Fault(seq, says)
            if _factor(row) != (entry["detail"].get("sha256"), entry["at"]):
                raise Fault(seq, f"The second factor of {shown(person)} is not the one of entry {seq}.")

    def _check_tokens(self, conn: Connection, entries: int) -> None:
        ids = set(conn.scalars(select(api_token.c.id)))
        for extra in sorted(map(str, ids - self.tokens.keys())):
            raise Fault(entries + 1, f"The database has a token, {shown(extra)}, that no entry tells of.")
        for gone in sorted(self.tokens.keys() - ids):
            seq = self.tokens[gone]["seq"]
            raise Fault(seq, f"The token {shown(gone)}, of entry {seq}, has no row any more.")
        for row in conn.execute(TOKENS):
            entry, ended = self.tokens[row.id], self.ended.get(row.id)
            sealed = (entry["detail"].get("sha256"), entry["at"], entry["actor"])
            if _token(row) != sealed:
                says = f"The token {shown(row.id)} is not what entry {entry['seq']} says was made."
                raise Fault(entry["seq"], says)
            if _end(row) != (ended["at"] if ended else None):
                seq = (ended or entry)["seq"]
                raise Fault(seq, f"When the token {shown(row.id)} ended is not what the entries say.")


def cleared_by(event: str, object_id: str, detail: Mapping[str, Any]) -> set[str]:
    """Whose second factor is gone after this line. A password chosen with a code begins without one."""
    try:
        match event:
            case "second-factor:clear" | "person:enrol":
                return {object_id}
            case "erasure:approve":
                return {detail["person"]}
            case "people:approve":
                return {one["person"] for one in detail["people"] if one.get("second_factor") == "clear"}
    except ODD:
        pass
    return set()


def _factor(row: Row[Any]) -> tuple[str | None, str | None]:
    try:
        return sealed_sha256(row.sealed), as_stamp(row.made_at)
    except ODD:  # only tampering brings what cannot be read
        return None, None


def _token(row: Row[Any]) -> tuple[str | None, str | None, str | None]:
    try:
        scopes, addresses = (tuple(json.loads(each)) for each in (row.scopes, row.addresses))
        made, ends = as_stamp(row.made_at), as_stamp(row.ends_at)
        kept = KeptToken(
            row.id, row.person_id, "", row.role, scopes, addresses, _time(made), _time(ends), row.proof
        )
        return row_sha256(kept), made, row.person_id
    except ODD:  # as above
        return None, None, None


def _time(stamp: str | None) -> datetime:
    return datetime.fromisoformat(stamp or "")


def _end(row: Row[Any]) -> str | None:
    try:
        return as_stamp(row.ended_at)
    except ValueError:
        return ""
