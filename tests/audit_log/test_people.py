"""The register, as queries: people come back as they were written, and their hashes are not shown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from audit_log.db import reading, writing
from audit_log.people import (
    Registered,
    accounts_of,
    add_person,
    change_person,
    new_person_id,
    people,
    people_by_ids,
    people_count,
    person_by_id,
    person_by_username,
    set_password,
)
from filter_policy.model import Role
from tests.builders import NOON

ANNA = Registered(
    id="p_anna",
    username="anna",
    name="Anna Ångström",
    role=Role.PUPIL,
    filter_groups=("upper-ks2",),
    classes=("6B", "choir"),
    created_at=NOON,
    suspended_from=NOON,
    suspended_until=NOON + timedelta(days=1),
    password_hash="$argon2id$proxy",
    console_hash="$argon2id$console",
)


@pytest.fixture
def register(engine: Engine) -> Engine:
    with writing(engine) as conn:
        add_person(conn, ANNA)
        add_person(conn, replace(ANNA, id="p_terry", username="Terry", role=Role.TECHNICIAN, classes=()))
    return engine


def test_somebody_comes_back_as_they_were_written(register: Engine) -> None:
    with reading(register) as conn:
        assert person_by_id(conn, "p_anna") == ANNA


def test_usernames_are_the_same_in_every_case(register: Engine) -> None:
    with reading(register) as conn:
        found = person_by_username(conn, "TERRY")
    assert found is not None
    assert (found.id, found.username) == ("p_terry", "terry")


def test_two_people_cannot_share_a_username(register: Engine) -> None:
    with pytest.raises(IntegrityError), writing(register) as conn:
        add_person(conn, replace(ANNA, id="p_other", username="ANNA"))


def test_nobody_is_none(register: Engine) -> None:
    with reading(register) as conn:
        assert person_by_id(conn, "p_nobody") is None
        assert person_by_username(conn, "nobody") is None


def test_everybody_comes_by_username(register: Engine) -> None:
    with reading(register) as conn:
        assert [one.username for one in people(conn)] == ["anna", "terry"]
        assert people_count(conn) == 2


def test_many_are_found_by_id_and_the_unknown_are_left_out(register: Engine) -> None:
    with reading(register) as conn:
        found = people_by_ids(conn, ["p_anna", "p_gone", *[f"p_{n}" for n in range(1200)]])
    assert found == {"p_anna": ANNA}


def test_the_bundle_gets_everybody_as_the_policy_sees_them(register: Engine) -> None:
    with reading(register) as conn:
        accounts = accounts_of(conn)
    assert set(accounts) == {"anna", "terry"}
    assert accounts["anna"].person == ANNA.person
    assert accounts["anna"].password_hash == "$argon2id$proxy"


def test_fields_of_somebody_are_changed_alone(register: Engine) -> None:
    with writing(register) as conn:
        assert change_person(conn, "p_anna", classes=("6A",), role=Role.GUEST, ends_at=NOON)
        assert not change_person(conn, "p_nobody", classes=())

    with reading(register) as conn:
        assert person_by_id(conn, "p_anna") == replace(ANNA, classes=("6A",), role=Role.GUEST, ends_at=NOON)


def test_each_password_is_set_on_its_own(register: Engine) -> None:
    with writing(register) as conn:
        set_password(conn, "p_anna", "proxy", "new", NOON)
        set_password(conn, "p_anna", "console", "first", NOON, must_change=True)

    with reading(register) as conn:
        anna = person_by_id(conn, "p_anna")
    assert anna is not None
    assert (anna.password_hash, anna.password_changed_at, anna.password_must_change) == ("new", NOON, False)
    assert (anna.console_hash, anna.console_changed_at, anna.console_must_change) == ("first", NOON, True)


def test_a_hash_is_not_shown() -> None:
    assert "argon2" not in repr(ANNA)


def test_ids_are_opaque_and_fit() -> None:
    assert len({new_person_id() for _ in range(100)}) == 100
    assert len(new_person_id()) <= 32
