"""Where the change log belongs to nobody who signs in, PostgreSQL refuses whoever has our role."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit_log.change_log import append, erase_text, verify
from audit_log.checkpoint import sign_checkpoint
from audit_log.db import migrate, open_engine, reading, writing
from tests.audit_log.conftest import Server
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SCRIPT = Path(__file__).parents[2] / "docs" / "ledger-owner.sql"
ROLE = """DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'schoolgate') THEN
          CREATE ROLE schoolgate LOGIN; END IF; END $$"""


def a_change(engine: Engine, number: int) -> None:
    with writing(engine) as conn:
        who = {"actor": "p_1", "role": "technician"}
        append(
            conn,
            at=NOON,
            event="hold:look",
            object_id=f"u_{number}",
            detail={},
            texts={"reason": "because"},
            actor=who["actor"],
            role=who["role"],
        )
        sign_checkpoint(conn, KEY, NOON)


@pytest.fixture(scope="module")
def ours(postgresql: Server) -> Iterator[Engine]:
    """As our programs sign in, after the script was run by a superuser, twice."""
    postgresql.say(ROLE)
    with postgresql.database() as url:
        superuser, engine = open_engine(url), open_engine(url.replace("//postgres:", "//schoolgate:"))
        with writing(superuser) as conn:
            conn.execute(text("GRANT ALL ON SCHEMA public TO schoolgate"))
        migrate(engine)
        a_change(engine, 1)
        for _ in range(2):
            with superuser.connect() as conn, conn.begin():
                conn.exec_driver_sql(SCRIPT.read_text().replace("%", "%%"))
        yield engine
        superuser.dispose()
        engine.dispose()


def test_what_our_programs_do_goes_on(ours: Engine) -> None:
    migrate(ours)
    a_change(ours, 2)
    with writing(ours) as conn:
        erase_text(conn, 1, "reason", at=NOON, actor="p_1", role="technician", reason="asked for")
        sign_checkpoint(conn, KEY, NOON)

    with reading(ours) as conn:
        found = verify(conn, KEY.public_key())
    assert found.whole, found.says


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE change_log SET entry = '{}'",
        "UPDATE change_text SET salt = ''",
        "UPDATE checkpoint SET note = ''",
        "UPDATE review SET needed = 1",
        "UPDATE break_glass SET code_hash = ''",
        "DELETE FROM change_log",
        "DELETE FROM checkpoint",
        "DELETE FROM change_text",
        "TRUNCATE change_log",
        "DROP TABLE change_log CASCADE",
        "DROP TRIGGER change_log_update ON change_log",
        "ALTER TABLE change_log DISABLE TRIGGER ALL",
        "ALTER TABLE change_log DROP CONSTRAINT change_log_leaf",
        "ALTER TABLE change_log OWNER TO schoolgate",
        "DROP FUNCTION schoolgate_refuse CASCADE",
        "CREATE OR REPLACE FUNCTION schoolgate_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "SET ROLE schoolgate_ledger",
    ],
)
def test_whoever_signs_in_as_we_do_is_refused(ours: Engine, attack: str) -> None:
    refused = pytest.raises(DBAPIError, match=r"permission denied|must be owner|a text can only be erased")
    with refused, writing(ours) as conn:
        conn.exec_driver_sql(attack)


def test_a_table_of_the_same_name_misleads_no_guard(ours: Engine) -> None:
    """A temporary table is found before ours by whoever does not say where to look."""
    with writing(ours) as conn:
        conn.exec_driver_sql("CREATE TEMP TABLE change_log (seq integer, leaf bytea)")
        fork = (
            "INSERT INTO public.change_log SELECT 1, entry, prev, leaf FROM public.change_log WHERE seq = 1"
        )
        with pytest.raises(DBAPIError, match="is a chain"):
            conn.exec_driver_sql(fork)
        conn.rollback()
