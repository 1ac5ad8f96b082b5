"""Who may do what is what was sealed: each account, and each code to choose a password with, against the
lines of the change log.

An account whose role was changed in the database alone could approve, and one that was put there would be a
second person who is none. So what the lines made of each account is worked out here, and compared with its
row. Names and user names are not sealed (they can be corrected and erased); of a password, when it was chosen
and the hash of what is kept of it. What lines of an earlier version do not tell, nothing is compared with.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_rows import as_stamp
from audit_log.as_written import shown
from audit_log.fault import Fault
from audit_log.passwords import sealed_hash

Entry = Mapping[str, Any]
PERSONS = text(
    "SELECT id, role, CAST(filter_groups AS TEXT) AS filter_groups, CAST(classes AS TEXT) AS classes,"
    " agreement_signed, starts_at, ends_at, suspended_from, suspended_until, created_at,"
    " password_hash, password_changed_at, console_hash, console_changed_at"
    " FROM person ORDER BY id"
)
CODES = text("SELECT person_id, code_hash, made_at, used_at FROM enrolment ORDER BY person_id")
TIMES = ("starts_at", "ends_at", "suspended_from", "suspended_until", "created_at")
LISTS = ("filter_groups", "classes")
FLAGS = ("agreement_signed",)
WORDS = {"filter_groups": "filter groups", "agreement_signed": "signed agreement", "starts_at": "beginning",
         "ends_at": "end", "suspended_from": "suspension", "suspended_until": "end of the suspension",
         "created_at": "time of making", "proxy": "password for browsing",
         "console": "console password"}  # fmt: skip
NONE: Mapping[str, Any] = {"classes": [], **dict.fromkeys(TIMES)}
ERASED: Mapping[str, Any] = {
    "filter_groups": [], "classes": [], "agreement_signed": False,
    "starts_at": None, "suspended_from": None, "suspended_until": None,
}  # fmt: skip
ANY = "any"  # the hash, where a line of an earlier version does not tell it
# What only somebody does whose account is in force.
VERBS = frozenset({"propose", "approve", "tighten", "confirm", "rollback"})
ACTS = frozenset({"review:sign", "opening:open", "person:suspend", "person:end", "break-glass:use"})
Chosen = tuple[str | None, str | None]  # the hash of what is kept of a password, and when it was set
NO_PASSWORD: Chosen = (None, None)


@dataclass(slots=True)
class _Told:
    """What the lines make of one account; of what is not in `facts` they say nothing."""

    seq: int  # the line that said something of it last
    facts: dict[str, Any] = field(default_factory=dict)
    # What each password may be: of an enrolment, earlier lines do not say whether it set both.
    passwords: dict[str, set[Chosen]] = field(default_factory=dict)


@dataclass(slots=True)
class _Code:
    seq: int
    made_at: str
    hash: str | None = None  # a line of an earlier version does not tell it
    used_at: str | None = None


@dataclass(slots=True)
class AgreedPeople:
    """Given every line in its order, it knows each account and each code."""

    people: dict[str, _Told] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    out: tuple[int, str] | None = None  # the first line by somebody who could not act, and who

    def add(self, entry: Entry) -> None:
        """A line that does not say what it should makes nothing agreed."""
        if self.out is None and self._is_out(entry):
            self.out = entry["seq"], entry["actor"]
        if tells := TELLING.get(entry["event"]):
            try:
                tells(self, entry, entry["detail"])
            except (KeyError, TypeError, ValueError, AttributeError):
                return

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        if self.out is not None:
            seq, who = self.out
            says = f"Entry {seq} is by {shown(who)}, whose account had ended or was suspended at that time."
            raise Fault(seq, says)
        rows = conn.execute(PERSONS).all()
        _none_beside("an account", (row.id for row in rows), self.people, entries)
        for gone in sorted(self.people.keys() - {row.id for row in rows}):
            raise Fault(self.people[gone].seq, f"The account {shown(gone)} is not in the database any more.")
        for row in rows:
            _compare(row, self.people[row.id])
        codes = conn.execute(CODES).all()
        _none_beside("an enrolment code of", (row.person_id for row in codes), self.codes, entries)
        for row in codes:
            code = self.codes[row.person_id]
            if _times_of(row) != (code.made_at, code.used_at):
                says = f"The enrolment code of {shown(row.person_id)} is not as entry {code.seq} says:"
                raise Fault(code.seq, f"{says} when it was made or used was changed.")
            if code.hash is not None and row.code_hash != code.hash:
                says = f"The enrolment code of {shown(row.person_id)} is not the one of entry {code.seq}."
                raise Fault(code.seq, says)

    def _is_out(self, entry: Entry) -> bool:
        told = self.people.get(entry["actor"])
        acts = entry["event"] in ACTS or entry["event"].partition(":")[2] in VERBS
        if told is None or not acts:
            return False
        at = entry["at"]
        ends, start, until = (told.facts.get(each) for each in TIMES[1:4])  # sealed times sort as text
        if isinstance(ends, str) and ends <= at:
            return True
        return isinstance(start, str) and start <= at and not (isinstance(until, str) and until <= at)

    def _found(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        """The first two. What their filter groups are, lines of an earlier version do not say."""
        for one in detail["people"]:
            groups = {"filter_groups": sorted(one["filter_groups"])} if "filter_groups" in one else {}
            facts = {**NONE, "agreement_signed": True, "role": one["role"], "created_at": entry["at"]}
            self._new(entry, one["person"], facts | groups)
            self._code(entry, one["person"])

    def _code(self, entry: Entry, person: str) -> None:
        told = entry["detail"].get("codes", {})
        self.codes[person] = _Code(entry["seq"], entry["at"], told.get(person))

    def _new(self, entry: Entry, person: str, facts: Mapping[str, Any]) -> None:
        none = {"proxy": {NO_PASSWORD}, "console": {NO_PASSWORD}}
        self.people[person] = _Told(entry["seq"], dict(facts), none)

    def _changed(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        for one in detail["people"]:
            if one["new"]:
                self._new(entry, one["person"], {**NONE, "created_at": entry["at"]})
            told = self._told(entry, one["person"])
            told.facts |= {name: sorted(each) if name in LISTS else each for name, each in one["set"].items()}
            hashes = detail.get("hashes", {}).get(one["person"], {})
            for which in one.get("passwords", ()):
                told.passwords[which] = {(hashes.get(which, ANY), entry["at"])}
            if one.get("code"):
                told.passwords["console"] = {NO_PASSWORD}
                self._code(entry, one["person"])

    def _told(self, entry: Entry, person: str) -> _Told:
        """Of somebody whom no line told of before, nothing else is known."""
        told = self.people.setdefault(person, _Told(entry["seq"]))
        told.seq = entry["seq"]
        return told

    def _suspended(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        self._told(entry, entry["object"]).facts |= {
            "suspended_from": detail["from"], "suspended_until": detail["until"]
        }  # fmt: skip

    def _ended(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        self._told(entry, entry["object"]).facts["ends_at"] = detail["ends_at"]

    def _enrolled(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        told = self._told(entry, entry["object"])
        hashes = detail.get("hashes", {"console": ANY})
        told.passwords |= {which: {(each, entry["at"])} for which, each in hashes.items()}
        if "hashes" not in detail and "proxy" in told.passwords:
            told.passwords["proxy"] |= {(ANY, entry["at"])}
        if code := self.codes.get(entry["object"]):
            code.used_at = entry["at"]

    def _password(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        self._told(entry, entry["object"]).passwords[detail["which"]] = {
            (detail.get("hash", ANY), entry["at"])
        }

    def _erased(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        told = self._told(entry, detail["person"])
        told.facts |= ERASED
        told.passwords = {"proxy": {NO_PASSWORD}, "console": {NO_PASSWORD}}
        self.codes.pop(detail["person"], None)

    def _broken_glass(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        """A new code for somebody who may approve: the old one works no longer."""
        if detail["for"] == "code":
            self._told(entry, detail["person"])
            self._code(entry, detail["person"])


Telling = Callable[[AgreedPeople, Entry, Mapping[str, Any]], None]
TELLING: Mapping[str, Telling] = {
    "school:found": AgreedPeople._found,
    "people:approve": AgreedPeople._changed,
    "people:tighten": AgreedPeople._changed,
    "person:suspend": AgreedPeople._suspended,
    "person:end": AgreedPeople._ended,
    "person:enrol": AgreedPeople._enrolled,
    "password:change": AgreedPeople._password,
    "erasure:approve": AgreedPeople._erased,
    "break-glass:use": AgreedPeople._broken_glass,
}


def _times_of(code: Row[Any]) -> tuple[str | None, str | None]:
    try:
        return as_stamp(code.made_at), as_stamp(code.used_at)
    except ValueError:
        return None, None  # only tampering brings what is no time


def _none_beside(what: str, ids: Iterable[Any], told: Mapping[str, Any], entries: int) -> None:
    for extra in ids:
        if extra not in told:
            raise Fault(entries + 1, f"The database has {what} {shown(extra)}, that no entry tells of.")


def _compare(row: Row[Any], told: _Told) -> None:
    try:
        kept = _kept(row)
    except (ValueError, TypeError, AttributeError, RecursionError):
        kept = {}  # only tampering brings what cannot be read
    for name, said in told.facts.items():
        if name not in kept or kept[name] != said:
            _differs(row, WORDS.get(name, name), kept.get(name, "unreadable"), said, told.seq)
    for which, allowed in told.passwords.items():
        if not _is_one_of(kept.get(which), allowed):
            raise Fault(
                told.seq,
                f"The {WORDS[which]} of the account {shown(row.id)} was set or removed in the database, and"
                " no entry says so.",
            )


def _is_one_of(kept: Chosen | None, allowed: Iterable[Chosen]) -> bool:
    if kept is None:
        return False
    return kept in allowed or (kept[0] is not None and (ANY, kept[1]) in allowed)


def _differs(row: Row[Any], what: str, kept: Any, said: Any, seq: int) -> None:
    verb = "are" if isinstance(said, list) else "is"
    says = f"The {what} of the account {shown(row.id)} {verb} {_plain(kept)} in the database, and no entry"
    raise Fault(seq, f"{says} says so (by the entries up to {seq}: {_plain(said)}).")


def _kept(row: Row[Any]) -> dict[str, Any]:
    return {
        "role": row.role,
        **{name: sorted(json.loads(getattr(row, name))) for name in LISTS},
        **{name: bool(getattr(row, name)) for name in FLAGS},
        **{name: as_stamp(getattr(row, name)) for name in TIMES},
        "proxy": (_sealed(row.password_hash), as_stamp(row.password_changed_at)),
        "console": (_sealed(row.console_hash), as_stamp(row.console_changed_at)),
    }


def _sealed(password_hash: str | None) -> str | None:
    return None if password_hash is None else sealed_hash(password_hash)


def _plain(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return shown(", ".join(map(str, value))) or "none"
    return shown(value)
