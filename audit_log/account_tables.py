"""The tables beside the register: second factors, and tokens that programs use."""

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, String, Table, Text

from audit_log.table_types import UtcTime, metadata

# The secret is sealed with a key that the database has not; the line that tells of it has its hash.
second_factor = Table(
    "second_factor",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("last_step", BigInteger, nullable=False),  # the half minute of the last code that was used
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32), nullable=False, index=True),
    Column("name", String(60), nullable=False),  # what its owner calls it; empty when they were erased
    Column("role", String(16), nullable=False),  # of its owner when it was made: with another it is no token
    Column("scopes", JSON, nullable=False),
    Column("addresses", JSON, nullable=False),  # networks it may be used from; none: from anywhere
    Column("proof", String(64), nullable=False),  # a hash with a key of the token and of all of the above
    Column("made_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("ended_at", UtcTime),
    CheckConstraint("ends_at > made_at", name="api_token_ends"),
)
