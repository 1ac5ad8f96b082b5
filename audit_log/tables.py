"""The tables, singular and lower case. One set for SQLite and PostgreSQL.

Times are aware UTC (`UtcTime`); ids are opaque strings. The change log and the filtering log name people by
id only; names live in `person` alone, so that they can be corrected or erased without touching a seal.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from audit_log.account_tables import api_token as api_token
from audit_log.account_tables import second_factor as second_factor
from audit_log.change_tables import break_glass as break_glass
from audit_log.change_tables import delivery as delivery
from audit_log.change_tables import log_review as log_review
from audit_log.change_tables import preview as preview
from audit_log.change_tables import review as review
from audit_log.change_tables import review_signature as review_signature
from audit_log.incident_tables import incident as incident
from audit_log.incident_tables import incident_entry as incident_entry
from audit_log.incident_tables import incident_file as incident_file
from audit_log.incident_tables import sighting_waiting as sighting_waiting
from audit_log.log_tables import ODD as ODD
from audit_log.log_tables import SELDOM as SELDOM
from audit_log.log_tables import SHOWN as SHOWN
from audit_log.log_tables import correction as correction
from audit_log.log_tables import filtering_leaf as filtering_leaf
from audit_log.log_tables import filtering_log as filtering_log
from audit_log.log_tables import filtering_seal as filtering_seal
from audit_log.log_tables import journal_aside as journal_aside
from audit_log.log_tables import journal_position as journal_position
from audit_log.log_tables import journal_release as journal_release
from audit_log.log_tables import legal_hold as legal_hold
from audit_log.log_tables import rollup_day as rollup_day
from audit_log.log_tables import rollup_hour as rollup_hour
from audit_log.log_tables import sighting as sighting
from audit_log.log_tables import who_set as who_set
from audit_log.table_types import NameList as NameList
from audit_log.table_types import UtcTime as UtcTime
from audit_log.table_types import metadata as metadata
from audit_log.table_types import names_text as names_text

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
    Column("token_hash", String(64), primary_key=True),  # HMAC-SHA256 hex of a 256-bit token
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
    # update of lists: two people's agreement at work. What only shuts takes one: `loosening` is false.)
    CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="proposal_two_people"),
    CheckConstraint(
        "decided_by IS NOT NULL OR proposed_by = 'system' OR NOT loosening"
        " OR state IN ('requested', 'withdrawn', 'lapsed')",
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
