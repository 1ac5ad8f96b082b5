"""What is kept about one person, part by part, each read some rows at a time (S105)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, and_, or_, select

from audit_api.access_cases import disclosures_about, incidents_about
from audit_api.access_lines import Lines
from audit_api.access_redaction import ANOTHER, Redactor
from audit_api.times import iso, iso_or_none
from audit_log.api_tokens import kept_tokens
from audit_log.corrections import Correction, corrected, rows_of
from audit_log.db import reading
from audit_log.illegal_rows import ADDRESS, IllegalRows, illegal_rows
from audit_log.people import Registered
from audit_log.second_factors import kept_factor
from audit_log.set_aside import AsideRecord, fault_in, records_aside
from audit_log.tables import filtering_log, opening, proposal, session

AT_ONCE = 1000
LOG = filtering_log.c
KEPT_BACK = frozenset({"gate", "host_key", "who", "opened_in", "closed_in", "person_id", "keep"})
BROWSING = (*(name for name in LOG.keys() if name not in KEPT_BACK), "corrected")  # noqa: SIM118  # columns
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` is asked anew for each form that is written."""

    name: str
    title: str
    says: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class About:
    """Whom it is about, and as of when: what is stored later is in no form of it."""

    engine: Engine
    person: Registered
    agreed: tuple[Correction, ...]
    redact: Redactor
    illegal: frozenset[str]  # categories of which no entry is read out
    up_to_seal: int
    up_to_line: int
    zone: ZoneInfo

    @property
    def theirs(self) -> ColumnElement[bool]:
        return and_(rows_of(self.person.id, self.agreed), LOG.opened_in <= self.up_to_seal)


def parts_of(of: About) -> tuple[Part, ...]:
    lines = Lines(of.engine, of.person, of.redact, of.up_to_line, of.zone)
    rows: Mapping[str, Callable[[], Iterator[Row]]] = {
        "register": lambda: _register(of),
        "browsing": lambda: browsing(of),
        "searches": lambda: _searches(of),
        "set_aside": lambda: _set_aside(of),
        "corrections": lambda: _corrections(of),
        "requests": lambda: _requests(of),
        "opened_for_you": lambda: _for_them(of),
        "openings": lambda: _openings(of),
        "by_you": lines.by_them,
        "about_you": lines.about_them,
        "suspensions": lines.suspensions,
        "readings": lines.readings,
        "incidents": lambda: incidents_about(of.engine, of.person.id, of.up_to_line),
        "disclosures": lambda: disclosures_about(of.engine, of.person.id),
        "sessions": lambda: _sessions(of),
        "tokens": lambda: _tokens(of),
    }
    return tuple(Part(name, *told, rows[name]) for name, told in TOLD.items())


LINE = ("number", "at", "by", "says", "texts")
REGISTER = (
    "id", "username", "name", "role", "filter_groups", "classes", "agreement_signed", "added_at", "starts_at",
    "ends_at", "suspended_from", "suspended_until", "browsing_password_since", "console_password_since",
    "second_factor_since",
)  # fmt: skip
REQUESTS = (
    "asked_at", "sites", "for", "starts_at", "ends_at", "subject", "reason", "state", "decided_at",
    "decision_reason", "ended_at", "ended_reason",
)  # fmt: skip
ASIDE = (
    "at", "why", "kind", "address", "method", "url", "host", "category", "verdict", "reason", "terms",
    "status", "outcome",
)  # fmt: skip


# Of each part: its title, what it is, and its columns.
TOLD: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "register": ("The register", "What the school's register says of you.", REGISTER),
    "browsing": ("Browsing", "Each request, the oldest first: how it was decided, how it ended.", BROWSING),
    "searches": (
        "Searches",
        "What you typed into search engines, where the school keeps it.",
        ("at", "host", "search_terms"),
    ),
    "set_aside": (
        "Set aside",
        "Requests that could not be stored among the others, with why; kept as they came.",
        ASIDE,
    ),
    "corrections": (
        "Corrections",
        "Where what you did was recorded as another person's, or theirs as yours.",
        ("from", "to", "agreed_at", "says"),
    ),
    "requests": ("Requests", "Sites that you asked to be opened.", REQUESTS),
    "opened_for_you": ("Asked for you", "Sites that others asked to be opened for you by name.", REQUESTS),
    "openings": (
        "Openings",
        "What you opened for a class.",
        ("starts_at", "ends_at", "classes", "reason"),
    ),
    "by_you": ("Changes that you made", "Lines of the change log.", LINE),
    "about_you": ("Changes about you", "Lines of the change log, by others.", LINE),
    "suspensions": (
        "Suspensions",
        "When your access was taken away.",
        ("at", "by", "from", "until", "reason"),
    ),
    "readings": (
        "Who read your record",
        "Readings that were about you by name; those of a whole class or of everybody are not among them.",
        ("at", "by", "purpose", "what", "rows", "says"),
    ),
    "incidents": (
        "Incidents",
        "Where the school dealt with something that was about you, and it is over.",
        ("what", "state", "opened_at", "closed_at"),
    ),
    "disclosures": (
        "Disclosures",
        "Where what you browsed was shown to whoever leads you, and that is over.",
        ("asked_at", "from", "to", "state", "ended_at"),
    ),
    "sessions": (
        "Sessions",
        "When you were signed in to the console.",
        ("started_at", "seen_at", "ended_at"),
    ),
    "tokens": (
        "Tokens for programs",
        "What you let programs do in your name; of each token only a hash is kept.",
        ("name", "scopes", "addresses", "made_at", "ends_at", "last_used_at", "ended_at"),
    ),
}


