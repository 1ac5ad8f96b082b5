"""Lists that loosen are in force with two people behind them, as everything else is."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DECIDED = "decided_by IS NOT NULL OR proposed_by = 'system' OR state IN ('requested', 'withdrawn', 'lapsed')"
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
POSTGRESQL = (f"ALTER TABLE proposal ADD CONSTRAINT proposal_lists_two_people CHECK ({LISTS})",)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
