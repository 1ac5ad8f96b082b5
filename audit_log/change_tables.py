"""The tables beside the change log: who looked again at what one person did, the sealed envelope, previews,
who saw the log, and how far it was delivered. Each row has a line in the change log, or follows from it.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text

from audit_log.table_types import UtcTime, metadata

# What one person did at once, to be looked at by others (S34): a tightening, or a use of the envelope (S84).
review = Table(
    "review",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),  # tightening | break-glass
    Column("object_id", String(32), nullable=False),  # of the proposal, the person or the envelope
    Column("about_seq", Integer, nullable=False),  # the line of the change log that it is about
    Column("opened_by", String(32), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("needed", Integer, nullable=False),  # how many must sign, none of them `opened_by`
    Column("done_at", UtcTime),
    CheckConstraint("needed BETWEEN 1 AND 2", name="review_needed"),
    Index("review_open", "done_at", "due_at"),
)

review_signature = Table(
    "review_signature",
    metadata,
    Column("review_id", String(32), primary_key=True),
    Column("person_id", String(32), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("agrees", Boolean, nullable=False),
)

# What a proposal would have changed, had it been in force: the approval's line has the hash of the newest.
preview = Table(
    "preview",
    metadata,
    Column("proposal_id", String(32), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("report", Text, nullable=False),  # RFC 8785 JSON, whose hash `sha256` is
)

# The code that lies in the school's safe (S84). It works once.
break_glass = Table(
    "break_glass",
    metadata,
    Column("id", String(32), primary_key=True),  # of the proposal that made it
    Column("code_hash", String(64), nullable=False),
    Column("made_by", String(32), nullable=False),
    Column("agreed_by", String(32), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("replaced_at", UtcTime),  # a newer one lies in the safe
    Column("used_at", UtcTime),
    Column("used_by", String(32)),
    CheckConstraint("made_by <> agreed_by", name="break_glass_two_people"),
)

# Who saw the change log up to which entry (S12): "seen", or "reviewed" with a note.
log_review = Table(
    "log_review",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of its line
    Column("kind", String(16), nullable=False),
    Column("person_id", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the checkpoint's note
)

# How far checkpoints have left this server, and what hindered the last try.
delivery = Table(
    "delivery",
    metadata,
    Column("way", String(16), primary_key=True),  # folder | mail
    Column("size", BigInteger, nullable=False),
    Column("at", UtcTime),
    Column("tried_at", UtcTime, nullable=False),
    Column("fault", String(200)),
)
