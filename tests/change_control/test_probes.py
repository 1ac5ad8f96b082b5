"""Whoever tries addresses on the lists that nobody may read is seen."""

import json

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.in_force import parsed_policy
from change_control.probes import record_probe
from change_control.proposals import approve, propose_unblock
from change_control.publish import is_published, publish
from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.names import Url, parse_url
from filter_lists.sealed_key import ensure_key
from filter_policy.model import Policy
from tests.builders import NOON
from tests.change_control.listed import Listed, some
from tests.change_control.school import an_ask, asked_by, log_of, refused, the

SEALED = Listing("education", "iwf", NOT_SHOWN)
PAGE = parse_url("https://bad.test/page")


def policy_of(desk: Desk) -> Policy:
    with reading(desk.engine) as conn:
        return parsed_policy(conn)


def probe(desk: Desk, *listings: Listing, url: Url = PAGE) -> None:
    record_probe(desk, the(desk, "terry"), url, listings, policy_of(desk), NOON)


def test_a_guess_that_hits_leaves_a_line_without_the_address(desk: Desk) -> None:
    ensure_key(desk.state)
    probe(desk, Listing("gambling", "games", "bad.test"), SEALED)
    probe(desk, SEALED)
    probe(desk, SEALED, url=parse_url("https://other.test/"))

    first, again, other = log_of(desk)[-3:]
    assert (first.event, first.object_id, first.actor) == (
        "illegal-list:probe",
        "iwf",
        the(desk, "terry").person_id,
    )
    assert first.detail["lists"] == ["iwf"]
    assert first.detail["hash"] == again.detail["hash"] != other.detail["hash"]
    assert "bad.test" not in json.dumps([line.sealed for line in log_of(desk)])


def test_a_kind_that_the_policy_calls_illegal_is_one_too(desk: Desk) -> None:
    probe(desk, Listing("child-sexual-abuse", "own", "bad.test"))

    assert log_of(desk)[-1].detail == {"lists": ["own"], "hash": "sealed:"}


def test_a_guess_that_misses_leaves_none(desk: Desk) -> None:
    before = len(log_of(desk))
    probe(desk)
    probe(desk, Listing("pornography", "l", "bad.test"))

    assert len(log_of(desk)) == before


@pytest.mark.parametrize("username", ["gail", "anna"])
def test_who_may_not_ask_is_not_answered(desk: Desk, username: str) -> None:
    refused(
        "wrong-role",
        lambda: record_probe(desk, the(desk, username), PAGE, [SEALED], policy_of(desk), NOON),
    )


def test_to_ask_for_an_unblock_of_such_a_site_is_a_guess_as_well(desk: Desk) -> None:
    tess = the(desk, "tess")
    before = len(log_of(desk))
    refused("refused", lambda: propose_unblock(desk, tess, an_ask("porn.test"), NOON))
    assert len(log_of(desk)) == before

    refused("refused", lambda: propose_unblock(desk, tess, an_ask("maths.test", "abuse.test"), NOON))

    assert [(line.event, line.actor) for line in log_of(desk)[before:]] == [
        ("illegal-list:probe", tess.person_id)
    ]
    assert "abuse.test" not in log_of(desk)[-1].sealed


def test_so_is_to_approve_one_whose_site_has_come_onto_such_a_list(listed: Listed) -> None:
    desk = listed.desk
    listed.agree({})
    asked = asked_by(desk, "tess", "maths.test", "racism-history.test")
    listed.updates({"abuse": [*some("abuse", *range(4)), "racism-history.test"]})

    refused("refused", lambda: approve(desk, the(desk, "terry"), asked, "fine", NOON))

    last = log_of(desk)[-1]
    assert (last.event, last.actor) == ("illegal-list:probe", the(desk, "terry").person_id)


def test_the_gates_are_not_told_of_a_guess(desk: Desk) -> None:
    publish(desk)
    probe(desk, SEALED)

    assert is_published(desk)
