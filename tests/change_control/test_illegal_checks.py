"""What a school expects of its policy is no way to read out a list that nobody may read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from audit_log.db import reading
from audit_log.tables import proposal
from change_control.desk import Desk
from change_control.policies import look_at
from change_control.preview import checks_of, order_of
from change_control.proposals import propose_policy
from filter_lists.names import Url, parse_url
from tests.builders import NOON, POLICY
from tests.change_control.listed import Listed, some
from tests.change_control.school import events_of, lists, log_of, refused, the

PROBE = "illegal-list:probe"


def checking(*sites: str, word: str = "see") -> str:
    return f"{POLICY}checks:\n  - {{{word}: [{', '.join(sites)}], group: upper-ks2, why: a guess}}\n"


@pytest.mark.parametrize("word", ["see", "not"])
def test_to_check_such_a_site_is_refused_as_asking_for_it_is_and_seen(desk: Desk, word: str) -> None:
    text, before = checking("maths.test", "abuse.test", "porn.test", word=word), len(log_of(desk))
    looked = refused("refused", lambda: look_at(desk, the(desk, "terry"), text, NOON))
    asked = refused("refused", lambda: propose_policy(desk, the(desk, "terry"), text, "a guess", NOON))

    assert looked.says == asked.says == "abuse.test is on a list of illegal content; nothing opens it"
    assert events_of(desk)[before:] == [PROBE, PROBE]
    assert log_of(desk)[-1].actor == the(desk, "terry").person_id
    with reading(desk.engine) as conn:
        kept = conn.execute(select(proposal.c.payload)).scalars().all()
    assert "abuse.test" not in json.dumps(kept)


def test_a_text_that_calls_the_kind_legal_tells_no_more(desk: Desk) -> None:
    text = checking("abuse.test").replace("everyone: illegal", "everyone: not_allowed")
    assert text != checking("abuse.test")

    refused("refused", lambda: look_at(desk, the(desk, "terry"), text, NOON))

    assert events_of(desk)[-1] == PROBE


def test_other_checks_are_tried_and_leave_no_line(desk: Desk) -> None:
    before = events_of(desk)

    (says,) = look_at(desk, the(desk, "terry"), checking("porn.test"), NOON).failing

    assert "porn.test" in says
    assert events_of(desk) == before


def test_no_preview_tells_that_a_site_has_come_onto_such_a_list_since(listed: Listed) -> None:
    desk = listed.desk
    listed.agree({})
    made = propose_policy(
        desk, the(desk, "terry"), checking("maths.test", "maths.test/a", "bet1.test"), "x", NOON
    )
    with reading(desk.engine) as conn:
        order = order_of(conn, made.id, 30, NOON)
    before = checks_of(order, desk.lists_of)
    listed.updates({"abuse": [*some("abuse", *range(4)), "maths.test"]})
    with reading(desk.engine) as conn:
        order = order_of(conn, made.id, 30, NOON)

    after = checks_of(order, desk.lists_of)

    assert [each.category for each in desk.lists().lookup(parse_url("https://maths.test/"))] == [
        "child-sexual-abuse"
    ]
    assert after == before


class Counted:
    """The lists, and how often they were asked."""

    def __init__(self) -> None:
        self.asked = 0

    def lookup(self, url: Url) -> Any:
        self.asked += 1
        return lists().lookup(url)

    def __getattr__(self, name: str) -> Any:
        return getattr(lists(), name)


def test_checks_are_tried_before_anybody_has_to_wait_for_it(desk: Desk) -> None:
    counted = Counted()
    here, text = replace(desk, lists=lambda: counted, opened=lambda _: counted), checking("porn.test")

    def asked_by(verb: Any) -> int:
        counted.asked = 0
        verb()
        return counted.asked

    tried = asked_by(lambda: look_at(here, the(desk, "terry"), text, NOON))
    known = asked_by(lambda: look_at(here, the(desk, "terry"), text, NOON))
    proposed = asked_by(lambda: propose_policy(here, the(desk, "terry"), text, "x", NOON))

    assert proposed == known < tried
