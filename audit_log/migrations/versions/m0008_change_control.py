"""Reviews of what one person did at once, the sealed envelope, previews, and who saw the change log."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What only shuts is in force with one person behind it, and is marked so.
DECIDED = (
    "decided_by IS NOT NULL OR proposed_by = 'system' OR NOT loosening"
    " OR state IN ('requested', 'withdrawn', 'lapsed')"
)
LISTS = (
    "kind <> 'lists' OR NOT loosening OR state <> 'approved'"
    " OR (decided_by IS NOT NULL AND proposed_by <> 'system')"
)

# SQLite takes a CHECK only with a new table; its indexes go with the old one.
SQLITE = (
    f"""CREATE TABLE proposal_new (
         id VARCHAR(32) NOT NULL, kind VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL,
         loosening BOOLEAN NOT NULL, payload JSON NOT NULL, reason TEXT NOT NULL,
         proposed_by VARCHAR(32) NOT NULL, proposed_at DATETIME NOT NULL,
         decided_by VARCHAR(32), decided_at DATETIME, decision_reason TEXT,
         starts_at DATETIME, ends_at DATETIME,
         ended_by VARCHAR(32), ended_at DATETIME, ended_reason TEXT,
         CONSTRAINT proposal_decided CHECK ({DECIDED}),
         CONSTRAINT proposal_two_people CHECK (decided_by IS NULL OR decided_by <> proposed_by),
         CONSTRAINT proposal_lists_two_people CHECK ({LISTS}),
         PRIMARY KEY (id))""",
    """INSERT INTO proposal_new SELECT id, kind, state, loosening, payload, reason, proposed_by, proposed_at,
         decided_by, decided_at, decision_reason, starts_at, ends_at, ended_by, ended_at, ended_reason
       FROM proposal""",
    "DROP TABLE proposal",
    "ALTER TABLE proposal_new RENAME TO proposal",
    "CREATE INDEX proposal_kind_state ON proposal (kind, state)",
    "CREATE INDEX proposal_proposed_at ON proposal (proposed_at)",
)
POSTGRESQL = (
    "ALTER TABLE proposal DROP CONSTRAINT proposal_decided",
    f"ALTER TABLE proposal ADD CONSTRAINT proposal_decided CHECK ({DECIDED})",
)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    _reviews()
    _beside_the_log()
    op.create_index("review_open", "review", ["done_at", "due_at"])


def _reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("about_seq", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=32), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("done_at", TIME),
        sa.CheckConstraint("needed BETWEEN 1 AND 2", name="review_needed"),
    )
    op.create_table(
        "review_signature",
        sa.Column("review_id", sa.String(length=32), primary_key=True),
        sa.Column("person_id", sa.String(length=32), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("agreed_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("replaced_at", TIME),
        sa.Column("used_at", TIME),
        sa.Column("used_by", sa.String(length=32)),
        sa.CheckConstraint("made_by <> agreed_by", name="break_glass_two_people"),
    )


def _beside_the_log() -> None:
    op.create_table(
        "preview",
        sa.Column("proposal_id", sa.String(length=32), primary_key=True),
        sa.Column("sha256", sa.String(length=64), primary_key=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
    )
    op.create_table(
        "log_review",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("way", sa.String(length=16), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME),
        sa.Column("tried_at", TIME, nullable=False),
        sa.Column("fault", sa.String(length=200)),
    )
