"""What each kind of proposal must be able to do; the protocol itself (`proposals.py`) knows no kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from audit_log.seal import stamp
from change_control.desk import Actor, Desk


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal that has been checked and is not yet made. `texts` go beside the seal, with the reason."""

    kind: str
    payload: Mapping[str, Any] = field(repr=False)
    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    handed: Mapping[str, str] = field(default_factory=dict, repr=False)  # see `Proposal.handed`
    loosening: bool = True  # False, where comparing decisions showed that it only shuts: one person's word


class Kind(Protocol):
    """A module with these three functions. `row` is the proposal's row."""

    def facts(self, row: Mapping[Any, Any], /) -> dict[str, object]:
        """What the change log seals: ids and facts, never a name."""

    def recheck(self, desk: Desk, conn: Connection, row: Mapping[Any, Any], now: datetime, /) -> None:
        """Just before approval: raises ChangeError if it could not be proposed today."""

    def apply(
        self, conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime, /
    ) -> Mapping[str, str]:
        """What approval changes besides the proposal's own row; returns what it hands to the approver."""


def instant(at: datetime | None) -> str | None:
    """As the change log writes it."""
    return None if at is None else stamp(at)
