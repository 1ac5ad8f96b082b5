"""Random people do random things at random times; nothing is ever opened by one alone (invariants 4, 5).

What is in force is computed again from the sealed lines alone, so that the tables, the bundle and the change
log are held against each other by a second hand.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Never, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select
from structlog.testing import capture_logs

from audit_log.change_log import Entry
from audit_log.db import reading
from audit_log.tables import metadata
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.openings import open_for_class
from change_control.policies import sha256_of
from change_control.proposals import (
    approve,
    decline,
    lapse_due,
    propose_people,
    propose_policy,
    propose_unblock,
    revoke,
    withdraw,
)
from change_control.publish import Open, publish_if_needed, read_open
from change_control.register_effects import rights_of
from change_control.tightening import suspend
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.model import Role
from tests.builders import POLICY
from tests.change_control.machine import InASchool, play
from tests.change_control.school import an_ask, log_of, somebody, the

EXAMPLES = max(20, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
PEOPLE = st.sampled_from(
    ("terry", "hedy", "cora", "tess", "terry", "hedy", "cora", "tess", "gail", "anna", "gus")
)
SITES = st.lists(
    st.sampled_from(("racism-history.test", "bet.test", "unlisted.test")), min_size=1, max_size=2
)
SHUT = st.sampled_from((["porn.test"], ["abuse.test", "bet.test"], ["co.uk"]))
Verb = Callable[[], object]


class BrokenKey:
    """Checks what the school's key signed and signs nothing: the failure between a change and its seal."""

    def __init__(self, whole: Ed25519PrivateKey) -> None:
        self.whole = whole

    def sign(self, _data: bytes) -> Never:
        raise OSError("the key cannot be read")

    def public_key(self) -> Ed25519PublicKey:
        return self.whole.public_key()


def that_cannot_seal(desk: Desk) -> Desk:
    return Desk(desk.engine, desk.state, cast("Ed25519PrivateKey", BrokenKey(desk.key)), desk.lists)


