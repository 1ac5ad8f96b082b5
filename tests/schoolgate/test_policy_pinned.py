"""`schoolgate policy pinned`: what is known, what came by, and a text that the policy takes."""

import json

from filter_lists.pinned_apps import pinned_apps
from filter_policy.parse import parse_policy
from schoolgate.commands.policy_pinned import candidates, proposal
from tests.builders import POLICY
from tests.running import Demo, cli
from tests.schoolgate.conftest import Session

ROWS: list[dict[str, str | None]] = [
    {"host": "mmg.whatsapp.net", "rule": "pinned"},
    {"host": "app.school.test", "rule": "pinned"},
    {"host": "mmg.whatsapp.net", "rule": "pinned"},
    {"host": "left.test", "rule": "closed"},
    {"host": None, "rule": "pinned"},
]


def test_the_known_apps_are_shown_without_a_server() -> None:
    table, told = cli("policy", "pinned"), cli("policy", "pinned", "--json")
    assert table.returncode == told.returncode == 0
    assert table.stdout.startswith("APP")
    assert [row["app"] for row in json.loads(told.stdout)] == [each.app for each in pinned_apps()]


def test_what_came_by_is_counted_by_host_and_named_where_it_is_known() -> None:
    found = candidates(ROWS)
    assert [(each["host"], each["times"], each["app"]) for each in found] == [
        ("mmg.whatsapp.net", 2, "WhatsApp"),
        ("app.school.test", 1, ""),
    ]


def test_the_text_that_is_offered_is_one_that_the_policy_takes() -> None:
    policy = parse_policy(POLICY + proposal(candidates(ROWS)) + "\n")
    assert [str(row.sites[0]) for row in policy.passthrough] == ["mmg.whatsapp.net", "app.school.test"]
    assert {row.why for row in policy.passthrough} == {"pinned-app"}


def test_the_log_is_asked_for_what_came_by(demo: Demo, session: Session) -> None:
    done = demo.cli("policy", "pinned", "--seen", "7", "--json", session=session("tess"))
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), list)
