"""The tables, singular and lower case. One set for SQLite and PostgreSQL.

Times are aware UTC (`UtcTime`); ids are opaque strings. The change log and the filtering log name people by
id only; names live in `person` alone, so that they can be corrected or erased without touching a seal.
"""

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

filtering_log = Table(
    "filtering_log",
    metadata,
    Column("event_id", String(32), primary_key=True),  # sorts by time
    Column("reference", String(12), nullable=False),  # on the block page
    Column("at", UtcTime, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("gate", String(32), nullable=False),
    Column("person_id", String(32)),
    Column("role", String(16)),
    Column("filter_groups", JSON, nullable=False),
    Column("classes", JSON, nullable=False),
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
    Column("decrypted", Boolean, nullable=False, default=False),  # a connect that became requests
    Column("status", Integer),
    Column("bytes_up", BigInteger),
    Column("bytes_down", BigInteger),
    Column("duration_ms", Integer),
    Column("outcome", String(16)),  # done | failed | cut | interrupted; None while open
    # Which seals hold this row's two halves: what was asked and decided, and how it ended.
    Column("opened_in", Integer),
    Column("closed_in", Integer),
    Index("filtering_log_at", "at", "event_id"),
    Index("filtering_log_person_at", "person_id", "at"),
    Index("filtering_log_host_at", "host", "at"),
    # Only who was blocked has a reference to read out.
    Index(
        "filtering_log_reference",
        "reference",
        sqlite_where=text("verdict = 'block'"),
        postgresql_where=text("verdict = 'block'"),
    ),
    # The few rows still open: what a dead gate left is found without reading the log.
    Index(
        "filtering_log_open",
        "gate",
        sqlite_where=text("outcome IS NULL"),
        postgresql_where=text("outcome IS NULL"),
    ),
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

# The filtering log's own chain: one seal for each batch that the recorder stored (audit_log/row_seal.py).
filtering_seal = Table(
    "filtering_seal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
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
