"""Files of a case: with their hash, and never in the illegal lane."""

import hashlib

import pytest
from sqlalchemy import text

from audit_log.db import writing
from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.incident_files import MOST_BYTES, attach, content_of
from change_control.incidents import to_illegal
from tests.builders import NOON
from tests.change_control.aging import without_guards
from tests.change_control.incident_school import a_case, case_of
from tests.change_control.protected import verified
from tests.change_control.school import log_of, refused, the


def attached(
    desk: Desk, case: Incident, name: str = "screen.png", content: bytes = b"what it was"
) -> Incident:
    return attach(desk, the(desk, "cora"), case.id, name, content, "signed by both", NOON)


def test_a_file_is_kept_with_its_hash_and_whoever_opens_it_is_seen(desk: Desk) -> None:
    case = attached(desk, a_case(desk))
    (file,) = case.files
    assert (file.name, file.size, file.by) == ("screen.png", 11, the(desk, "cora").person_id)
    assert file.sha256 == hashlib.sha256(b"what it was").hexdigest()
    assert content_of(desk, the(desk, "hedy"), case.id, file.id, NOON).content == b"what it was"
    assert log_of(desk)[-1].event == "incident:look"
    assert "screen" not in str(log_of(desk))
    assert verified(desk).whole


def test_nobody_else_opens_it(desk: Desk) -> None:
    case = attached(desk, a_case(desk))
    file = case.files[0].id
    refused("not-found", lambda: content_of(desk, the(desk, "tess"), case.id, file, NOON))
    refused("wrong-role", lambda: content_of(desk, the(desk, "gail"), case.id, file, NOON))
    refused("not-found", lambda: content_of(desk, the(desk, "cora"), case.id, "another", NOON))
    refused("not-found", lambda: content_of(desk, the(desk, "cora"), a_case(desk, "bullying").id, file, NOON))


def test_in_the_illegal_lane_nothing_is_attached_and_nothing_shown(desk: Desk) -> None:
    case = attached(desk, a_case(desk))
    to_illegal(desk, the(desk, "cora"), case.id, "the police were told", NOON)
    assert "neither kept nor shown" in refused("refused", lambda: attached(desk, case)).says
    refused("refused", lambda: content_of(desk, the(desk, "hedy"), case.id, case.files[0].id, NOON))
    assert len(case_of(desk, case).files) == 1


@pytest.mark.parametrize(
    "name", ["", " ", "../a", "a/b", "a\\b", ".profile", "a\nb", "x" * 200, "\u6f22" * 61, "gpj\u202e.exe"]
)
def test_a_name_is_a_name_and_no_path(desk: Desk, name: str) -> None:
    case = a_case(desk)
    assert set(refused("bad-input", lambda: attached(desk, case, name)).fields) == {"name"}


def test_a_name_is_as_long_as_a_bundle_and_a_folder_can_have_it(desk: Desk) -> None:
    assert attached(desk, a_case(desk), "\u6f22" * 60).files[0].name == "\u6f22" * 60


@pytest.mark.parametrize("size", [0, MOST_BYTES + 1])
def test_what_is_empty_or_too_large_is_not_kept(desk: Desk, size: int) -> None:
    case = a_case(desk)
    fields = refused("bad-input", lambda: attached(desk, case, "a", bytes(size))).fields
    assert set(fields) == {"content"}


def test_a_file_that_was_changed_in_the_database_is_not_given_out(desk: Desk) -> None:
    case = attached(desk, a_case(desk))
    with writing(desk.engine) as conn:
        without_guards(conn)
        conn.execute(text("UPDATE incident_file SET content = 'something'"))
    refused("refused", lambda: content_of(desk, the(desk, "cora"), case.id, case.files[0].id, NOON))
    assert not verified(desk).whole
