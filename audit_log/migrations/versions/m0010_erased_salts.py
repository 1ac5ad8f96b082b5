"""With a text goes its salt: whoever had both the salt and the sealed hash could try words until one fits.

A salt becomes zero bytes when its text is erased, and nothing else. Those of texts that were erased before
go too.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQLITE = (
    "DROP TRIGGER change_text_only_erased",
    """CREATE TRIGGER change_text_only_erased BEFORE UPDATE ON change_text
       WHEN NEW.text IS NOT NULL OR NEW.seq IS NOT OLD.seq OR NEW.field IS NOT OLD.field
         OR (NEW.salt IS NOT OLD.salt AND NEW.salt IS NOT zeroblob(16))
       BEGIN SELECT RAISE(ABORT, 'a text can only be erased'); END""",
    "UPDATE change_text SET salt = zeroblob(16) WHERE text IS NULL",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION schoolgate_text_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.text IS NOT NULL OR NEW.seq <> OLD.seq OR NEW.field <> OLD.field
            OR (NEW.salt <> OLD.salt AND NEW.salt <> decode(repeat('00', 16), 'hex'))
         THEN RAISE EXCEPTION 'a text can only be erased'; END IF;
         RETURN NEW;
       END $$""",
    "UPDATE change_text SET salt = decode(repeat('00', 16), 'hex') WHERE text IS NULL",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
