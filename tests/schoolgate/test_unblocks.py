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


def test_lesson_slots_are_asked_for_agreed_to_in_part_and_asked_for_again(
    demo: Demo, session: Session
) -> None:
    first = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    slots = ("--day", "mon", "--day", "tue", "--day", "wed", "--day", "thu", "--day", "fri")
    asked = demo.cli(
        *("unblocks", "ask", "--site", "shop.test", "--site", "museum.test", "--companion", "images.test"),
        *("--class", "6B", "--subject", "Adverts", "--reason", "how they work", "--tried", "a book"),
        *(*slots, "--at", "10:00", "--to", "11:00", "--weeks", "5", "--starts-on", first, "--json"),
        session=session("mary"),
    )
    assert asked.returncode == 0, asked.stderr
    made = json.loads(asked.stdout)
    assert made["windows"]
    part = ("--site", "museum.test", "--companion", "images.test", "--reason", "that much", "--json")
    agreed = demo.cli("unblocks", "approve", made["id"], *part, session=session("cora"))
    assert json.loads(agreed.stdout)["agreed"] == {"sites": ["museum.test"], "companions": ["images.test"]}

    when = ("--period", "lessons", "--weeks", "1", "--starts-on", made["windows"][0]["starts_at"][:10])
    again = ("unblocks", "extend", made["id"], *when, "--reason", "not done yet", "--json")
    extended = json.loads(demo.cli(*again, session=session("mary")).stdout)
    assert (extended["sites"], extended["extends"], extended["state"]) == (
        ["museum.test"],
        made["id"],
        "requested",
    )
    assert demo.cli("unblocks", "use", made["id"], session=session("mary")).stdout == (
        "It has not been used yet.\n"
    )


def test_what_a_class_would_see_is_said_in_a_sentence(demo: Demo, session: Session) -> None:
    asked = ("unblocks", "check", "--site", "shop.test", "--class", "6B")
    done = demo.cli(*asked, session=session("mary"))

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("shop.test is ")
    assert "pupils of 6B" in done.stdout


def test_when_is_said_in_one_way(demo: Demo, session: Session) -> None:
    done = ask(demo, session, "--day", "tue")

    assert done.returncode == 1
    assert "Say when in one way" in done.stderr


def test_companions_and_figures_are_tables_and_fields(demo: Demo, session: Session) -> None:
    found = demo.cli("unblocks", "companions", "shop.test", "--class", "6B", session=session("mary"))
    figures = demo.cli("unblocks", "figures", session=session("cora"))

    assert found.stdout.startswith("HOST "), found.stderr
    assert "waited_minutes" in figures.stdout or "asked:" in figures.stdout
