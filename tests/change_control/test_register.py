"""People are added and changed by two: rows agreed on together (B75, S34)."""

import json
from datetime import timedelta
from functools import partial

import pytest

from audit_log.db import reading, writing
from audit_log.passwords import verify_password
from audit_log.people import set_password
from audit_log.sessions import create_session, find_session
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.openings import open_for_class
from change_control.proposals import approve, decline, propose_people, propose_policy
from change_control.tightening import suspend
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.model import Role
from tests.builders import NOON, POLICY
from tests.change_control.school import HASHER, a_row, is_whole, log_of, refused, row_of, somebody, the

END_OF_TERM = "2026-12-18T16:00:00+00:00"


def propose(desk: Desk, *rows: dict[str, object], by: str = "terry") -> str:
    return propose_people(desk, the(desk, by), rows, "joiners and leavers", NOON).id


def agree(desk: Desk, *rows: dict[str, object]) -> None:
    approve(desk, the(desk, "hedy"), propose(desk, *rows), "as in the office", NOON)


def test_nobody_is_in_the_register_before_somebody_else_agreed(desk: Desk) -> None:
    asked = propose(desk, a_row("Zoe", "pupil", "upper-ks2", ["6A"]))
    with pytest.raises(AssertionError):
        somebody(desk, "zoe")

    approve(desk, the(desk, "hedy"), asked, "yes", NOON)

    zoe = somebody(desk, "zoe")
    assert (zoe.role, zoe.filter_groups, zoe.classes) == (Role.PUPIL, ("upper-ks2",), ("6A",))
    assert zoe.password_must_change


def test_every_fault_of_every_row_is_told_and_nothing_is_written(desk: Desk) -> None:
    before = len(log_of(desk))
    rows: list[dict[str, object]] = [
        {"username": "a:b", "name": "", "role": "head", "filter_groups": ["nope"]},
        {"username": "zoe"},
        {"username": "ZOE", "name": "Zoe", "role": "pupil", "filter_groups": ["upper-ks2"], "colour": "red"},
        {"username": "anna", "password": "in clear"},
        {"id": "p_nobody", "name": "Nobody"},
        {"username": "ben", "password_hash": "in clear", "starts_at": "soon"},
    ]

    fields = refused("bad-input", lambda: propose(desk, *rows)).fields

    assert set(fields) == {
        "rows[0].username", "rows[0].name", "rows[0].role", "rows[0].filter_groups",
        "rows[1].name", "rows[1].role", "rows[1].filter_groups",
        "rows[2].colour", "rows[3].password", "rows[4].id",
        "rows[5].password_hash", "rows[5].starts_at",
    }  # fmt: skip
    assert len(log_of(desk)) == before


def test_a_row_changes_what_it_names_and_nothing_else(desk: Desk) -> None:
    before = somebody(desk, "anna")

    agree(desk, {"username": "anna", "classes": ["5A"]})

    after = somebody(desk, "anna")
    assert after.classes == ("5A",)
    assert (after.name, after.role, after.password_hash) == (before.name, before.role, before.password_hash)


def test_rows_that_change_nothing_are_no_proposal(desk: Desk) -> None:
    refused("bad-input", lambda: propose(desk, {"username": "anna", "classes": ["6B"], "role": "pupil"}))


def test_no_two_rows_are_about_one_person_or_one_username(desk: Desk) -> None:
    anna = somebody(desk, "anna").id
    pairs: list[list[dict[str, object]]] = [
        [{"id": anna, "classes": ["5A"]}, {"username": "anna", "classes": ["4A"]}],
        [{"id": anna, "username": "zoe"}, a_row("Zoe", "pupil", "upper-ks2", [])],
        [a_row("zoe", "pupil", "upper-ks2", []), a_row("ZOE", "pupil", "upper-ks2", [])],
    ]

    for rows in pairs:
        fields = refused("bad-input", partial(propose, desk, *rows)).fields
        assert fields == {"rows[1].username": "stands twice"}


def test_who_becomes_a_guest_signs_the_agreement_of_guests(desk: Desk) -> None:
    agree(desk, {"username": "tess", "role": "guest"})

    assert not somebody(desk, "tess").agreement_signed


def test_somebody_gets_another_username_by_id(desk: Desk) -> None:
    anna = somebody(desk, "anna")

    agree(desk, {"id": anna.id, "username": "anna.b"})

    assert somebody(desk, "anna.b").id == anna.id
    refused("bad-input", lambda: propose(desk, {"id": anna.id, "username": "ben"}))


def test_a_guest_has_no_access_before_the_agreement_is_signed(desk: Desk) -> None:
    """And the signature is recorded by two people as well (S57)."""
    assert not somebody(desk, "gus").agreement_signed

    agree(desk, {"username": "gus", "agreement_signed": True, "ends_at": END_OF_TERM})

    assert somebody(desk, "gus").agreement_signed
    assert somebody(desk, "gus").ends_at is not None


