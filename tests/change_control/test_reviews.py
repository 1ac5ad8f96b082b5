"""What one person did at once is looked at by others, and stays open until as many as are needed agree."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.proposals import approve, propose_people
from change_control.reviews import Review, get_review, list_reviews, open_counts, open_reviews, sign
from change_control.tightening import end_person, suspend
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import asked_by, is_whole, log_of, refused, somebody, the

DAY = timedelta(days=1)
Act = Callable[[Desk], object]


def suspends(desk: Desk) -> object:
    return suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "an incident", NOON)


def ends(desk: Desk) -> object:
    return end_person(desk, the(desk, "terry"), somebody(desk, "ben").id, "moved away", NOON)


def signed(desk: Desk, who: str, agrees: bool = True, note: str = "I looked") -> Review:
    return sign(desk, the(desk, who), the_review(desk).id, agrees, note, NOON + DAY)


@pytest.mark.parametrize("act", [suspends, ends])
def test_a_tightening_is_reviewed_by_another_person(desk: Desk, act: Act) -> None:
    act(desk)

    found = the_review(desk)
    assert (found.kind, found.needed, found.about_seq) == ("tightening", 1, log_of(desk)[-1].seq)
    assert (found.opened_by, found.due_at) == (somebody(desk, "terry").id, NOON + 7 * DAY)
    assert signed(desk, "gail").done_at == NOON + DAY
    assert is_whole(desk)


def test_nobody_signs_for_what_they_did_themselves(desk: Desk) -> None:
    suspends(desk)

    refused("same-person", lambda: signed(desk, "terry"))


@pytest.mark.parametrize("who", ["tess", "anna", "gus"])
def test_only_those_who_read_the_change_log_sign(desk: Desk, who: str) -> None:
    suspends(desk)

    refused("wrong-role", lambda: signed(desk, who))


def test_a_signature_is_a_sealed_line_with_its_note(desk: Desk) -> None:
    suspends(desk)
    review = the_review(desk)
    signed(desk, "gail", note="I asked the class teacher")

    line = log_of(desk)[-1]
    assert (line.event, line.object_id) == ("review:sign", review.id)
    told = {"agrees": True, "about": review.about_seq, "kind": "tightening"}
    assert line.detail == {**told, "signatures": 1, "needed": 1, "gone": []}
    assert line.texts == {"note": "I asked the class teacher"}


def test_a_signature_needs_a_note(desk: Desk) -> None:
    suspends(desk)

    assert set(refused("bad-input", lambda: signed(desk, "gail", note=" ")).fields) == {"note"}


def test_what_enough_others_have_signed_takes_no_more(desk: Desk) -> None:
    suspends(desk)
    review = signed(desk, "gail")

    refused("wrong-state", lambda: sign(desk, the(desk, "hedy"), review.id, True, "me too", NOON + DAY))


def test_who_does_not_agree_keeps_it_open_until_he_does(desk: Desk) -> None:
    suspends(desk)

    assert signed(desk, "gail", agrees=False, note="this was not fair").done_at is None
    assert signed(desk, "hedy").done_at is None
    refused("wrong-state", lambda: signed(desk, "gail", agrees=False, note="still not"))
    assert signed(desk, "gail", note="it was lifted").done_at == NOON + DAY
    assert is_whole(desk)


def test_who_did_not_agree_and_has_left_keeps_nothing_open(desk: Desk) -> None:
    suspends(desk)
    review = the_review(desk)
    signed(desk, "gail", agrees=False, note="this was not fair")
    end_person(desk, the(desk, "hedy"), somebody(desk, "gail").id, "left the board", NOON + DAY)

    done = sign(desk, the(desk, "hedy"), review.id, True, "I looked", NOON + 2 * DAY)

    assert done.done_at == NOON + 2 * DAY
    assert log_of(desk)[-1].detail["gone"] == [somebody(desk, "gail").id]
    assert is_whole(desk)


def test_whoever_did_it_silences_nobody(desk: Desk) -> None:
    suspends(desk)
    review = the_review(desk).id
    signed(desk, "gail", agrees=False, note="this was not fair")
    end_person(desk, the(desk, "terry"), somebody(desk, "gail").id, "a nuisance", NOON + DAY)

    assert sign(desk, the(desk, "hedy"), review, True, "I looked", NOON + 2 * DAY).done_at is None
    row = {"username": "gail", "ends_at": (NOON + 3 * DAY).isoformat()}
    asked = propose_people(desk, the(desk, "terry"), [row], "left the board", NOON + 2 * DAY)
    if asked.state == "requested":
        approve(desk, the(desk, "hedy"), asked.id, "", NOON + 2 * DAY)
    done = sign(desk, the(desk, "cora"), review, True, "I looked", NOON + 4 * DAY)
    assert done.done_at == NOON + 4 * DAY
    assert is_whole(desk)


def test_a_review_is_overdue_from_its_last_instant_on(desk: Desk) -> None:
    suspends(desk)
    review = the_review(desk)

    assert not review.is_overdue(NOON + 7 * DAY - timedelta(microseconds=1))
    assert review.is_overdue(NOON + 7 * DAY)
    assert not signed(desk, "gail").is_overdue(NOON + 99 * DAY)


def test_reviews_are_listed_by_page_and_by_whether_they_are_open(desk: Desk) -> None:
    for hours, username in enumerate(("anna", "ben", "gus")):
        at = NOON + timedelta(hours=hours)
        suspend(desk, the(desk, "terry"), somebody(desk, username).id, None, "why", at)
    with reading(desk.engine) as conn:
        first, next_ = list_reviews(conn, limit=2)
        rest, end = list_reviews(conn, limit=2, cursor=next_)
        sign(desk, the(desk, "gail"), rest[0].id, True, "I looked", NOON + DAY)
    with reading(desk.engine) as conn:
        assert [each.id for each in open_reviews(conn)] == [each.id for each in reversed(first)]
        assert open_counts(conn, NOON) == (2, 0, 0)
        assert open_counts(conn, first[1].due_at) == (2, 1, 0)
        assert [each.id for each in list_reviews(conn, is_open=False)[0]] == [rest[0].id]
        assert get_review(conn, rest[0].id).signatures[0].person_id == somebody(desk, "gail").id
    assert end is None


def test_there_is_no_other_review(desk: Desk) -> None:
    refused("not-found", lambda: sign(desk, the(desk, "gail"), "nothing", True, "I looked", NOON))


def test_what_two_agreed_on_opens_no_review(desk: Desk) -> None:
    approve(desk, the(desk, "terry"), asked_by(desk, "tess"), "", NOON)
    an_envelope(desk)
    row = {"username": "tess", "role": "coordinator"}
    asked = propose_people(desk, the(desk, "terry"), [row], "promoted", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    with reading(desk.engine) as conn:
        assert open_reviews(conn) == []