def _register(of: About) -> Iterator[Row]:
    """That there is a password is told; there is only a hash of it, which is nobody's to see."""
    found = of.person
    factor = _all(of, lambda conn: kept_factor(conn, found.id))
    yield {
        **{name: getattr(found, name) for name in ("id", "username", "name", "agreement_signed")},
        "role": str(found.role),
        "filter_groups": list(found.filter_groups),
        "classes": list(found.classes),
        "added_at": iso(found.created_at),
        **{name: iso_or_none(getattr(found, name)) for name in ("starts_at", "ends_at")},
        **{name: iso_or_none(getattr(found, name)) for name in ("suspended_from", "suspended_until")},
        "browsing_password_since": iso_or_none(found.password_changed_at),
        "console_password_since": iso_or_none(found.console_changed_at),
        "second_factor_since": iso_or_none(factor.made_at if factor else None),
    }


def browsing(of: About, also: ColumnElement[bool] | None = None) -> Iterator[Row]:
    """Each page in a transaction of its own: whoever reads slowly holds up nobody."""
    last: tuple[datetime, str] | None = None
    where = of.theirs if also is None else and_(of.theirs, also)
    while True:
        asked = select(filtering_log).where(where).order_by(LOG.at, LOG.event_id).limit(AT_ONCE)
        if last is not None:
            at, event_id = last
            asked = asked.where(LOG.at >= at, or_(LOG.at > at, LOG.event_id > event_id))
        with reading(of.engine) as conn:
            found = conn.execute(asked).mappings().all()
            held = illegal_rows(conn)
        yield from (_browsed(of, held.over_values(dict(row))) for row in found)
        if len(found) < AT_ONCE:
            return
        last = found[-1]["at"], found[-1]["event_id"]


def _browsed(of: About, row: Mapping[Any, Any]) -> Row:
    told: dict[str, Any] = {name: row[name] for name in BROWSING if name in row}
    for name in ("filter_groups", "classes"):
        told[name] = list(row[name])
    if row["category"] in of.illegal:
        told["entry"] = None
    return {**told, "at": iso(row["at"]), "corrected": row["person_id"] != of.person.id}


def _searches(of: About) -> Iterator[Row]:
    for row in browsing(of, LOG.search_terms.is_not(None)):
        if row["search_terms"] is not None:  # it is not held for the police
            yield {name: row[name] for name in ("at", "host", "search_terms")}


def _set_aside(of: About) -> Iterator[Row]:
    """No value in such a record need be what it should."""
    after = ""
    while True:
        with reading(of.engine) as conn:
            some = records_aside(conn, AT_ONCE, after)
            held = illegal_rows(conn)
        for each in some:
            for asked in each.parts:
                if _is_theirs(of, asked, each):
                    end = [part for part in each.parts if part is not asked]
                    told = {key: value for part in (*end, asked) for key, value in part.items()}
                    told |= _less_addresses(held, asked, each)
                    yield {name: _plain(told.get(name)) for name in ASIDE} | {"why": fault_in(each.why)}
        if len(some) < AT_ONCE:
            return
        after = some[-1].key


def _less_addresses(held: IllegalRows, asked: Mapping[str, Any], each: AsideRecord) -> dict[str, None]:
    at, address = next(iter(each.times), None), asked.get("address")
    is_held = at and held.hold("", at, str(asked["person"]), str(address) if address else None, "")
    return dict.fromkeys((*ADDRESS, "terms")) if is_held else {}