def test_a_suspension_is_lifted_by_two(desk: Desk) -> None:
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "after an incident", NOON)
    asked = propose(desk, {"username": "anna", "suspended": False})
    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked, "sorry", NOON))
    assert somebody(desk, "anna").suspended_from is not None

    approve(desk, the(desk, "hedy"), asked, "talked to", NOON)

    assert somebody(desk, "anna").suspended_from is None
    refused("bad-input", lambda: propose(desk, {"username": "ben", "suspended": True}))


def test_no_hash_is_seen_or_sealed_and_none_stays_behind(desk: Desk) -> None:
    row = a_row("zoe", "pupil", "upper-ks2", ["6A"])
    secret = str(row["password_hash"])
    proposed = propose_people(desk, the(desk, "terry"), [row], "a joiner", NOON)
    assert secret not in repr(proposed) + json.dumps(proposed.payload)

    declined = decline(desk, the(desk, "hedy"), proposed.id, "not ours", NOON)

    assert secret not in json.dumps(row_of(desk, proposed.id)["payload"])
    assert not any(secret in line.sealed + str(line.texts) for line in log_of(desk))
    assert declined.rows[0]["passwords"] == ["proxy"]


def test_the_sealed_line_holds_ids_and_facts_and_no_name(desk: Desk) -> None:
    agree(desk, a_row("zoe", "pupil", "upper-ks2", ["6A"]), {"username": "anna", "name": "Annabel"})

    line = log_of(desk)[-1]
    new, changed = line.detail["people"]

    assert (new["new"], new["set"]["role"], new["named"]) == (True, "pupil", ["name", "username"])
    assert changed == {
        "person": somebody(desk, "anna").id, "new": False, "set": {}, "named": ["name"], "passwords": [],
        "code": False,
    }  # fmt: skip
    assert not {word for word in ("zoe", "Zoe", "Annabel") if word in line.sealed}


def test_names_are_kept_in_the_register_alone_once_it_is_decided(desk: Desk) -> None:
    asked = propose(desk, a_row("zoe", "pupil", "upper-ks2", ["6A"]))
    decline(desk, the(desk, "hedy"), asked, "not ours", NOON)

    assert "zoe" not in json.dumps(row_of(desk, asked)["payload"]).lower()


def test_a_username_taken_meanwhile_stops_the_approval(desk: Desk) -> None:
    late = propose(desk, a_row("zoe", "pupil", "upper-ks2", ["6A"]))
    agree(desk, a_row("zoe", "staff", "staff", []))

    refused("refused", lambda: approve(desk, the(desk, "hedy"), late, "yes", NOON))
    assert somebody(desk, "zoe").role is Role.STAFF


def test_a_group_that_left_the_policy_meanwhile_stops_the_approval(desk: Desk) -> None:
    late = propose(desk, a_row("zoe", "pupil", "lower-ks2", ["4A"]))
    without = "\n".join(line for line in POLICY.splitlines() if "lower-ks2" not in line)
    policy = propose_policy(desk, the(desk, "terry"), without, "no such group", NOON)
    approve(desk, the(desk, "hedy"), policy.id, "yes", NOON)

    refused("refused", lambda: approve(desk, the(desk, "hedy"), late, "yes", NOON))


def test_another_role_or_password_signs_the_person_out(desk: Desk) -> None:
    tess = somebody(desk, "tess")
    with writing(desk.engine) as conn:
        token, _ = create_session(conn, desk.session_key, tess.id, NOON)

    agree(desk, {"username": "tess", "console_hash": HASHER.hash("x"), "must_change": False})

    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, token, NOON + timedelta(seconds=1)) is None
    assert not somebody(desk, "tess").console_must_change


def test_all_rows_are_applied_or_none(desk: Desk) -> None:
    rows = [a_row(f"new{number}", "pupil", "upper-ks2", ["6A"]) for number in range(40)]
    agree(desk, *rows)

    assert somebody(desk, "new0").classes == somebody(desk, "new39").classes == ("6A",)
    assert is_whole(desk)


def test_too_many_people_at_once_are_refused(desk: Desk) -> None:
    assert "rows" in refused("bad-input", lambda: propose(desk)).fields
    many: list[dict[str, object]] = [{"username": f"p{number}"} for number in range(5001)]
    assert "rows" in refused("bad-input", lambda: propose(desk, *many)).fields


