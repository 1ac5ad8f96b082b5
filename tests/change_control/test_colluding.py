"""Two people who are one, tried directly: at the same moment, with old sessions, with accounts that wait."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest

from audit_log.db import reading
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.in_force import policy_in_force
from change_control.proposals import approve, propose_people, propose_policy, withdraw
from change_control.tightening import suspend
from tests.builders import NOON
from tests.change_control.humans import agree_on_the_policy, open_cells, what_runs
from tests.change_control.school import asked_by, events_of, is_whole, refused, row_of, the

MALLORY = "cora"  # may approve
A_PASSWORD = "nine-quiet-herons"
OPEN = "upper-ks2:     {role: pupil, unlisted: allowed,"
SHUT = "upper-ks2:     {role: pupil, unlisted: not_allowed,"


def at_once(*verbs: Callable[[], Any]) -> list[str]:
    """All of them at the same moment; what each came to."""
    start, came = Barrier(len(verbs)), ["" for _ in verbs]

    def go(number: int, verb: Callable[[], Any]) -> None:
        start.wait()
        try:
            verb()
            came[number] = "done"
        except ChangeError as error:
            came[number] = error.code

    threads = [Thread(target=go, args=each) for each in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_who_approves_and_who_withdraws_at_once_do_not_both(desk: Desk) -> None:
    for _ in range(3):
        asked = asked_by(desk, MALLORY)
        approving = partial(approve, desk, the(desk, "terry"), asked, "", NOON)
        withdrawing = partial(withdraw, desk, the(desk, MALLORY), asked, "", NOON)

        came = at_once(approving, withdrawing)

        assert sorted(came) == ["done", "wrong-state"]
        assert row_of(desk, asked)["state"] == ("approved" if came[0] == "done" else "withdrawn")
    assert is_whole(desk)


def test_one_who_is_suspended_as_he_approves_approves_before_or_not_at_all(desk: Desk) -> None:
    norma = new_approver(desk)
    asked = asked_by(desk, "tess")

    came = at_once(
        partial(approve, desk, norma, asked, "", NOON),
        partial(suspend, desk, the(desk, "terry"), norma.person_id, None, "because", NOON),
    )

    events = events_of(desk)
    assert came in (["done", "done"], ["wrong-role", "done"])
    if came[0] == "done":
        assert events.index("unblock:approve") < events.index("person:suspend")
    assert is_whole(desk)


def new_approver(desk: Desk, made_by: str = "terry", agreed_by: str = "hedy") -> Actor:
    row = {"username": "norma", "name": "Norma", "role": "technician", "filter_groups": ["staff"]}
    asked = propose_people(desk, the(desk, made_by), [row], "a colleague", NOON)
    approve(desk, the(desk, agreed_by), asked.id, "yes", NOON)
    return the(desk, "norma")


@pytest.mark.parametrize("now", [{"role": "staff"}, {"role": "governor"}, {"agreement_signed": False}])
def test_a_session_from_before_approves_nothing(desk: Desk, now: dict[str, Any]) -> None:
    """Her role went while she was signed in."""
    session, asked = new_approver(desk), asked_by(desk, "tess")
    changed = propose_people(desk, the(desk, "terry"), [{"username": "norma", **now}], "why", NOON)
    if row_of(desk, changed.id)["state"] == "requested":
        approve(desk, the(desk, "hedy"), changed.id, "", NOON)

    refused("wrong-role", lambda: approve(desk, session, asked, "", NOON))
    refused("wrong-role", lambda: approve(desk, Actor(session.person_id, "technician"), asked, "", NOON))


def test_an_account_that_waits_for_agreement_approves_nothing(desk: Desk) -> None:
    """Mallory asks for a second account, and would approve her own request with it."""
    row = {"username": "norma", "name": "Norma", "role": "technician", "filter_groups": ["staff"]}
    waiting = propose_people(desk, the(desk, MALLORY), [row], "a colleague", NOON)
    asked = asked_by(desk, MALLORY)
    second = Actor(str(waiting.rows[0]["id"]), "technician")

    for proposal_id in (asked, waiting.id):
        refused("wrong-role", partial(approve, desk, second, proposal_id, "", NOON))
    refused("same-person", lambda: approve(desk, the(desk, MALLORY), waiting.id, "", NOON))
    half = waiting.handed["norma"]
    for code in (half, half + half, half[::-1]):
        refused("not-found", partial(enrol, desk, code, A_PASSWORD, NOON))
    assert "norma" not in what_runs(desk).accounts


def test_another_name_makes_no_second_person(desk: Desk) -> None:
    asked = asked_by(desk, MALLORY)
    row = {"id": the(desk, MALLORY).person_id, "username": "somebody-else", "name": "Another Name"}
    renamed = propose_people(desk, the(desk, MALLORY), [row], "married", NOON)
    approve(desk, the(desk, "terry"), renamed.id, "", NOON)

    refused("same-person", lambda: approve(desk, the(desk, "somebody-else"), asked, "", NOON))


def test_two_tightenings_do_not_add_up_to_an_opening(desk: Desk) -> None:
    """Shut by one and taken back by the same one: the way back takes two."""
    agree_on_the_policy(desk)
    before = open_cells(what_runs(desk))
    terry = the(desk, "terry")
    with reading(desk.engine) as conn:
        text = policy_in_force(conn).text
    first = propose_policy(desk, terry, text.replace(OPEN, SHUT), "shut", NOON)
    back = propose_policy(desk, terry, text, "as before", NOON)

    assert (row_of(desk, first.id)["state"], row_of(desk, back.id)["state"]) == ("approved", "requested")
    assert open_cells(what_runs(desk)) < before
    refused("same-person", lambda: approve(desk, terry, back.id, "", NOON))
