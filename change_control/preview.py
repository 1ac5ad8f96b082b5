"""What a proposed policy, or proposed lists, would have changed lately: its report, kept and sealed.

The report is RFC 8785 JSON; the line of the approval holds the hash of the newest, so that nobody can say
later that another was read. It names sites and groups, never a person and never a part of an address. The
salt keeps what not everybody is shown (audit_api/previews.py) from being guessed by the hash.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import rfc8785
from sqlalchemy import Connection, Engine, insert, select

from audit_log.db import reading, writing
from audit_log.replay import Tell
from audit_log.seal import stamp
from audit_log.tables import preview as preview_table
from audit_log.tables import proposal
from change_control.desk import Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import agreed_lists, parsed, policy_in_force
from change_control.replay_counts import Replayed, Told, Turned
from change_control.replaying import Side, Span, replayed
from filter_policy.checks import failing
from filter_policy.life_cycle import State

KINDS = frozenset({"policy", "lists"})
DAYS = range(1, 366)
USUAL_DAYS = 30
TOP = 20  # sites told of, each way
Report = dict[str, Any]


class Text(NamedTuple):
    """One side: the text of a policy, and the generation of the lists that goes with it."""

    policy: str
    lists: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be replayed; as JSON it goes to a process of its own."""

    proposal: str
    kind: str
    old: Text = field(repr=False)
    new: Text = field(repr=False)
    starts_at: datetime
    ends_at: datetime

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    def to_json(self) -> dict[str, Any]:
        times = {name: getattr(self, name).isoformat() for name in ("starts_at", "ends_at")}
        return {**asdict(self), **times, "old": list(self.old), "new": list(self.new)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Order":
        return cls(
            str(raw["proposal"]),
            str(raw["kind"]),
            Text(*map(str, raw["old"])),
            Text(*map(str, raw["new"])),
            datetime.fromisoformat(raw["starts_at"]),
            datetime.fromisoformat(raw["ends_at"]),
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """As it was kept. `sha256` is that of `report`, whatever stands beside it."""

    proposal: str
    made_at: datetime
    text: str = field(repr=False)
    report: Report = field(repr=False)

    @property
    def sha256(self) -> str:
        return sha256_of(self.text)


def days_of(raw: object) -> int:
    """Raises ChangeError bad-input."""
    if type(raw) is not int or raw not in DAYS:
        says = f"a whole number of days from {DAYS[0]} to {DAYS[-1]} is needed"
        raise bad_input({"days": says})
    return raw


def order_of(conn: Connection, proposal_id: str, days: int, now: datetime) -> Order:
    """Raises ChangeError: not-found, wrong-state for what waits no more, bad-input."""
    span = Span(now - timedelta(days=days_of(days)), now)
    row = conn.execute(select(proposal).where(proposal.c.id == proposal_id)).mappings().one_or_none()
    if row is None or row["kind"] not in KINDS:
        raise ChangeError("not-found", "there is no such proposal of a policy or of lists")
    if row["state"] != State.REQUESTED:
        raise ChangeError(
            "wrong-state", f"only what waits for an answer is tried out; this is {row['state']}"
        )
    payload, old = row["payload"], Text(policy_in_force(conn).text, agreed_lists(conn).generation)
    new = (
        Text(payload["text"], old.lists)
        if row["kind"] == "policy"
        else Text(old.policy, payload["generation"])
    )
    return Order(proposal_id, row["kind"], old, new, *span)


def sides(order: Order, lists_of: Callable[[str], Any]) -> tuple[Side, Side]:
    """Raises IndexFault where lists are missing or damaged."""
    old, new = order.old, order.new
    return Side(parsed(old.policy), lists_of(old.lists)), Side(parsed(new.policy), lists_of(new.lists))


def replay_here(desk: Desk, order: Order, tell: Tell) -> Replayed:
    """In this process, and on one processor."""
    old, new = sides(order, desk.lists_of)
    return replayed(desk.engine, old, new, order.span, tell=tell)


def checks_of(order: Order, lists_of: Callable[[str], Any]) -> Report:
    """What the school expects of its own policy: how many things, and which of them would not hold.

    `before`: those that do not hold as it is.
    """
    old, new = sides(order, lists_of)
    before = {each.check for each in failing(old.policy, old.lists.lookup, new.policy)}
    found = failing(new.policy, new.lists.lookup, old.policy)
    return {
        "asked": len(new.policy.checks),
        "failing": [each.says for each in found if each.check not in before],
        "before": [each.says for each in found if each.check in before],
    }


def report_of(order: Order, found: Replayed, checks: Mapping[str, Any], made_at: datetime) -> Report:
    return {
        "schoolgate": "preview",
        "format": 1,
        "salt": secrets.token_hex(16),
        "proposal": order.proposal,
        "kind": order.kind,
        "made_at": stamp(made_at),
        "from": stamp(order.starts_at),
        "to": stamp(order.ends_at),
        "in_force": _named(order.old),
        "proposed": _named(order.new),
        "requests": found.requests,
        "by_host_alone": found.unsure,
        "answered_otherwise_then": found.otherwise,
        "without_a_name": found.nameless,
        "not_by_the_policy": dict(sorted(found.left_out.items())),
        "opens": _turned(found.opens),
        "shuts": _turned(found.shuts),
        "checks": dict(checks),
    }


def _named(text: Text) -> dict[str, str]:
    return {"policy_sha256": sha256_of(text.policy), "lists": text.lists}


def _turned(turned: Turned) -> dict[str, Any]:
    """Groups all, sites the most asked for; the rest of the sites together."""
    top = turned.top(TOP)
    groups = sorted(turned.groups, key=lambda each: (-turned.groups[each].requests, each))
    rest = [told for site, told in turned.sites.items() if site not in set(top)]
    return {
        **_figures(turned.total),
        "groups": [{"filter_groups": list(each), **_figures(turned.groups[each])} for each in groups],
        "sites": [{"site": site, **_figures(turned.sites[site])} for site in top],
        "other_sites": {
            "sites": len(rest),
            "requests": sum(each.requests for each in rest),
            "pages": sum(each.pages for each in rest),
        },
    }


def _figures(told: Told) -> dict[str, int]:
    return {"requests": told.requests, "pages": told.pages, "people": len(told.people)}


def save(engine: Engine, report: Report, made_at: datetime) -> Preview:
    """Whatever became of the proposal meanwhile: what was approved without it has no hash of it."""
    text = rfc8785.dumps(report).decode()
    made = Preview(report["proposal"], made_at, text, report)
    with writing(engine) as conn:
        row = {"proposal_id": made.proposal, "sha256": made.sha256, "made_at": made_at, "report": text}
        conn.execute(insert(preview_table).values(row))
    return made


def newest(conn: Connection, proposal_id: str) -> Preview | None:
    """None as well for one that somebody changed: nobody reads it, and `verify` names it."""
    asked = (
        select(preview_table)
        .where(preview_table.c.proposal_id == proposal_id)
        .order_by(preview_table.c.made_at.desc(), preview_table.c.sha256)
        .limit(1)
    )
    row = conn.execute(asked).one_or_none()
    if row is None or sha256_of(row.report) != row.sha256:
        return None
    return Preview(row.proposal_id, row.made_at, row.report, json.loads(row.report))


def require_newest(conn: Connection, proposal_id: str, sha256: str | None) -> None:
    """`sha256`: of the preview that somebody read, if he says so. Raises ChangeError wrong-state."""
    found = newest(conn, proposal_id) if sha256 is not None else None
    if sha256 is not None and (found is None or found.sha256 != sha256):
        raise ChangeError("wrong-state", "this is not the newest preview of the proposal; read that first")


def sealed(conn: Connection, row: Mapping[Any, Any]) -> dict[str, str | None]:
    """For the line of an approval: the hash of the newest preview, or None where there is none."""
    if row["kind"] not in KINDS:
        return {}
    found = newest(conn, row["id"])
    return {"preview": found.sha256 if found else None}


def without_preview(engine: Engine) -> list[str]:
    """Proposals that wait for an answer and were never tried out, oldest first."""
    waiting = (
        select(proposal.c.id)
        .where(
            proposal.c.kind.in_(KINDS),
            proposal.c.state == State.REQUESTED,
            proposal.c.id.not_in(select(preview_table.c.proposal_id)),
        )
        .order_by(proposal.c.proposed_at, proposal.c.id)
    )
    with reading(engine) as conn:
        return list(conn.scalars(waiting))


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
