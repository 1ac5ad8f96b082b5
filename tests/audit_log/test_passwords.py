"""Passwords: kept as argon2id, checked alike for nobody and somebody, chosen by rules that say why not."""

from datetime import timedelta

import pytest

from audit_log.passwords import (
    MAX_AGE_DAYS,
    hash_for_console,
    hash_for_proxy,
    is_too_old,
    password_fault,
    verify_password,
)
from filter_policy.model import Role
from tests.builders import NOON


def test_a_password_opens_what_it_was_set_for() -> None:
    for hashed in (hash_for_proxy("river stone lamp"), hash_for_console("river stone lamp")):
        assert hashed.startswith("$argon2id$")
        assert verify_password(hashed, "river stone lamp")
        assert not verify_password(hashed, "river stone lamp ")


def test_a_password_may_hold_colons_and_any_letters() -> None:
    assert verify_password(hash_for_proxy("a:b:ß:日本"), "a:b:ß:日本")


def test_nobody_has_no_password() -> None:
    assert not verify_password(None, "nobody")
    assert not verify_password("", "nobody")
    assert not verify_password("not a hash", "x")
    assert not verify_password(hash_for_proxy("x"), "\ud800")


@pytest.mark.parametrize(
    ("password", "role", "says"),
    [
        ("seven77", Role.PUPIL, "at least 8"),
        ("eight888x", Role.STAFF, "at least 12"),
        ("eleven chars", Role.STAFF, None),
        ("eightxyz", Role.PUPIL, None),
        ("x" * 257, Role.PUPIL, "at most 256"),
        ("Password2026!", Role.STAFF, "tried first"),
        ("123456789012", Role.STAFF, "tried first"),
        ("abababababab", Role.STAFF, "tried first"),
        ("my name is Terry", Role.TECHNICIAN, "user name"),
        ("tab\tin the middle", Role.STAFF, "typed"),
        ("three: green words", Role.HEADTEACHER, None),
    ],
)
def test_a_password_that_may_not_be_chosen_is_told_why(password: str, role: Role, says: str | None) -> None:
    fault = password_fault(password, role, "terry")

    assert fault is None if says is None else fault is not None and says in fault


def test_every_role_has_an_age_for_its_passwords() -> None:
    assert set(MAX_AGE_DAYS) == set(Role)


def test_a_password_grows_too_old_on_the_day() -> None:
    assert not is_too_old(NOON, Role.STAFF, NOON + timedelta(days=90) - timedelta(seconds=1))
    assert is_too_old(NOON, Role.STAFF, NOON + timedelta(days=90))
    assert is_too_old(None, Role.STAFF, NOON)
    assert not is_too_old(None, Role.GUEST, NOON + timedelta(days=9999))
