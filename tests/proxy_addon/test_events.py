"""What is noticed beside any request: cut to what the policy keeps, sealed and stored like every row."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit_log.db import migrate, open_engine, reading
from audit_log.journal import Journal
from audit_log.recorder import Recorder
from audit_log.tables import filtering_log
from filter_lists.index import Index
from filter_policy.bundle import Account, Bundle
from filter_policy.model import Person, Policy
from proxy_addon.clock import GateClock
from proxy_addon.events import Events
from proxy_addon.guessing import Guessed
from proxy_addon.judge import InForce
from proxy_addon.records import Rows
from tests.audit_log.attacks import verified
from tests.builders import NOON, a_person, a_policy

ANNA = Account(a_person("anna"), "hash of anna")


def events_of(notes: list[dict[str, Any]], index: Index, policy: Policy | None = None) -> Events:
    bundle = Bundle(policy or a_policy(), "", "", {"anna": ANNA})
    force = InForce("bundle", bundle, index)
    return Events(Rows("gate-1"), GateClock(lambda: NOON), lambda: force, notes.append)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    from filter_lists.gathering import Gatherer
    from filter_lists.writing import write_generation

    return Index.open(tmp_path / write_generation(Gatherer(), (), tmp_path))


def notice_everything(events: Events) -> None:
    for address in ("10.0.0.5", "10.0.0.9", "10.0.0.5"):
        events.seen(ANNA.person, address)
    events.guessed(Guessed("device and account", "anna", "10.0.0.7", 20))
    events.guessed(Guessed("device and account", "no-such-name", "10.0.0.7", 20))
    events.guessed(Guessed("device", "anna", "10.0.0.7", 100))


def test_each_says_whose_account_it_is_and_nothing_that_anybody_typed(index: Index) -> None:
    notes: list[dict[str, Any]] = []
    notice_everything(events_of(notes, index))
    assert [(row["reason"], row["rule"], row["person"]) for row in notes] == [
        ("account-shared", "devices: 2, one change", ANNA.person.id),
        ("account-shared", "devices: 2", ANNA.person.id),
        ("guessing", "device and account: 20 tries", ANNA.person.id),
        ("guessing", "device and account: 20 tries", None),
        ("guessing", "device: 100 tries", None),
    ]
    assert "no-such-name" not in str(notes)
    assert {row["t"] for row in notes} == {"whole"}


def test_a_device_that_nobody_signed_in_to_is_shared_by_nobody(index: Index) -> None:
    notes: list[dict[str, Any]] = []
    events = events_of(notes, index)
    for address in ("10.0.0.5", "10.0.0.9", "10.0.0.5"):
        events.seen(Person(id="", username="", role=None, filter_groups=("reception-ks1",)), address)
    assert not notes


def test_before_there_is_a_bundle_it_is_told_without_an_address(index: Index) -> None:
    notes: list[dict[str, Any]] = []
    events = Events(Rows("gate-1"), GateClock(lambda: NOON), lambda: None, notes.append)
    events.guessed(Guessed("device and account", "anna", "10.0.0.7", 20))
    assert [(row["person"], row["address"]) for row in notes] == [(None, None)]


def test_they_reach_the_filtering_log_and_its_seal_holds(index: Index, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", "gate-1")
    notes: list[dict[str, Any]] = []
    notice_everything(events_of(notes, index))
    for row in notes:
        journal.note(row)
    journal.close()
    engine = open_engine(f"sqlite:///{tmp_path / 'log.sqlite'}")
    migrate(engine)
    Recorder(engine, tmp_path / "journal", clock=lambda: NOON).run_once()
    with reading(engine) as conn:
        found = conn.execute(select(filtering_log.c.kind, filtering_log.c.reason, filtering_log.c.rule)).all()
    assert sorted(map(tuple, found)) == sorted(("event", row["reason"], row["rule"]) for row in notes)
    assert verified(engine)
    engine.dispose()
