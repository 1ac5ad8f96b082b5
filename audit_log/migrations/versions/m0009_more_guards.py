"""What the database itself refuses of what stands beside the change log: rewriting reviews, signatures,
envelopes, previews and who saw the log. A text comes with its line or never.

As in 0002: a trigger stops mistakes and whoever has only the application's rights. What the owner of the
database does past it is found by `verify`. On PostgreSQL no leaf is stored that is not the hash of its line,
even while a trigger is off; lines that are there already are left to `verify`.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REVIEW = ("id", "kind", "object_id", "about_seq", "opened_by", "opened_at", "due_at", "needed")
SIGNATURE = ("review_id", "person_id")
ENVELOPE = ("id", "code_hash", "made_by", "agreed_by", "made_at")
# table: its key, the columns that stay, and those that are set once.
SET_ONCE = {
    "review": (("id",), REVIEW, ("done_at",)),
    "review_signature": (SIGNATURE, SIGNATURE, ()),  # the last word of each person counts
    "break_glass": (("id",), ENVELOPE, ("replaced_at", "used_at", "used_by")),
}
NEVER_CHANGED = {"preview": ("proposal_id", "sha256"), "log_review": ("seq",)}
# What a preview tells of a filtering log whose time is over may go; nothing else does.
KEPT = ("review", "review_signature", "break_glass", "log_review")
LEAF = "leaf = sha256(decode('00', 'hex') || prev || convert_to(entry, 'UTF8'))"


def _rewritten(columns: tuple[str, ...], once: tuple[str, ...], differs: str) -> str:
    """Whether an update does more than set what is to be set once."""
    stays = [f"NEW.{name} {differs} OLD.{name}" for name in columns]
    again = [f"(OLD.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in once]
    return " OR ".join([*stays, *again])


def _sqlite() -> list[str]:
    abort = "BEGIN SELECT RAISE(ABORT, 'only what was not said yet is added'); END"
    made = [
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {abort}" for table in KEPT
    ]  # fmt: skip
    for table, key in {**{name: each[0] for name, each in SET_ONCE.items()}, **NEVER_CHANGED}.items():
        same = " AND ".join(f"{name} = NEW.{name}" for name in key)
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # our own words
        made.append(f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN {exists} {abort}")
    for table, (_, columns, once) in SET_ONCE.items():
        when = _rewritten(columns, once, "IS NOT")
        made.append(f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} WHEN {when} {abort}")
    made += [f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} {abort}" for table in NEVER_CHANGED]
    made.append(
        "CREATE TRIGGER change_text_with_its_line BEFORE INSERT ON change_text"
        " WHEN NEW.seq IS NOT (SELECT max(seq) FROM change_log)"
        " BEGIN SELECT RAISE(ABORT, 'a text comes with its line, and can only be erased'); END"
    )
    return made


def _postgresql() -> list[str]:
    made = [
        """CREATE FUNCTION schoolgate_text_with_its_line() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
             IF NEW.seq IS DISTINCT FROM (SELECT max(seq) FROM change_log)
             THEN RAISE EXCEPTION 'a text comes with its line, and can only be erased'; END IF;
             RETURN NEW;
           END $$""",
        # NOT VALID: a log that somebody has tampered with stops no new version, and `verify` names it.
        f"ALTER TABLE change_log ADD CONSTRAINT change_log_leaf CHECK ({LEAF}) NOT VALID",
        *_trigger("change_text", "insert", "INSERT", "ROW", "schoolgate_text_with_its_line"),
    ]
    for table in KEPT:
        made += _trigger(table, "delete", "DELETE", "ROW", "schoolgate_refuse")
    for table in (*SET_ONCE, *NEVER_CHANGED):
        made += _trigger(table, "truncate", "TRUNCATE", "STATEMENT", "schoolgate_refuse")
    for table in NEVER_CHANGED:
        made += _trigger(table, "update", "UPDATE", "ROW", "schoolgate_refuse")
    for table, (_, columns, once) in SET_ONCE.items():
        made.append(
            f"CREATE FUNCTION schoolgate_{table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {_rewritten(columns, once, 'IS DISTINCT FROM')}"
            " THEN RAISE EXCEPTION 'only what was not said yet is added'; END IF; RETURN NEW; END $$"
        )
        made += _trigger(table, "update", "UPDATE", "ROW", f"schoolgate_{table}_stays")
    return made


def _trigger(table: str, name: str, when: str, each: str, function: str) -> list[str]:
    """ENABLE ALWAYS: it also fires when a superuser plays the replica."""
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} FOR EACH {each}"
        f" EXECUTE FUNCTION {function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}",
    ]


def upgrade() -> None:
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)