class School(InASchool):
    def __init__(self) -> None:
        super().__init__()
        self.proposals: list[str] = []
        self.can_publish = True
        self.agreed: tuple[int, bool] | None = None
        publish_if_needed(self.desk)

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 60 * 40)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        who=PEOPLE,
        sites=st.one_of(SITES, SITES, SITES, SHUT),
        starts=st.integers(-30, 300),
        lasts=st.integers(-10, 300),
    )
    def asks(self, who: str, sites: list[str], starts: int, lasts: int) -> None:
        starts_at = self.now + timedelta(minutes=starts)
        ends_at = starts_at + timedelta(minutes=lasts)
        raw = an_ask(*sites, starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())
        self.proposes(partial(propose_unblock, self.desk, the(self.desk, who), raw, self.now))

    @rule(
        who=PEOPLE,
        sites=SITES,
        answers=st.lists(
            st.tuples(PEOPLE, st.sampled_from([approve, approve, decline, revoke, withdraw])), max_size=4
        ),
        lasts=st.integers(1, 300),
    )
    def asks_and_is_answered(
        self, who: str, sites: list[str], answers: list[tuple[str, Callable[..., object]]], lasts: int
    ) -> None:
        known = len(self.proposals)
        self.asks(who, sites, 0, lasts)
        for answering, verb in answers if len(self.proposals) > known else ():
            actor = the(self.desk, answering)
            self.tries(partial(verb, self.desk, actor, self.proposals[-1], "because", self.now))

    @rule(who=PEOPLE, days=st.integers(0, 60))
    def proposes_a_policy(self, who: str, days: int) -> None:
        text = POLICY.replace("longest_days: 42", f"longest_days: {days}")  # none is a fault
        self.proposes(partial(propose_policy, self.desk, the(self.desk, who), text, "why", self.now))

    @rule(
        who=PEOPLE,
        whom=PEOPLE,
        change=st.sampled_from(
            [{"suspended": False}, {"role": "headteacher"}, {"role": "staff"}, {"agreement_signed": True}]
        ),
    )
    def proposes_people(self, who: str, whom: str, change: Mapping[str, object]) -> None:
        row = {"username": whom, **change}
        self.proposes(partial(propose_people, self.desk, the(self.desk, who), [row], "why", self.now))

    @precondition(lambda self: self.proposals)
    @rule(
        who=PEOPLE,
        verb=st.sampled_from([approve, approve, approve, approve, decline, revoke, withdraw]),
        data=st.data(),
    )
    def settles(self, who: str, verb: Callable[..., object], data: st.DataObject) -> None:
        asked = data.draw(st.sampled_from(self.proposals[-4:]))
        self.tries(partial(verb, self.desk, the(self.desk, who), asked, "because", self.now))

    @rule(
        who=PEOPLE,
        whom=st.sampled_from(("anna", "tess", "cora")),
        hours=st.one_of(st.none(), st.integers(-1, 5), st.integers(-1, 5)),
    )
    def suspends(self, who: str, whom: str, hours: int | None) -> None:
        until = None if hours is None else self.now + timedelta(hours=hours)
        person_id = somebody(self.desk, whom).id
        self.tries(partial(suspend, self.desk, the(self.desk, who), person_id, until, "because", self.now))

    @rule(who=st.one_of(PEOPLE, st.just("tess")), minutes=st.integers(0, 70))
    def opens_for_the_class(self, who: str, minutes: int) -> None:
        self.tries(partial(open_for_class, self.desk, the(self.desk, who), "6B", minutes, "why", self.now))

    @rule()
    def the_clock_writes_down_what_it_did(self) -> None:
        with capture_logs():
            lapse_due(self.desk, self.now)

    @precondition(lambda self: self.proposals)
    @rule(who=st.sampled_from(("terry", "hedy", "cora")), data=st.data())
    def sealing_fails(self, who: str, data: st.DataObject) -> None:
        """Whatever was about to happen has not happened."""
        asked = data.draw(st.sampled_from(self.proposals))
        keyless = that_cannot_seal(self.desk)
        before = self.everything()
        with pytest.raises((OSError, ChangeError)):
            approve(keyless, the(self.desk, who), asked, "because", self.now)
        assert self.everything() == before

    @rule()
    def publishing_breaks_or_is_mended(self) -> None:
        bundle, aside = self.desk.state / "bundle", self.desk.state / "aside"
        if self.can_publish:
            bundle.rename(aside)
            bundle.touch()
        else:
            bundle.unlink()
            aside.rename(bundle)
            publish_if_needed(self.desk)
        self.can_publish = not self.can_publish

    def proposes(self, verb: Callable[[], Any]) -> None:
        made = self.tries(verb)
        if made is not None:
            self.proposals.append(made.id)

    def tries(self, verb: Callable[[], Any]) -> Any:
        """Either it is done, with one line more, or refused, with nothing changed at all."""
        before, lines = self.everything(), len(log_of(self.desk))
        try:
            with capture_logs() as alarms:
                done = verb()
        except ChangeError:
            guessed = log_of(self.desk)[lines:]  # at a list that nobody may read
            assert [line.event for line in guessed] in ([], ["illegal-list:probe"])
            sealed = {"change_log", "change_text", "checkpoint"} if guessed else set()
            assert {**self.everything(), **dict.fromkeys(sealed)} == {**before, **dict.fromkeys(sealed)}
            return None
        assert len(log_of(self.desk)) == lines + 1
        assert not (alarms and self.can_publish)
        return done

    def everything(self) -> dict[str, list[Any]]:
        with reading(self.desk.engine) as conn:
            return {
                table.name: sorted(map(repr, conn.execute(select(table)))) for table in metadata.sorted_tables
            }

    @invariant()
    def tables_log_and_bundle_agree(self) -> None:
        lines = log_of(self.desk)
        if self.agreed == (len(lines), self.can_publish):
            return
        with reading(self.desk.engine) as conn:
            found = read_open(conn)
        if self.can_publish:
            bundle_is(
                read_bundle(self.desk.state, current_bundle(self.desk.state) or ""), found, lines[-1].at
            )
        is_what_two_people_agreed_on(found, Told(lines))
        nobody_has_agreed_with_himself(lines)
        self.agreed = (len(lines), self.can_publish)


