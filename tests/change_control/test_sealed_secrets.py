"""A hash that somebody wrote into the database opens nothing: the sealed lines tell which are ours."""

import pytest
from sqlalchemy import Connection, update
from structlog.testing import capture_logs

from audit_log.db import reading, writing
from audit_log.enrolment import code_hash
from audit_log.passwords import sealed_hash
from audit_log.tables import break_glass, enrolment
from change_control.codes import as_kept, plain_code
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.envelope import approve_with, new_code
from change_control.sealed_secrets import ANY, SealedSecrets
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope
from tests.change_control.school import asked_by, refused, somebody, the

MINE = "0123456789ABCDEFGHJKMNPQRSTV"
WORDS = "three-odd-socks"
GUARDS = ("break_glass_stays", "break_glass_no_delete")
FIRST = {"people": [{"person": "p_1"}], "codes": {"p_1": "c1"}}


def without_guards(conn: Connection) -> None:
    """As the owner of the database can."""
    for name in GUARDS:
        conn.exec_driver_sql(f"DROP TRIGGER {name}")


def test_a_code_that_was_put_into_the_database_lets_nobody_in(desk: Desk) -> None:
    before = somebody(desk, "cora").console_hash
    with writing(desk.engine) as conn:
        hers = enrolment.c.person_id == somebody(desk, "cora").id
        conn.execute(update(enrolment).where(hers).values(code_hash=code_hash(MINE), used_at=None))

    with capture_logs() as alarms:
        refused("not-found", lambda: enrol(desk, MINE, WORDS, NOON))

    assert [each["event"] for each in alarms] == ["enrolment_code.not_sealed"]
    assert somebody(desk, "cora").console_hash == before


def test_a_code_that_was_used_is_used_whatever_its_row_says(founded: tuple[Desk, dict[str, str]]) -> None:
    desk, codes = founded
    enrol(desk, codes["terry"], WORDS, NOON)
    with writing(desk.engine) as conn:
        conn.execute(update(enrolment).values(used_at=None))

    with capture_logs():
        refused("not-found", lambda: enrol(desk, codes["terry"], "nine-blue-whales", NOON))

    enrol(desk, codes["hedy"], "nine-blue-whales", NOON)


def test_an_envelope_has_the_code_that_two_people_gave_it(desk: Desk) -> None:
    code = an_envelope(desk)
    with reading(desk.engine) as conn:
        ours = conn.execute(break_glass.select()).one().code_hash
    with writing(desk.engine) as conn:
        without_guards(conn)
        conn.execute(update(break_glass).values(code_hash=code_hash(as_kept(plain_code(MINE)))))

    with capture_logs() as alarms:
        refused("not-found", lambda: new_code(desk, "cora", MINE, "lost", NOON))

    assert [each["event"] for each in alarms] == ["envelope_code.not_sealed"]
    with writing(desk.engine) as conn:
        conn.execute(update(break_glass).values(code_hash=ours))
    assert new_code(desk, "cora", code, "lost", NOON)


def test_an_envelope_that_was_used_is_not_filled_again_by_its_row(desk: Desk) -> None:
    code = an_envelope(desk)
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), code, "alone", NOON)
    with writing(desk.engine) as conn:
        without_guards(conn)
        conn.execute(update(break_glass).values(used_at=None, used_by=None))

    with capture_logs():
        refused("not-found", lambda: new_code(desk, "cora", code, "lost", NOON))


def test_an_envelope_that_was_replaced_stays_so(desk: Desk) -> None:
    older = an_envelope(desk)
    an_envelope(desk)
    with writing(desk.engine) as conn:
        without_guards(conn)
        old = break_glass.c.replaced_at.is_not(None)
        ids = [row.id for row in conn.execute(break_glass.select().where(old))]
        conn.execute(break_glass.delete().where(break_glass.c.id.not_in(ids)))
        conn.execute(update(break_glass).values(replaced_at=None))

    with capture_logs():
        refused("not-found", lambda: new_code(desk, "cora", older, "lost", NOON))


def test_of_each_password_the_last_line_counts(desk: Desk) -> None:
    lines = desk.log_lines
    cora = somebody(desk, "cora")
    with reading(desk.engine) as conn:
        told, fault = lines.passwords(conn, cora.id)
        assert (told["console"], fault) == (sealed_hash(cora.console_hash or ""), None)
        assert lines.passwords(conn, "p_nobody") == ({}, None)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("person:enrol", "p_1", {"hashes": {"console": "h"}})], "h"),
        ([("person:enrol", "p_1", {})], ANY),  # of an earlier version
        ([("person:enrol", "p_1", {}), ("password:change", "p_1", {"which": "console", "hash": "i"})], "i"),
        ([("person:enrol", "p_1", {}), ("erasure:approve", "e", {"person": "p_1"})], None),
        ([("person:enrol", "p_1", {}), ("break-glass:use", "b", {"for": "code", "person": "p_1"})], ANY),
    ],
)
def test_what_a_line_does_not_tell_is_not_compared(
    lines: list[tuple[str, str, dict[str, object]]], expected: str | None
) -> None:
    told = SealedSecrets()
    told.add("school:found", "x", FIRST)
    for line in lines:
        told.add(*line)

    assert told.passwords.get(("p_1", "console")) == expected


def test_who_is_given_a_new_code_has_no_password_until_it_is_used() -> None:
    told = SealedSecrets()
    told.add("school:found", "x", FIRST)
    assert told.codes == {"p_1": "c1"}
    told.add("person:enrol", "p_1", {"hashes": {"console": "h"}})
    assert told.codes == {}
    row = {"person": "p_1", "new": False, "passwords": [], "code": True}
    told.add("people:approve", "x", {"people": [row], "codes": {"p_1": "c2"}})

    assert (told.codes, told.passwords) == ({"p_1": "c2"}, {})
