"""A sheet of people becomes one proposal; first passwords are told once and kept only as hashes (S82)."""

import json
from functools import partial

from audit_log.passwords import verify_password
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.people import import_people, read_people
from change_control.proposals import approve
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.school import log_of, refused, row_of, somebody, the

SHEET = """\
username,name,role,filter_groups,classes,password
Zoe,Zoe Zimmer,pupil,upper-ks2,6A,
yann,Yann Young,pupil,upper-ks2;lower-ks2,6A;Choir,blue-paper-boat
tom,Tom Thorn,technician,staff,,
"""


def test_a_sheet_becomes_one_proposal_and_first_passwords(desk: Desk) -> None:
    sheet = read_people(SHEET)

    imported = import_people(
        desk, the(desk, "terry"), sheet.rows, "the new pupils", NOON, labels=sheet.labels
    )
    agreed = approve(desk, the(desk, "hedy"), imported.proposal.id, "yes", NOON)

    zoe, yann, tom = (somebody(desk, name) for name in ("zoe", "yann", "tom"))
    assert verify_password(zoe.password_hash, imported.passwords["zoe"].proxy)
    assert verify_password(yann.password_hash, "blue-paper-boat")
    assert "yann" not in imported.passwords
    assert (yann.filter_groups, yann.classes) == (("lower-ks2", "upper-ks2"), ("6A", "Choir"))
    assert set(imported.proposal.handed) == set(agreed.handed) == {"tom"}
    assert (zoe.console_hash, tom.console_hash, tom.role) == (None, None, Role.TECHNICIAN)
    assert zoe.password_must_change
    assert tom.console_must_change


def test_no_password_in_clear_is_kept_or_shown(desk: Desk) -> None:
    imported = import_people(desk, the(desk, "terry"), read_people(SHEET).rows, "the new pupils", NOON)

    made = imported.passwords["zoe"].proxy
    kept = json.dumps(row_of(desk, imported.proposal.id)["payload"])
    kept += "".join(line.sealed + str(dict(line.texts)) for line in log_of(desk))
    for password in ("blue-paper-boat", made):
        assert password not in kept + repr(imported) + repr(read_people(SHEET))


def test_somebody_known_keeps_the_password_and_is_changed(desk: Desk) -> None:
    before = somebody(desk, "anna")
    rows = read_people("username,name,role,filter_groups,classes\nanna,Anna B,pupil,lower-ks2,5A\n").rows

    imported = import_people(desk, the(desk, "terry"), rows, "moved to year 5", NOON)
    approve(desk, the(desk, "hedy"), imported.proposal.id, "yes", NOON)

    anna = somebody(desk, "anna")
    assert imported.passwords == {}
    assert (anna.name, anna.classes, anna.password_hash) == ("Anna B", ("5A",), before.password_hash)


def test_weak_passwords_and_bad_rows_are_named_by_line_before_anything_slow(desk: Desk) -> None:
    sheet = read_people(
        "username,name,role,filter_groups,password\nzoe,Zoe,pupil,upper-ks2,short\nyann,Yann,pupil,upper-ks9,\n"
    )

    error = refused(
        "bad-input",
        lambda: import_people(desk, the(desk, "terry"), sheet.rows, "new", NOON, labels=sheet.labels),
    )

    assert set(error.fields) == {"line 2.password", "line 3.filter_groups"}
    assert "short" not in error.says


def test_one_password_for_both_is_refused(desk: Desk) -> None:
    row = {
        "username": "tom",
        "name": "Tom",
        "role": "staff",
        "filter_groups": ["staff"],
        "password": "nine-brown-foxes",
        "console_password": "nine-brown-foxes",
    }

    error = refused("bad-input", lambda: import_people(desk, the(desk, "terry"), [row], "new", NOON))

    assert set(error.fields) == {"rows[0].console_password"}


def test_a_teacher_imports_nobody(desk: Desk) -> None:
    rows = read_people(SHEET).rows

    refused("wrong-role", lambda: import_people(desk, the(desk, "tess"), rows, "new", NOON))


def test_nobody_gives_a_console_password_to_who_may_approve_or_sign(desk: Desk) -> None:
    new = {"username": "tom", "name": "Tom", "role": "technician", "filter_groups": ["staff"]}
    rows = (
        new,
        {"username": "tess", "role": "headteacher"},
        {"username": "cora"},
        {"id": somebody(desk, "cora").id},
        {"username": "gail"},
        {**new, "role": "governor"},
        {"username": "tess", "role": "governor"},
    )

    for row in rows:
        raw = {**row, "console_password": "nine-brown-foxes"}
        error = refused("bad-input", partial(import_people, desk, the(desk, "terry"), [raw], "mine", NOON))
        assert set(error.fields) == {"rows[0].console_password"}


def test_a_governor_gets_a_code_and_whoever_asks_only_half_of_it(desk: Desk) -> None:
    row = {"username": "gill", "name": "Gill", "role": "governor", "filter_groups": ["staff"]}

    imported = import_people(desk, the(desk, "terry"), [row], "new", NOON)

    agreed = approve(desk, the(desk, "hedy"), imported.proposal.id, "yes", NOON)
    first, second = imported.proposal.handed["gill"], agreed.handed["gill"]
    for known in (imported.passwords["gill"].proxy, first, second):
        refused("not-found", partial(enrol, desk, known, "nine-brown-foxes", NOON))
    assert somebody(desk, "gill").console_hash is None
    enrol(desk, first + second, "nine-brown-foxes", NOON)
    assert verify_password(somebody(desk, "gill").console_hash, "nine-brown-foxes")
