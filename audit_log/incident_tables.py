"""The tables of incidents: the cases that people open, and the lines of each as they were sealed.

What the gate noticed is a sighting (log_tables.py); it opens a case, or joins one.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from audit_log.table_types import UtcTime, metadata

# What follows from the lines of a case (incident_fold.py), so that a list of them needs no reading of all.
incident = Table(
    "incident",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kind", String(48), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("restricted", Boolean, nullable=False),  # about a member of staff (S15)
    Column("person_id", String(32)),
    Column("opened_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Index("incident_state", "state", "opened_at"),
    Index("incident_person", "person_id", "kind"),
)

# Each has a line of the change log, with its hash and nobody's name: what is said of a child or a member of
# staff stands here alone, and can go.
incident_entry = Table(
    "incident_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of its line
    Column("incident_id", String(32), nullable=False),
    Column("act", String(24), nullable=False),
    Column("object_id", String(32), nullable=False),  # of the line: the case, a step of it, or a device
    Column("actor_id", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("salt", LargeBinary),
    Column("facts", Text),  # RFC 8785 JSON; None: erased, and its salt with it
    Index("incident_entry_of", "incident_id", "seq"),
    Index("incident_entry_act", "act", "at"),
)

# What was attached. Its name, size and SHA-256 are in the line that attached it.
incident_file = Table(
    "incident_file",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Sightings that no case has taken up yet; written with them, by the recorder.
sighting_waiting = Table("sighting_waiting", metadata, Column("id", String(32), primary_key=True))