def test_a_row_is_proposed_anew_when_the_register_has_changed_since(desk: Desk) -> None:
    late = propose(desk, {"username": "anna", "classes": ["5A"]})
    elsewhere = propose(desk, {"username": "ben", "classes": ["5A"]})
    agree(desk, {"username": "anna", "classes": ["4A"]}, {"username": "ben", "name": "Benedict"})

    says = refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), late, "yes", NOON)).says
    approve(desk, the(desk, "hedy"), elsewhere, "yes", NOON)

    assert "anna" in says
    assert "classes" in says
    assert (somebody(desk, "anna").classes, somebody(desk, "ben").classes) == (("4A",), ("5A",))


def test_a_reset_does_not_undo_a_password_chosen_since(desk: Desk) -> None:
    late = propose(desk, {"username": "anna", "password_hash": HASHER.hash("reset")})
    with writing(desk.engine) as conn:
        set_password(conn, somebody(desk, "anna").id, "proxy", HASHER.hash("own"), NOON)

    says = refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), late, "yes", NOON)).says

    assert "password_changed_at" in says


def test_what_the_register_said_is_shown_to_nobody(desk: Desk) -> None:
    asked = propose(desk, {"username": "anna", "name": "Annabel"})
    decline(desk, the(desk, "hedy"), asked, "not ours", NOON)

    assert "Anna" not in json.dumps(row_of(desk, asked)["payload"])


def promoted(desk: Desk, row: dict[str, object]) -> tuple[str, str]:
    """The two halves of the code: what the one who proposes is told, and the one who approves."""
    asked = propose_people(desk, the(desk, "terry"), [row], "the new deputy", NOON)
    agreed = approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    ((_, first),) = asked.handed.items()
    ((_, second),) = agreed.handed.items()
    assert not {half for half in (first, second) if half in repr((asked, agreed, row_of(desk, asked.id)))}
    return first, second


@pytest.mark.parametrize(
    "row",
    [
        {"username": "tess", "role": "coordinator"},
        {"username": "cora", "new_code": True},
        {"username": "dora", "name": "Dora", "role": "headteacher", "filter_groups": ["staff"]},
        {"username": "dora", "name": "Dora", "role": "governor", "filter_groups": ["staff"]},
        {"username": "tess", "role": "governor"},
        {"username": "gail", "new_code": True},
        {"username": "gail", "role": "technician"},
    ],
)
def test_who_may_approve_or_sign_chooses_a_password_with_two_halves_of_a_code(
    desk: Desk, row: dict[str, object]
) -> None:
    """Neither of the two who agreed on it has the whole, nor ever knew the password."""
    first, second = promoted(desk, row)
    username = str(row["username"])
    assert somebody(desk, username).console_hash is None

    for code in (first, second, first * 2, second + first):
        refused("not-found", partial(enrol, desk, code, "nine-brown-foxes", NOON))
    enrol(desk, f"{first} {second.lower()}", "nine-brown-foxes", NOON)

    assert verify_password(somebody(desk, username).console_hash, "nine-brown-foxes")


def test_a_password_that_somebody_else_chose_ends_with_the_promotion(desk: Desk) -> None:
    agree(desk, {"username": "tess", "console_hash": HASHER.hash("known to terry")})
    with writing(desk.engine) as conn:
        token, _ = create_session(conn, desk.session_key, somebody(desk, "tess").id, NOON)

    promoted(desk, {"username": "tess", "role": "technician"})

    assert somebody(desk, "tess").console_hash is None
    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, token, NOON + timedelta(seconds=1)) is None


def test_nobody_proposes_the_console_password_of_who_may_approve_or_sign(desk: Desk) -> None:
    hash_ = HASHER.hash("known to terry")
    rows: list[dict[str, object]] = [
        {"username": "cora", "console_hash": hash_},
        {"username": "gail", "console_hash": hash_},
        {"username": "tess", "role": "governor", "console_hash": hash_},
        {"username": "tess", "role": "technician", "console_hash": hash_},
        a_row("dora", "headteacher", "staff", []) | {"console_hash": hash_},
    ]

    for row in rows:
        assert set(refused("bad-input", partial(propose, desk, row)).fields) == {"rows[0].console_hash"}
    late = propose(desk, {"username": "tess", "console_hash": hash_})
    agree(desk, {"username": "tess", "role": "technician"})
    refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), late, "yes", NOON))


def test_a_founder_with_a_new_code_leaves_the_school_established(desk: Desk) -> None:
    for username in ("hedy", "terry"):
        asked = propose_people(
            desk, the(desk, "cora"), [{"username": username, "new_code": True}], "lost", NOON
        )
        approve(desk, the(desk, "terry"), asked.id, "yes", NOON)

    assert propose(desk, {"username": "anna", "classes": ["5A"]}, by="cora")


def test_what_somebody_opened_shuts_when_they_are_moved(desk: Desk) -> None:
    open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)

    agree(desk, {"username": "tess", "classes": ["6A"]})

    assert read_bundle(desk.state, current_bundle(desk.state) or "").policy.openings == ()