def _is_theirs(of: About, asked: Mapping[str, Any], each: AsideRecord) -> bool:
    if not (person := asked.get("person")):
        return False
    at = next(iter(each.times), None)
    address = str(asked["address"]) if asked.get("address") else None
    whose = corrected(str(person), at, address, of.agreed) if at else str(person)
    return whose == of.person.id


def _plain(value: object) -> str | None:
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _corrections(of: About) -> Iterator[Row]:
    for each in of.agreed:
        theirs = [each.person_id == of.person.id, each.right_person_id == of.person.id]
        if not any(theirs):
            continue
        if all(theirs):
            says = "what was recorded as you is yours, whatever was agreed on before"
        elif theirs[0]:
            says = "what was recorded as you was not yours, and is left out"
        else:
            says = "what was recorded as another person was yours, and is in it"
        if each.client_address:
            says += ", as far as it came from one address"
        times = {"from": iso(each.from_at), "to": iso(each.to_at), "agreed_at": iso(each.agreed_at)}
        yield {**times, "says": says}


def _proposals(of: About, where: ColumnElement[bool]) -> Iterator[Mapping[Any, Any]]:
    asked = select(proposal).where(proposal.c.kind == "unblock", where).order_by(proposal.c.proposed_at)
    with reading(of.engine) as conn:
        ids = conn.scalars(asked.with_only_columns(proposal.c.id)).all()
    for id_ in ids:
        with reading(of.engine) as conn:
            row = conn.execute(select(proposal).where(proposal.c.id == id_)).mappings().first()
        if row is not None:
            yield row


def _requests(of: About) -> Iterator[Row]:
    """In their own words; others in them are taken out."""
    for row in _proposals(of, proposal.c.proposed_by == of.person.id):
        yield _request(of, row, with_words=True)


def _for_them(of: About) -> Iterator[Row]:
    """Somebody else's words are given where the request was for this person alone."""
    for row in _proposals(of, proposal.c.proposed_by != of.person.id):
        payload = row["payload"]
        if of.person.id in payload["people"]:
            alone = payload["people"] == [of.person.id] and not (
                payload["classes"] or payload["filter_groups"]
            )
            yield _request(of, row, with_words=alone)


def _request(of: About, row: Mapping[Any, Any], *, with_words: bool) -> Row:
    payload = row["payload"]
    words = {name: payload.get(name) for name in ("subject", "objective", "tried")}
    words |= {name: row[name] for name in ("reason", "decision_reason", "ended_reason")}
    times = ("starts_at", "ends_at", "decided_at", "ended_at")
    return {
        "asked_at": iso(row["proposed_at"]),
        "sites": list(payload["sites"]),
        "for": _whom(of, payload),
        **{name: iso_or_none(row[name]) for name in times},
        **{name: of.redact.text(said) if said and with_words else None for name, said in words.items()},
        "state": row["state"],
    }


def _whom(of: About, payload: Mapping[str, Any]) -> list[str]:
    told = [f"class {name}" for name in payload["classes"]]
    told += [f"the group {name}" for name in payload["filter_groups"]]
    return [*told, *("you" if each == of.person.id else ANOTHER for each in payload["people"])]


def _openings(of: About) -> Iterator[Row]:
    asked = select(opening).where(opening.c.opened_by == of.person.id).order_by(opening.c.starts_at)
    for row in _all(of, lambda conn: conn.execute(asked).mappings().all()):
        yield {
            "starts_at": iso(row["starts_at"]),
            "ends_at": iso(row["ends_at"]),
            "classes": list(row["classes"]),
            "reason": of.redact.text(row["reason"]),
        }


def _sessions(of: About) -> Iterator[Row]:
    asked = select(session).where(session.c.person_id == of.person.id).order_by(session.c.started_at)
    for row in _all(of, lambda conn: conn.execute(asked).mappings().all()):
        yield {name: iso_or_none(row[name]) for name in ("started_at", "seen_at", "ended_at")}


def _tokens(of: About) -> Iterator[Row]:
    for one in reversed(_all(of, lambda conn: kept_tokens(conn, of.person.id))):
        yield {
            "name": of.redact.text(one.name),
            "scopes": list(one.scopes),
            "addresses": list(one.addresses),
            **{name: iso_or_none(getattr(one, name)) for name in ("made_at", "ends_at", "last_used_at")},
            "ended_at": iso_or_none(one.ended_at),
        }


def _all(of: About, ask: Callable[[Connection], Any]) -> Any:
    """Of what one person has some hundreds at most."""
    with reading(of.engine) as conn:
        return ask(conn)
