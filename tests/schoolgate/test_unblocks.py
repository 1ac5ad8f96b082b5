"""`schoolgate unblocks`: one asks, another agrees, anyone who may shuts it again."""

import json
from datetime import UTC, datetime, timedelta

from tests.running import Demo, Done
from tests.schoolgate.conftest import Session


def ask(demo: Demo, session: Session, *more: str) -> Done:
    begins = datetime.now(UTC) + timedelta(days=2)
    ends = begins + timedelta(hours=1)
    return demo.cli(
        *("unblocks", "ask", "--site", "shop.test", "--class", "6B", "--subject", "Adverts"),
        *("--from", begins.isoformat(), "--until", ends.isoformat(), "--reason", "how they work", *more),
        session=session("mary"),
    )


def test_one_asks_for_a_lesson_another_agrees_and_anyone_may_revoke(demo: Demo, session: Session) -> None:
    asked = ask(demo, session, "--json")
    assert asked.returncode == 0, asked.stderr
    unblock = json.loads(asked.stdout)["id"]
    cora = session("cora")

    assert (
        demo.cli("unblocks", "approve", unblock, "--reason", "I do", session=session("mary")).returncode == 1
    )
    agreed = demo.cli("unblocks", "approve", unblock, "--reason", "fine", "--json", session=cora)
    assert json.loads(agreed.stdout)["state"] == "approved"
    listed = json.loads(demo.cli("unblocks", "list", "--state", "approved", "--json", session=cora).stdout)
    assert unblock in [row["id"] for row in listed["rows"]]
    revoked = demo.cli("unblocks", "revoke", unblock, "--reason", "not needed", "--json", session=cora)
    assert json.loads(revoked.stdout)["state"] == "revoked"


def test_a_request_can_be_declined_or_taken_back(demo: Demo, session: Session) -> None:
    for act, who, state in (("decline", "cora", "declined"), ("withdraw", "mary", "withdrawn")):
        unblock = json.loads(ask(demo, session, "--json").stdout)["id"]
        done = demo.cli("unblocks", act, unblock, "--reason", "because", "--json", session=session(who))
        assert json.loads(done.stdout)["state"] == state


def test_for_people_it_is_words(demo: Demo, session: Session) -> None:
    asked = ask(demo, session)

    assert "state:          requested" in asked.stdout
    assert "for:            6B" in asked.stdout
    assert "Another person can now approve it." in asked.stderr
    assert demo.cli("unblocks", "list", session=session("mary")).stdout.startswith("ID ")


def test_bad_input_names_each_field(demo: Demo, session: Session) -> None:
    done = demo.cli(
        *("unblocks", "ask", "--site", "co.uk", "--class", "6B", "--subject", "x", "--reason", "y"),
        *("--from", "2026-11-24T11:00", "--until", "2026-11-24T10:00"),
        session=session("mary"),
    )

    assert done.returncode == 1
    assert "  sites: " in done.stderr
    assert "  ends_at: " in done.stderr
