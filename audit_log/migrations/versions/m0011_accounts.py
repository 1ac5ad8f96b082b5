"""Second factors, and tokens for programs.

Of a token only its last use, and once its end, is written after it was made; a name goes when its owner is
erased. A second factor is set and cleared, never rewritten: only the last code that was used moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TOKEN = ("id", "person_id", "role", "proof", "made_at", "ends_at")
TOKEN_LISTS = ("scopes", "addresses")
FACTOR = ("person_id", "sealed", "made_at")
AGAIN = "only what was not said yet is added"


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.String(length=32), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("proof", sa.String(length=64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint("ends_at > made_at", name="api_token_ends"),
    )
    op.create_index("ix_api_token_person_id", "api_token", ["person_id"])
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def _sqlite() -> list[str]:
    abort = f"BEGIN SELECT RAISE(ABORT, '{AGAIN}'); END"
    return [
        f"CREATE TRIGGER api_token_no_delete BEFORE DELETE ON api_token {abort}",
        f"CREATE TRIGGER api_token_stays BEFORE UPDATE ON api_token WHEN {_token('IS NOT', '')} {abort}",
        f"CREATE TRIGGER second_factor_stays BEFORE UPDATE ON second_factor WHEN {_factor('IS NOT')} {abort}",
    ]


def _postgresql() -> list[str]:
    made = []
    for table, differs in (("api_token", _token("IS DISTINCT FROM", "::text")),
                           ("second_factor", _factor("IS DISTINCT FROM"))):  # fmt: skip
        made += [
            f"CREATE FUNCTION schoolgate_{table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {differs} THEN RAISE EXCEPTION '{AGAIN}'; END IF; RETURN NEW; END $$",
            *_trigger(table, "update", "UPDATE", "ROW", f"schoolgate_{table}_stays"),
        ]
    return [
        *made,
        *_trigger("api_token", "delete", "DELETE", "ROW", "schoolgate_refuse"),
        *_trigger("api_token", "truncate", "TRUNCATE", "STATEMENT", "schoolgate_refuse"),
    ]


def _token(differs: str, as_text: str) -> str:
    stays = [f"NEW.{name} {differs} OLD.{name}" for name in TOKEN]
    stays += [f"NEW.{name}{as_text} {differs} OLD.{name}{as_text}" for name in TOKEN_LISTS]
    renamed = f"(NEW.name <> '' AND NEW.name {differs} OLD.name)"
    woken = f"(OLD.ended_at IS NOT NULL AND NEW.ended_at {differs} OLD.ended_at)"
    return " OR ".join([*stays, renamed, woken])


def _factor(differs: str) -> str:
    stays = [f"NEW.{name} {differs} OLD.{name}" for name in FACTOR]
    return " OR ".join([*stays, "NEW.last_step <= OLD.last_step"])


def _trigger(table: str, name: str, when: str, each: str, function: str) -> list[str]:
    """ENABLE ALWAYS: it also fires when a superuser plays the replica."""
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} FOR EACH {each}"
        f" EXECUTE FUNCTION {function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}",
    ]
