"""The tables, singular and lower case. One set for SQLite and PostgreSQL.

Times are aware UTC (`UtcTime`); ids are opaque strings. The change log and the filtering log name people by
id only; names live in `person` alone, so that they can be corrected or erased without touching a seal.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in and out; a naive time is a programmer's error and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)


class NameList(TypeDecorator[tuple[str, ...]]):
    """A list of names as JSON text, in both databases: compared, indexed and sealed as that text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else names_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


def names_text(names: Any) -> str:
    return json.dumps(list(names))


# What a person opened, what was blocked, and all that is no request: the rest are parts of pages, and
# connections that became requests.
SHOWN = "(page OR verdict = 'block' OR kind <> 'request') AND NOT (kind = 'connect' AND decrypted)"
SELDOM = "reason NOT IN ('category-allowed', 'site-allowed', 'unlisted-allowed')"
ODD = "kind NOT IN ('request', 'connect')"


def _some(name: str, *columns: str, where: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


person = Table(
    "person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("filter_groups", JSON, nullable=False),
    Column("classes", JSON, nullable=False),
    Column("agreement_signed", Boolean, nullable=False, default=True),
    Column("starts_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("suspended_from", UtcTime),
    Column("suspended_until", UtcTime),
    # The password that travels with every proxied connection, and the one that opens the console.
    Column("password_hash", Text),
    Column("password_changed_at", UtcTime),
    Column("password_must_change", Boolean, nullable=False, default=True),
    Column("console_hash", Text),
    Column("console_changed_at", UtcTime),
    Column("console_must_change", Boolean, nullable=False, default=True),
    Column("created_at", UtcTime, nullable=False),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("code_hash", String(64), nullable=False),  # sha256 hex of a 128-bit code
    Column("made_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # sha256 hex of a 256-bit token
    Column("person_id", String(32), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

# One protocol for every change: policy, lists, unblock, people. States: filter_policy/life_cycle.py.
proposal = Table(
    "proposal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),  # policy | lists | unblock | people
    Column("state", String(16), nullable=False),
    Column("loosening", Boolean, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(32), nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", UtcTime),
    Column("decision_reason", Text),
    Column("starts_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("ended_by", String(32)),
    Column("ended_at", UtcTime),
    Column("ended_reason", Text),
    # Nobody agrees with himself, in the table's own words: what was ever in force has two people behind it.
    # (What was found at the founding has "system" alone, and is marked "not yet agreed" for good. So has an
    # update of lists: what two people agreed on, at work. `loosening` marks those that must not.)
    CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="proposal_two_people"),
    CheckConstraint(
        "decided_by IS NOT NULL OR proposed_by = 'system' OR state IN ('requested', 'withdrawn', 'lapsed')",
        name="proposal_decided",
    ),
    CheckConstraint(
        "kind <> 'lists' OR NOT loosening OR state <> 'approved'"
        " OR (decided_by IS NOT NULL AND proposed_by <> 'system')",
        name="proposal_lists_two_people",
    ),
    Index("proposal_kind_state", "kind", "state"),
    Index("proposal_proposed_at", "proposed_at"),
)

opening = Table(
    "opening",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("opened_by", String(32), nullable=False),
    Column("classes", JSON, nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
)

# The change log. `entry` is RFC 8785 JSON and the stored bytes are what is hashed:
# leaf = sha256(0x00 + prev + entry), so the chain's link is at once the leaf of RFC 6962's tree.
change_log = Table(
    "change_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
)

# What people wrote (reasons), beside the seal: the entry holds sha256(salt + text), so that a text
# that must be erased by law can go without breaking the chain, and no other text can take its place.
change_text = Table(
    "change_text",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("field", String(32), primary_key=True),
    Column("salt", LargeBinary(16), nullable=False),
    Column("text", Text),
    # With a longer or shorter one, the beginning of a text could pass as the end of its salt.
    CheckConstraint("length(salt) = 16", name="change_text_salt"),
)

# Signed after every change: how long the log was, and its Merkle root (C2SP tlog-checkpoint).
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("made_at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
    # The roots of the full subtrees of that size, so that the next checkpoint reads only what is new. Not
    # trusted: it is used only while it still hashes to the root in the note.
    Column("frontier", LargeBinary, nullable=False),
)

# One row for each event. PostgreSQL keeps a partition for each day (UTC) of `at`; SQLite a table for each
# month, and `filtering_log` is a view over them: it is read by this name; audit_log/parts.py has the others.
filtering_log = Table(
    "filtering_log",
    metadata,
    Column("event_id", String(32), primary_key=True),  # sorts by time
    Column("reference", String(12), nullable=False),  # on the block page
    Column("at", UtcTime, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("gate", String(32), nullable=False),
    Column("person_id", String(32)),
    Column("role", String(16)),
    Column("filter_groups", NameList, nullable=False),
    Column("classes", NameList, nullable=False),
    Column("client_address", String(64)),
    Column("method", String(16)),
    Column("url", Text),  # already cut to what the policy keeps for that group
    Column("host", String(253)),
    Column("category", String(64)),
    Column("list_id", String(64)),
    Column("entry", Text),
    Column("verdict", String(8), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("rule", String(200)),
    Column("unblock_id", String(32)),
    Column("policy_revision", String(64), nullable=False),
    Column("search_terms", Text),  # lower case; only where the policy keeps them
    Column("page", Boolean, nullable=False),  # what a person opened; False: a part of a page
    Column("keep", String(64), nullable=False),  # the row of the policy's `record` that says how long
    # Not sealed, since they follow from the above; `verify` works them out again.
    # uk.co.bbc.www. : this host and all below it are neighbours, in the order of bytes
    Column("host_key", String(256).with_variant(String(256, collation="C"), "postgresql")),
    Column("who", Integer, nullable=False),  # who_set: role, groups and classes in one number
    Column("decrypted", Boolean, nullable=False, default=False),  # a connect that became requests
    Column("status", Integer),
    Column("bytes_up", BigInteger),
    Column("bytes_down", BigInteger),
    Column("duration_ms", Integer),
    Column("outcome", String(16)),  # done | failed | cut | interrupted; None while open
    # Which seals hold this row's two halves: what was asked and decided, and how it ended.
    Column("opened_in", Integer),
    Column("closed_in", Integer),
    # A search walks one of these from the newest row back (audit_log/search_paths.py). What stands after `at`
    # is looked at on the way, so that a row which does not fit is passed over without being fetched.
    Index("filtering_log_at", "at", "event_id"),
    Index("filtering_log_person", "person_id", "at"),
    Index("filtering_log_host", "host_key", "verdict", "at", "who", "category"),
    Index("filtering_log_who", "who", "at", "category", "verdict"),
    _some("filtering_log_category", "category", "verdict", "at", "who", where="category IS NOT NULL"),
    # Most rows are parts of pages. Those that people look through are few, and have paths for themselves.
    _some("filtering_log_shown", "at", "event_id", where=SHOWN),
    _some("filtering_log_shown_person", "person_id", "at", "verdict", "category", where=SHOWN),
    _some("filtering_log_shown_host", "host_key", "verdict", "at", "who", "category", where=SHOWN),
    _some("filtering_log_shown_who", "who", "at", "category", "verdict", where=SHOWN),
    _some("filtering_log_shown_category", "category", "verdict", "at", "who", where=SHOWN),
    _some("filtering_log_reason", "reason", "at", where=SELDOM),
    _some("filtering_log_kind", "kind", "at", where=ODD),
    _some("filtering_log_unblock", "unblock_id", "at", where="unblock_id IS NOT NULL"),
    _some(
        "filtering_log_terms",
        *("at", "search_terms", "verdict", "who", "category"),
        where="search_terms IS NOT NULL",
    ),
    # Only who was blocked has a reference to read out.
    _some("filtering_log_reference", "reference", where="verdict = 'block'"),
    # The few rows still open: what a dead gate left is found without reading the log.
    _some("filtering_log_open", "gate", where="outcome IS NULL"),
    postgresql_partition_by="RANGE (at)",
)

# Every role with its groups and classes that a row was written for: some dozens in a school.
who_set = Table(
    "who_set",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),  # "" where nobody had signed in
    Column("filter_groups", NameList, nullable=False),
    Column("classes", NameList, nullable=False),
    Index("who_set_once", "role", "filter_groups", "classes", unique=True),
)

# What reports read: counted by the recorder with the rows, and kept longer than they are.
rollup_hour = Table(
    "rollup_hour",
    metadata,
    Column("hour", UtcTime, primary_key=True),
    Column("filter_groups", NameList, primary_key=True),  # all groups of a person: nobody is counted twice
    Column("category", String(64), primary_key=True),  # "" for what is in none
    Column("verdict", String(8), primary_key=True),
    Column("list_id", String(64), primary_key=True),  # "" where no list said so
    Column("requests", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
)

rollup_day = Table(
    "rollup_day",
    metadata,
    Column("day", String(10), primary_key=True),  # UTC, 2026-11-22
    Column("site", String(253), primary_key=True),  # bbc.co.uk for www.bbc.co.uk; "" without a name
    Column("filter_groups", NameList, primary_key=True),
    Column("verdict", String(8), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
    # The sites that were blocked most, found without the many that were not.
    _some("rollup_day_blocked", "day", "site", "requests", where="verdict = 'block'"),
)

# What must not be overlooked. Written by the recorder with the row of the filtering log that it is about, and
# with the same id; it holds no address, but a keyed hash that tells one from another.
incident = Table(
    "incident",
    metadata,
    Column("id", String(32), primary_key=True),  # the event's, so it sorts by time
    Column("kind", String(32), nullable=False),  # illegal-content
    Column("at", UtcTime, nullable=False),
    Column("happened", String(12), nullable=False),  # the kind of the row: request, connect, ...
    Column("gate", String(32), nullable=False),
    Column("person_id", String(32)),
    Column("role", String(16)),
    Column("filter_groups", JSON, nullable=False),
    Column("category", String(64)),
    Column("list_id", String(64)),
    Column("hash", String(64)),
    Index("incident_at", "at", "id"),
)

# The filtering log's own chain: a seal for each batch that the recorder stored, and each day and kind of rows
# in it, which go together when their time is over (audit_log/row_seal.py).
filtering_seal = Table(
    "filtering_seal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("part", String(80)),  # pupils/2026-11-22; None: of the first format
    Index("filtering_seal_part", "part"),
)

# What the roots in a seal were made of, so that a row that was changed, taken or added can be named.
filtering_leaf = Table(
    "filtering_leaf",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("opened", LargeBinary, nullable=False),
    Column("closed", LargeBinary, nullable=False),
)

# How far the recorder has read each segment of the journal; moved in the transaction that stores the rows.
journal_position = Table(
    "journal_position",
    metadata,
    Column("segment", String(128), primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("torn_bytes", BigInteger, nullable=False, default=0),  # at its end, never acknowledged
    Column("damaged_bytes", BigInteger, nullable=False, default=0),  # elsewhere: the segment is kept
)

# Records that could not become a row, kept whole: nothing is thrown away. A close waits here for its open.
journal_aside = Table(
    "journal_aside",
    metadata,
    Column("key", String(160), primary_key=True),  # the event id, or segment:offset
    Column("why", String(200), nullable=False),
    Column("record", Text, nullable=False),
)

# Somebody looked at a damaged place of the journal, and let the recorder go on after it.
journal_release = Table(
    "journal_release",
    metadata,
    Column("segment", String(128), primary_key=True),
    Column("offset", BigInteger, primary_key=True),  # where the damage begins
    Column("resume", BigInteger, nullable=False),
    Column("released_by", String(32), nullable=False),
    Column("released_at", UtcTime, nullable=False),
)

# What must not be removed though its time is over: one person's rows, or everybody's, of a time.
legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32)),
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime, nullable=False),
    Column("placed_by", String(32), nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("released_at", UtcTime),
)

# Two people agreed that rows were recorded as somebody else's. The rows stay as they are.
correction = Table(
    "correction",
    metadata,
    Column("id", String(32), primary_key=True),  # of the proposal
    Column("person_id", String(32), nullable=False),  # as recorded
    Column("right_person_id", String(32)),  # None: nobody known
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime, nullable=False),
    Column("client_address", String(64)),  # None: from any
    Column("agreed_at", UtcTime, nullable=False),
)
