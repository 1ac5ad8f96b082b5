"""The policy in force and proposals of another one."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from audit_api.agreeing import as_it_is, history, names_for
from audit_api.answers import PolicyOut, PolicyProposalOut
from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_api.rows import Cursor
from audit_api.times import iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from change_control import proposals
from change_control.errors import ChangeError
from change_control.proposal import Proposal
from change_control.queries import get_proposal, in_force_since, list_proposals, overtaken
from filter_policy.model import Policy, Rule

KIND = "policy"


def in_force(visit: Visit) -> PolicyOut:
    """What the gates decide with: the bundle, not the database."""
    bundle = visit.window.bundle()
    return PolicyOut(
        revision=bundle.revision,
        school=bundle.policy.school,
        text=bundle.policy_text,
        undecided=list(bundle.policy.undecided),
    )


def etag(policy: PolicyOut) -> str:
    return f'"{policy.revision}"'


def propose(visit: Visit, text: str, reason: str, if_match: str | None = None) -> Proposal:
    """Raises Problem stale when `if_match` names another policy than the one in force, or ChangeError."""
    if if_match is not None and if_match.strip() != "*":
        current = etag(in_force(visit))
        if current not in [tag.strip() for tag in if_match.split(",")]:
            raise Problem("stale", headers={"ETag": current})
    return proposals.propose_policy(visit.desk, visit.reader.actor, text, reason, visit.now)


def page_of(
    visit: Visit, *, state: str | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[PolicyProposalOut], Cursor | None]:
    """Newest first, without the texts."""
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=KIND, state=state, limit=limit, cursor=cursor)
        views = _shown(conn, visit.reader, found.rows)
    return [each.model_copy(update={"text": None}) for each in views], found.next


def one(visit: Visit, found: Proposal) -> PolicyProposalOut:
    with reading(visit.desk.engine) as conn:
        return as_it_is(visit, found, _shown(conn, visit.reader, [found])[0])


@dataclass(frozen=True, slots=True)
class KindOfSite:
    """A row of the school's own table."""

    category: str
    who: tuple[tuple[str, str], ...]  # for whom, how far it is open
    note: str
    source: str


def table(policy: Policy) -> list[KindOfSite]:
    """Who may see what, as the school's own table has it (S116)."""
    return [
        KindOfSite(
            category,
            tuple((name, _cell(rule)) for name, rule in row.rules.items()),
            "locked: no lesson opens it" if row.locked else "",
            row.source or "",
        )
        for category, row in policy.access.items()
    ]


def _cell(rule: Rule) -> str:
    words = rule.access.value.replace("_", " ")
    return f"{words} ({', '.join(rule.names)})" if rule.names else words


def base_text(visit: Visit, view: PolicyProposalOut) -> str:
    """The policy that this one would replace, or did."""
    if view.base is None:
        return ""
    try:
        with reading(visit.desk.engine) as conn:
            return get_proposal(conn, view.base, visit.now).policy_text or ""
    except ChangeError:
        return ""


def difference(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Lines that go or come, with a little around them, each with its kind: minus, plus, same, at."""
    kinds = {"-": "minus", "+": "plus", "@": "at"}
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    for line in islice(lines, 2, None):  # the first two are its head; no other line is ever left out
        yield kinds.get(line[:1], "same"), "…" if line.startswith("@@") else line


def _shown(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> list[PolicyProposalOut]:
    names = names_for(conn, reader, found)
    too_late = overtaken(conn, found)
    since = iso_or_none(in_force_since(conn, KIND)) if too_late else None
    return [
        PolicyProposalOut(
            **history(each, names(each)),
            kind=each.kind,
            text=each.policy_text,
            base=each.payload.get("base"),
            overtaken=each.id in too_late,
            overtaken_at=since if each.id in too_late else None,
        )
        for each in found
    ]
