"""Every salt is 16 bytes; PostgreSQL finds entries by what they say, past any that is no JSON."""

from alembic import op

from audit_log.migrations.versions import m0002_guards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite takes a CHECK only with a new table; its triggers go with the old one.
SQLITE = (
    """CREATE TABLE change_text_new (
         seq INTEGER NOT NULL, field VARCHAR(32) NOT NULL, salt BLOB NOT NULL, text TEXT,
         PRIMARY KEY (seq, field),
         CONSTRAINT change_text_salt CHECK (length(salt) = 16))""",
    "INSERT INTO change_text_new SELECT seq, field, salt, text FROM change_text",
    "DROP TABLE change_text",
    "ALTER TABLE change_text_new RENAME TO change_text",
    *(trigger for trigger in m0002_guards.SQLITE if "ON change_text" in trigger),
)

POSTGRESQL = (
    "ALTER TABLE change_text ADD CONSTRAINT change_text_salt CHECK (length(salt) = 16)",
    """CREATE FUNCTION schoolgate_field(entry text, name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
       BEGIN RETURN entry::json ->> name;
       EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$""",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
