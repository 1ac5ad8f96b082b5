"""The tables of the filtering log: its rows, their totals and seals, and what the recorder goes by."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from audit_log.table_types import NameList, UtcTime, metadata

# What a person opened, what was blocked, and all that is no request: the rest are parts of pages, and
# connections that became requests.
SHOWN = "(page OR verdict = 'block' OR kind <> 'request') AND NOT (kind = 'connect' AND decrypted)"
SELDOM = "reason NOT IN ('category-allowed', 'site-allowed', 'unlisted-allowed')"
ODD = "kind NOT IN ('request', 'connect')"


def _some(name: str, *columns: str, where: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


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
    sqlite_with_rowid=False,
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
    sqlite_with_rowid=False,
)

# What must not be overlooked. Written by the recorder with the row of the filtering log that it is about, and
# with the same id; it holds no address, but a keyed hash that tells one from another.
sighting = Table(
    "sighting",
    metadata,
    Column("id", String(32), primary_key=True),  # the event's, so it sorts by time
    Column("kind", String(32), nullable=False),  # one of sightings.KINDS
    Column("at", UtcTime, nullable=False),
    Column("happened", String(12), nullable=False),  # the kind of the row: request, connect, ...
    Column("gate", String(32), nullable=False),
    Column("person_id", String(32)),
    Column("role", String(16)),
    Column("filter_groups", JSON, nullable=False),
    Column("category", String(64)),
    Column("list_id", String(64)),
    Column("hash", String(64)),
    Index("sighting_at", "at", "id"),
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
    Index("filtering_seal_part", "part", "seq"),
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