def bundle_is(bundle: Bundle, found: Open, now: datetime) -> None:
    """But for what is over, which the gates close by the clock."""
    assert bundle.policy_text == found.policy_text
    assert tuple(each for each in bundle.policy.unblocks if each.ends_at > now) == found.unblocks
    assert tuple(each for each in bundle.policy.openings if each.ends_at > now) == found.openings
    assert tuple(bundle.accounts.values()) == found.accounts


def is_what_two_people_agreed_on(found: Open, told: "Told") -> None:
    still = {unblock for unblock, ends_at in told.open_unblocks.items() if ends_at > told.at}
    assert {each.id for each in found.unblocks} == still
    assert sha256_of(found.policy_text) == told.policy_in_force
    for account in found.accounts:
        person = account.person
        assert told.roles[person.id] == person.role
        suspended = (person.suspended_from, person.suspended_until)
        assert suspended == told.suspended.get(person.id, (None, None))
        assert person.agreement_signed or person.id not in told.signed


def nobody_has_agreed_with_himself(lines: list[Entry]) -> None:
    proposed_by = {line.object_id: line.actor for line in lines if line.event.endswith(":propose")}
    for line in lines:
        if line.event.endswith((":approve", ":decline")):
            assert line.actor != proposed_by[line.object_id] == line.detail["proposed_by"]


class Told:
    """What the change log says is in force, read line by line."""

    def __init__(self, lines: list[Entry]) -> None:
        self.open_unblocks: dict[str, datetime] = {}  # and when each is over
        self.suspended: dict[str, tuple[datetime | None, datetime | None]] = {}
        self.signed: set[str] = set()
        self.roles: dict[str, str] = {}
        self.policy_in_force = ""
        for line in lines:
            self.read(line)
        self.at = lines[-1].at

    def read(self, line: Entry) -> None:
        match line.event:
            case "school:found":
                self.policy_in_force = line.detail["policy_sha256"]
                self.roles = {one["person"]: one["role"] for one in line.detail["people"]}
            case "policy:approve" | "policy:tighten":
                self.policy_in_force = line.detail["policy_sha256"]
            case "unblock:approve":
                self.open_unblocks[line.object_id] = datetime.fromisoformat(line.detail["ends_at"])
            case "unblock:revoke" | "unblock:end":
                del self.open_unblocks[line.object_id]
            case "person:suspend":
                self.read_suspension(line)
            case "people:approve" | "people:tighten":
                for one in line.detail["people"]:
                    self.check_alone(line, one)
                    self.read_person(one["person"], one["set"])

    def check_alone(self, line: Entry, one: Mapping[str, Any]) -> None:
        """What one person did to the register gives nobody anything."""
        if line.event == "people:tighten":
            assert not any(one[given] for given in ("new", "named", "passwords", "code"))
            assert not one["set"].get("agreement_signed")
            assert "suspended_from" not in one["set"]
            was = Role(self.roles[one["person"]])
            assert rights_of(Role(one["set"].get("role", was))) <= rights_of(was)

    def read_suspension(self, line: Entry) -> None:
        """One person's line: it may only add to what is shut."""
        starts = datetime.fromisoformat(line.detail["from"])
        until = line.detail["until"] and datetime.fromisoformat(line.detail["until"])
        was_from, was_until = self.suspended.get(line.object_id, (None, None))
        if was_from is not None and (was_until is None or was_until > line.at):
            assert starts <= was_from
            assert until is None or (was_until is not None and until >= was_until)
        self.suspended[line.object_id] = (starts, until)

    def read_person(self, person_id: str, values: Mapping[str, Any]) -> None:
        if "role" in values:
            self.roles[person_id] = values["role"]
        if "suspended_from" in values:
            del self.suspended[person_id]
        if values.get("agreement_signed"):
            self.signed.add(person_id)


@pytest.mark.timeout(3600)
def test_whatever_people_do_nothing_is_opened_by_one_of_them(school: Path) -> None:
    School.template = school
    play(School, examples=EXAMPLES, steps=40)
