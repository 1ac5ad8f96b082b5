"""What the database itself refuses: rewriting the change log, its texts and its checkpoints.

A trigger stops mistakes and whoever has only the application's rights; the owner of the database can drop
it. That is what the hash chain and the signed checkpoints are for.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# INSERT OR REPLACE fires no delete trigger in SQLite: the insert triggers stop it, since the line exists.
SQLITE = (
    """CREATE TRIGGER change_log_no_update BEFORE UPDATE ON change_log
       BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END""",
    """CREATE TRIGGER change_log_no_delete BEFORE DELETE ON change_log
       BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END""",
    """CREATE TRIGGER change_log_chain BEFORE INSERT ON change_log
       WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM change_log)
         OR NEW.prev IS NOT coalesce((SELECT leaf FROM change_log ORDER BY seq DESC LIMIT 1), zeroblob(32))
         OR length(NEW.leaf) IS NOT 32
       BEGIN SELECT RAISE(ABORT, 'the change log is a chain'); END""",
    """CREATE TRIGGER change_text_only_erased BEFORE UPDATE ON change_text
       WHEN NEW.text IS NOT NULL OR NEW.seq IS NOT OLD.seq OR NEW.field IS NOT OLD.field
         OR NEW.salt IS NOT OLD.salt
       BEGIN SELECT RAISE(ABORT, 'a text can only be erased'); END""",
    """CREATE TRIGGER change_text_no_delete BEFORE DELETE ON change_text
       BEGIN SELECT RAISE(ABORT, 'a text can only be erased'); END""",
    """CREATE TRIGGER change_text_once BEFORE INSERT ON change_text
       WHEN EXISTS (SELECT 1 FROM change_text WHERE seq = NEW.seq AND field = NEW.field)
       BEGIN SELECT RAISE(ABORT, 'a text can only be erased'); END""",
    """CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
       BEGIN SELECT RAISE(ABORT, 'a checkpoint stays'); END""",
    """CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
       BEGIN SELECT RAISE(ABORT, 'a checkpoint stays'); END""",
    """CREATE TRIGGER checkpoint_grows BEFORE INSERT ON checkpoint
       WHEN NEW.size <= (SELECT coalesce(max(size), -1) FROM checkpoint)
       BEGIN SELECT RAISE(ABORT, 'a checkpoint stays'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION schoolgate_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
    """CREATE FUNCTION schoolgate_change_log_chain() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE last_seq integer; last_leaf bytea;
       BEGIN
         PERFORM pg_advisory_xact_lock(hashtext('change_log'));
         SELECT seq, leaf INTO last_seq, last_leaf FROM change_log ORDER BY seq DESC LIMIT 1;
         IF NEW.seq IS DISTINCT FROM coalesce(last_seq, 0) + 1
            OR NEW.prev IS DISTINCT FROM coalesce(last_leaf, decode(repeat('00', 32), 'hex'))
            OR NEW.leaf IS DISTINCT FROM
               sha256(decode('00', 'hex') || NEW.prev || convert_to(NEW.entry, 'UTF8'))
         THEN RAISE EXCEPTION 'the change log is a chain'; END IF;
         RETURN NEW;
       END $$""",
    """CREATE FUNCTION schoolgate_text_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.text IS NOT NULL OR NEW.seq <> OLD.seq OR NEW.field <> OLD.field OR NEW.salt <> OLD.salt
         THEN RAISE EXCEPTION 'a text can only be erased'; END IF;
         RETURN NEW;
       END $$""",
    """CREATE FUNCTION schoolgate_checkpoint_grows() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.size <= (SELECT coalesce(max(size), -1) FROM checkpoint)
         THEN RAISE EXCEPTION 'a checkpoint stays'; END IF;
         RETURN NEW;
       END $$""",
)

# table, when, function. ENABLE ALWAYS: they also fire when a superuser plays the replica.
TRIGGERS = (
    ("change_log", "UPDATE OR DELETE", "ROW", "schoolgate_refuse"),
    ("change_log", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
    ("change_log", "INSERT", "ROW", "schoolgate_change_log_chain"),
    ("change_text", "UPDATE", "ROW", "schoolgate_text_only_erased"),
    ("change_text", "DELETE", "ROW", "schoolgate_refuse"),
    ("change_text", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
    ("checkpoint", "UPDATE OR DELETE", "ROW", "schoolgate_refuse"),
    ("checkpoint", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
    ("checkpoint", "INSERT", "ROW", "schoolgate_checkpoint_grows"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for statement in POSTGRESQL:
        op.execute(statement)
    for table, when, each, function in TRIGGERS:
        name = f"{table}_{when.split()[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
