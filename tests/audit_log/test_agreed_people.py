"""Who may do what is what was sealed: an account or a code changed in the database alone is named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from audit_log.agreed_people import AgreedPeople
from audit_log.change_log import verify
from audit_log.db import reading, writing
from audit_log.enrolment import save_code
from audit_log.passwords import sealed_hash
from audit_log.people import Registered, add_person, change_person
from audit_log.seal import stamp
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.openings import open_for_class
from change_control.passwords import change_password
from change_control.proposals import approve, propose_people
from change_control.protecting import propose_erasure
from change_control.tightening import end_person, suspend
from filter_policy.model import Role
from tests.audit_log.told import Line, fault_of, line
from tests.builders import NOON
from tests.change_control.school import (
    CONSOLE,
    a_row,
    build_school,
    copy_of,
    is_whole,
    somebody,
    the,
)

LATER = f"{NOON + timedelta(days=1):%Y-%m-%d %H:%M:%S.%f}"  # as SQLite keeps it
FOUND = {"people": [{"person": "p_1", "role": "technician"}, {"person": "p_2", "role": "headteacher"}]}
NEW = {
    "people": [
        {
            "person": "p_3",
            "new": True,
            "set": {"role": "staff", "filter_groups": ["staff"], "classes": ["6B"], "agreement_signed": True},
            "named": ["name", "username"],
            "passwords": ["proxy"],
            "code": False,
        }
    ]
}


LINES = [
    line(1, "school:found", "c_0", FOUND),
    line(2, "people:approve", "r_1", NEW),
    line(3, "person:suspend", "p_3", {"from": stamp(NOON), "until": None, "openings": []}),
]


@pytest.fixture
def register(engine: Engine) -> Engine:
    return filled(engine)


def filled(engine: Engine) -> Engine:
    """Two who founded the school (entry 1), a member of staff (entry 2) who is suspended (entry 3)."""
    with writing(engine) as conn:
        for id_, role in (("p_1", Role.TECHNICIAN), ("p_2", Role.HEADTEACHER)):
            add_person(conn, Registered(id_, id_, "Somebody", role, ("staff",), NOON))
            save_code(conn, id_, f"code of {id_}", NOON)
        add_person(conn, Registered("p_3", "tess", "Tess", Role.STAFF, ("staff",), NOON, ("6B",)))
        password = {"password_hash": "$argon2id$", "password_changed_at": NOON}
        change_person(conn, "p_3", suspended_from=NOON, **password)
    return engine


@pytest.fixture
def sqlite_register(sqlite_engine: Engine) -> Engine:
    return filled(sqlite_engine)


def fault_in(engine: Engine, lines: list[Line] = LINES) -> tuple[int, str] | None:
    return fault_of(AgreedPeople(), engine, lines)


def set_to(column: str, value: str) -> str:
    return f"UPDATE person SET {column} = {value} WHERE id = 'p_3'"  # noqa: S608  # our own words


def code_set(column: str) -> str:
    return f"UPDATE enrolment SET {column} = '{LATER}' WHERE person_id = 'p_1'"  # noqa: S608  # our own words


def test_a_register_as_it_was_agreed_on_is_whole(register: Engine) -> None:
    assert fault_in(register) is None


@pytest.mark.parametrize(
    ("statement", "entry", "says"),
    [
        (set_to("role", "'technician'"), 3, "The role of the account p_3 is technician in the database"),
        (set_to("filter_groups", "'[\"open\"]'"), 3, "filter groups of the account p_3 are open"),
        (set_to("classes", "'[\"6A\"]'"), 3, "classes of the account p_3 are 6A"),
        (set_to("agreement_signed", "NOT agreement_signed"), 3, "signed agreement of the account p_3 is no"),
        (set_to("suspended_from", "NULL"), 3, "suspension of the account p_3 is nothing"),
        (set_to("suspended_until", f"'{LATER}'"), 3, "end of the suspension of the account p_3 is 2026"),
        (set_to("ends_at", f"'{LATER}'"), 3, "end of the account p_3 is 2026-11-25"),
        (set_to("starts_at", f"'{LATER}'"), 3, "beginning of the account p_3 is 2026-11-25"),
        (set_to("console_hash", "'$argon2id$'"), 3, "console password of the account p_3 was set"),
        (set_to("password_changed_at", f"'{LATER}'"), 3, "password for browsing of the account p_3 was set"),
        (set_to("password_hash", "NULL"), 3, "password for browsing of the account p_3 was set or removed"),
        ("UPDATE person SET role = 'staff' WHERE id = 'p_1'", 1, "(by the entries up to 1: technician)"),
        ("DELETE FROM person WHERE id = 'p_2'", 1, "The account p_2 is not in the database any more"),
        (
            "INSERT INTO person (id, username, name, role, filter_groups, classes, agreement_signed,"
            " password_must_change, console_must_change, created_at)"
            " SELECT 'p_9', 'p_9', name, role, filter_groups, classes, agreement_signed,"
            " password_must_change, console_must_change, created_at FROM person WHERE id = 'p_1'",
            4,
            "an account p_9, that no entry tells of",
        ),
        (
            f"INSERT INTO enrolment (person_id, code_hash, made_at) VALUES ('p_3', 'x', '{LATER}')",  # noqa: S608  # ours
            4,
            "an enrolment code of p_3, that no entry tells of",
        ),
        (code_set("made_at"), 1, "code of p_1 is not as"),
        (code_set("used_at"), 1, "code of p_1 is not as"),
    ],
)
def test_what_no_entry_says_of_an_account_is_named(
    sqlite_register: Engine, statement: str, entry: int, says: str
) -> None:
    with writing(sqlite_register) as conn:
        conn.execute(text(statement))

    found = fault_in(sqlite_register)

    assert found is not None
    assert found[0] == entry
    assert says in found[1]


def test_a_value_that_cannot_be_read_is_named_and_stops_nobody(sqlite_register: Engine) -> None:
    with writing(sqlite_register) as conn:
        conn.execute(text(set_to("classes", "'{'")))

    assert "classes of the account p_3 are unreadable" in str(fault_in(sqlite_register))


@pytest.mark.parametrize("people", [None, ["p_3"], [{"person": "p_3"}], [{"person": "p_3", "new": False}]])
def test_a_line_that_says_nothing_makes_nothing_agreed_and_stops_nobody(
    sqlite_register: Engine, people: object
) -> None:
    told = fault_in(sqlite_register, [*LINES, line(4, "people:approve", "r_2", {"people": people})])

    assert told is None


def test_a_password_put_in_the_place_of_another_is_named(sqlite_register: Engine) -> None:
    """Where the line tells the hash of what is kept, the time alone does not do."""
    told = {**NEW, "hashes": {"p_3": {"proxy": sealed_hash("$argon2id$")}}}
    lines = [LINES[0], line(2, "people:approve", "r_1", told), LINES[2]]
    assert fault_in(sqlite_register, lines) is None
    with writing(sqlite_register) as conn:
        change_person(conn, "p_3", password_hash="$argon2id$mine")

    assert "password for browsing of the account p_3 was set" in str(fault_in(sqlite_register, lines))
    assert fault_in(sqlite_register) is None  # lines of an earlier version


def test_of_whom_an_earlier_line_told_less_less_is_compared(register: Engine) -> None:
    """A line of a version that sealed no filter groups of the first two."""
    with writing(register) as conn:
        conn.execute(text("UPDATE person SET filter_groups = '[]' WHERE id = 'p_1'"))
    assert fault_in(register) is None

    told = {"people": [{**one, "filter_groups": ["staff"]} for one in FOUND["people"]]}

    assert fault_in(register, [line(1, "school:found", "c_0", told), *LINES[1:]]) == (
        1,
        "The filter groups of the account p_1 are none in the database, and no entry says so"
        " (by the entries up to 1: staff).",
    )


BEFORE = stamp(NOON - timedelta(days=1))
OVER = {"person": "p_1", "new": False, "set": {"suspended_from": None, "suspended_until": None}}


def outlined(*acts: tuple[str, str, dict[str, Any]]) -> tuple[int, str] | None:
    """Who acts in vain, when p_1 does these things after each other at NOON."""
    agreed = AgreedPeople()
    for seq, (event, object_id, detail) in enumerate((("school:found", "c_0", FOUND), *acts), start=1):
        agreed.add(line(seq, event, object_id, detail))
    return agreed.out


def test_who_had_left_or_was_suspended_agrees_to_nothing() -> None:
    ended = ("person:end", "p_1", {"ends_at": BEFORE})
    suspended = ("person:suspend", "p_1", {"from": BEFORE, "until": None})
    brief = ("person:suspend", "p_1", {"from": BEFORE, "until": stamp(NOON)})
    again = ("people:change", "r_1", {"people": [OVER]})
    agrees: tuple[str, str, dict[str, Any]] = ("unblock:approve", "u_1", {})

    assert outlined(ended, agrees) == outlined(suspended, agrees) == (3, "p_1")
    assert outlined(suspended, again, ("review:sign", "r_2", {})) == (4, "p_1")
    assert outlined(brief, agrees) is outlined(("password:change", "p_1", {}), agrees) is None


def test_an_approval_by_who_had_left_is_a_fault(sqlite_register: Engine) -> None:
    left = line(4, "person:end", "p_1", {"ends_at": BEFORE})

    assert fault_in(sqlite_register, [*LINES, left, line(5, "unblock:approve", "u_1", {})]) == (
        5,
        "Entry 5 is by p_1, whose account had ended or was suspended at that time.",
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("school") / "state"
    build_school(state)
    return state


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[Desk]:
    copied = copy_of(built, tmp_path / "state")
    yield copied
    copied.engine.dispose()


def agreed(desk: Desk, row: dict[str, object]) -> None:
    asked = propose_people(desk, the(desk, "terry"), [row], "as in the office", NOON)
    given = approve(desk, the(desk, "hedy"), asked.id, "", NOON)
    for username, half in given.handed.items():
        enrol(desk, asked.handed[username] + half, "nine-blue-whales", NOON, proxy_password="five-red-foxes")


def test_all_that_people_do_to_a_register_is_what_the_log_tells(desk: Desk) -> None:
    open_for_class(desk, the(desk, "tess"), "6B", 30, "a story", NOON)
    suspend(desk, the(desk, "hedy"), somebody(desk, "tess").id, None, "as agreed", NOON)
    agreed(desk, {"username": "tess", "suspended": False, "classes": ["6A", "6B"]})
    open_for_class(desk, the(desk, "tess"), "6A", 30, "a story", NOON)
    agreed(desk, {"username": "tess", "role": "technician"})
    agreed(desk, a_row("nora", "headteacher", "staff", []))
    change_password(desk, somebody(desk, "hedy").id, "proxy", CONSOLE["hedy"], "eight-old-oaks", NOON)
    end_person(desk, the(desk, "hedy"), somebody(desk, "anna").id, "has left", NOON)
    erased = propose_erasure(desk, the(desk, "terry"), "anna", "naming", "asked for", NOON)
    approve(desk, the(desk, "hedy"), erased.id, "", NOON)

    with reading(desk.engine) as conn:
        found = verify(conn, desk.key.public_key())

    assert found.whole, found.says


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET role = 'technician' WHERE username = 'tess'",
        "UPDATE person SET filter_groups = '[\"staff\"]' WHERE username = 'anna'",
        "UPDATE enrolment SET used_at = NULL",
        "UPDATE enrolment SET code_hash = 'of a code that I know'",
        "UPDATE person SET console_hash = password_hash WHERE username = 'cora'",
        "UPDATE person SET password_hash = (SELECT password_hash FROM person WHERE username = 'ben')"
        " WHERE username = 'anna'",
        "UPDATE enrolment SET made_at = 'x'",
        "UPDATE enrolment SET made_at = '9999-12-31 23:59:59.000000-23:00'",
        "UPDATE person SET created_at = replace(created_at, ' ', 'T')",
        "UPDATE person SET ends_at = '0001-01-01 00:00:00+23:00' WHERE username = 'anna'",
        "UPDATE proposal SET ended_at = 'x' WHERE state = 'approved'",
        "UPDATE proposal SET ends_at = 'x'",
        "UPDATE proposal SET decided_at = '2026-W48-2 12:30:00' WHERE decided_at IS NOT NULL",
    ],
)
def test_what_somebody_wrote_past_change_control_is_found(desk: Desk, statement: str) -> None:
    assert is_whole(desk)
    with writing(desk.engine) as conn:
        conn.execute(text(statement))

    assert not is_whole(desk)
