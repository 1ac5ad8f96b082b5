"""The filtering log is sealed too: one chained line for each batch of rows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE = (
    """CREATE TRIGGER filtering_seal_no_update BEFORE UPDATE ON filtering_seal
       BEGIN SELECT RAISE(ABORT, 'the seals are append-only'); END""",
    """CREATE TRIGGER filtering_seal_no_delete BEFORE DELETE ON filtering_seal
       BEGIN SELECT RAISE(ABORT, 'the seals are append-only'); END""",
    """CREATE TRIGGER filtering_seal_chain BEFORE INSERT ON filtering_seal
       WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM filtering_seal)
         OR NEW.prev IS NOT
            coalesce((SELECT leaf FROM filtering_seal ORDER BY seq DESC LIMIT 1), zeroblob(32))
         OR length(NEW.leaf) IS NOT 32
       BEGIN SELECT RAISE(ABORT, 'the seals are a chain'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION schoolgate_filtering_seal_chain() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE last_seq integer; last_leaf bytea;
       BEGIN
         PERFORM pg_advisory_xact_lock(hashtext('filtering_seal'));
         SELECT seq, leaf INTO last_seq, last_leaf FROM filtering_seal ORDER BY seq DESC LIMIT 1;
         IF NEW.seq IS DISTINCT FROM coalesce(last_seq, 0) + 1
            OR NEW.prev IS DISTINCT FROM coalesce(last_leaf, decode(repeat('00', 32), 'hex'))
            OR NEW.leaf IS DISTINCT FROM
               sha256(decode('00', 'hex') || NEW.prev || convert_to(NEW.entry, 'UTF8'))
         THEN RAISE EXCEPTION 'the seals are a chain'; END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER filtering_seal_insert BEFORE INSERT ON filtering_seal
       FOR EACH ROW EXECUTE FUNCTION schoolgate_filtering_seal_chain()""",
    """CREATE TRIGGER filtering_seal_update BEFORE UPDATE OR DELETE ON filtering_seal
       FOR EACH ROW EXECUTE FUNCTION schoolgate_refuse()""",
    """CREATE TRIGGER filtering_seal_truncate BEFORE TRUNCATE ON filtering_seal
       FOR EACH STATEMENT EXECUTE FUNCTION schoolgate_refuse()""",
    "ALTER TABLE filtering_seal ENABLE ALWAYS TRIGGER filtering_seal_insert",
    "ALTER TABLE filtering_seal ENABLE ALWAYS TRIGGER filtering_seal_update",
    "ALTER TABLE filtering_seal ENABLE ALWAYS TRIGGER filtering_seal_truncate",
)


def upgrade() -> None:
    op.create_table(
        "filtering_seal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.add_column("filtering_log", sa.Column("opened_in", sa.Integer(), nullable=True))
    op.add_column("filtering_log", sa.Column("closed_in", sa.Integer(), nullable=True))
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
