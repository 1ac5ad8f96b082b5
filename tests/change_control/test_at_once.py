"""Two people at once: one wins and the other is told, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.in_force import policy_in_force
from change_control.proposals import approve, decline, lapse_due, propose_policy, revoke, withdraw
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON, POLICY
from tests.change_control.protected import school_in
from tests.change_control.school import (
    asked_by,
    events_of,
    is_whole,
    refused,
    row_of,
    the,
)

DECIDED = ("unblock:approve", "unblock:decline", "unblock:withdraw")


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The same school in either database."""
    yield from school_in(request.param, request, tmp_path)


def at_once(*verbs: Callable[[], object]) -> list[str]:
    """Run all of them at the same moment; how each one came out."""
    together, outcomes = Barrier(len(verbs)), list[str]()

    def run(verb: Callable[[], object]) -> None:
        together.wait()
        try:
            verb()
            outcomes.append("done")
        except ChangeError as error:
            outcomes.append(error.code)

    threads = [Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_two_approvals_at_once_one_wins(either: Desk) -> None:
    asked = asked_by(either, "tess")
    people = [the(either, username) for username in ("terry", "hedy", "cora")]

    outcomes = at_once(*(partial(approve, either, actor, asked, "fine", NOON) for actor in people))

    assert outcomes == ["done", "wrong-state", "wrong-state"]
    assert events_of(either).count("unblock:approve") == 1
    assert is_whole(either)


def test_of_approving_declining_and_withdrawing_at_once_one_wins(either: Desk) -> None:
    asked = asked_by(either, "tess")

    outcomes = at_once(
        partial(approve, either, the(either, "terry"), asked, "fine", NOON),
        partial(decline, either, the(either, "hedy"), asked, "no", NOON),
        partial(withdraw, either, the(either, "tess"), asked, "", NOON),
    )

    assert outcomes == ["done", "wrong-state", "wrong-state"]
    (line,) = [event for event in events_of(either) if event in DECIDED]
    assert row_of(either, asked)["state"].startswith(line.partition(":")[2].rstrip("e"))


def test_of_two_policies_approved_at_once_one_is_in_force(either: Desk) -> None:
    texts = [POLICY.replace("reviewed}", f"reviewed by {name}}}") for name in ("one", "two")]
    asked = [propose_policy(either, the(either, "terry"), text, "why", NOON).id for text in texts]

    outcomes = at_once(
        partial(approve, either, the(either, "hedy"), asked[0], "yes", NOON),
        partial(approve, either, the(either, "cora"), asked[1], "yes", NOON),
    )

    assert outcomes == ["done", "wrong-state"]
    with reading(either.engine) as conn:
        assert policy_in_force(conn)[0] in texts


def test_the_clock_and_a_person_at_once_write_one_end(either: Desk) -> None:
    asked = asked_by(either, "tess")
    approve(either, the(either, "terry"), asked, "fine", NOON)
    just_before, over = NOON + timedelta(minutes=119), NOON + timedelta(hours=2)

    at_once(
        partial(lapse_due, either, over),
        partial(lapse_due, either, over),
        partial(revoke, either, the(either, "hedy"), asked, "moved", just_before),
    )

    ends = [event for event in events_of(either) if event in ("unblock:end", "unblock:revoke")]
    assert len(ends) == 1
    assert is_whole(either)


def test_the_story_of_an_unblock_is_the_same_in_either_database(either: Desk) -> None:
    asked = asked_by(either, "tess", **{"for": {"people": ["anna"]}})
    refused("same-person", lambda: approve(either, the(either, "tess"), asked, "me", NOON))
    approve(either, the(either, "terry"), asked, "fine", NOON)
    revoke(either, the(either, "cora"), asked, "moved", NOON)

    assert events_of(either)[-3:] == ["unblock:propose", "unblock:approve", "unblock:revoke"]
    assert row_of(either, asked)["state"] == "revoked"
    assert is_whole(either)
