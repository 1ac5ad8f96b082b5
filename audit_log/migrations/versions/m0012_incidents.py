"""What the gate noticed is a sighting; an incident is the case that people open, and its table comes here.

Of a case every line is kept as it was sealed, and only what the law wants erased goes: its facts, and with
them the salt. The case itself follows from its lines.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
AGAIN = "only what was not said yet is added"
ENTRY = ("seq", "incident_id", "act", "object_id", "actor_id", "at")
FACTS = ("salt", "facts")


def upgrade() -> None:
    op.drop_index("incident_at", "incident")
    op.rename_table("incident", "sighting")
    op.create_index("sighting_at", "sighting", ["at", "id"])
    op.create_table("sighting_waiting", sa.Column("id", sa.String(length=32), primary_key=True))
    op.create_table(
        "incident",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.String(length=32)),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
    )
    op.create_index("incident_state", "incident", ["state", "opened_at"])
    op.create_index("incident_person", "incident", ["person_id", "kind"])
    op.create_table(
        "incident_entry",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("facts", sa.Text()),
    )
    op.create_index("incident_entry_of", "incident_entry", ["incident_id", "seq"])
    op.create_index("incident_entry_act", "incident_entry", ["act", "at"])
    op.create_table(
        "incident_file",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def _changed(differs: str) -> str:
    """Whether an update does more than erase the facts."""
    stays = [f"NEW.{name} {differs} OLD.{name}" for name in ENTRY]
    erased = [f"(NEW.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in FACTS]
    return " OR ".join([*stays, *erased])


def _sqlite() -> list[str]:
    abort = f"BEGIN SELECT RAISE(ABORT, '{AGAIN}'); END"
    there = "EXISTS (SELECT 1 FROM incident_entry WHERE seq = NEW.seq)"
    return [
        f"CREATE TRIGGER incident_entry_no_delete BEFORE DELETE ON incident_entry {abort}",
        f"CREATE TRIGGER incident_entry_once BEFORE INSERT ON incident_entry WHEN {there} {abort}",
        f"CREATE TRIGGER incident_entry_stays BEFORE UPDATE ON incident_entry"
        f" WHEN {_changed('IS NOT')} {abort}",
        f"CREATE TRIGGER incident_no_delete BEFORE DELETE ON incident {abort}",
    ]


def _postgresql() -> list[str]:
    return [
        "CREATE FUNCTION schoolgate_incident_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {_changed('IS DISTINCT FROM')} THEN RAISE EXCEPTION '{AGAIN}'; END IF; RETURN NEW; END $$",
        *_trigger("incident_entry", "update", "UPDATE", "ROW", "schoolgate_incident_entry_stays"),
        *_trigger("incident_entry", "delete", "DELETE", "ROW", "schoolgate_refuse"),
        *_trigger("incident_entry", "truncate", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
        *_trigger("incident", "delete", "DELETE", "ROW", "schoolgate_refuse"),
        *_trigger("incident", "truncate", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
    ]


def _trigger(table: str, name: str, when: str, each: str, function: str) -> list[str]:
    """ENABLE ALWAYS: it also fires when a superuser plays the replica."""
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} FOR EACH {each}"
        f" EXECUTE FUNCTION {function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}",
    ]
