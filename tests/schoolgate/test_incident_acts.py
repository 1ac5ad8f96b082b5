"""What is done with an incident from the keyboard: every verb of the API has a command."""

from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from audit_api.rights import RIGHTS
from schoolgate.cli import app
from schoolgate.commands import incident_acts
from schoolgate.telling import Failed

# What the keyboard calls otherwise than the last word of the route.
CALLED = {
    "notes": "note",
    "steps": "ask",
    "files": "attach",
    "{file}": "file",
    "tasks": "task",
    "{evidence}": "rows",
    "{id}": "show",
    "reports": "report",
    "incidents": "open",
}
ELSEWHERE = {"review", "figures"}  # for those who oversee, on a page


def test_every_route_about_incidents_has_a_command() -> None:
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    verbs = whole.commands["incidents"]
    assert isinstance(verbs, TyperGroup)
    last = {route.rpartition("/")[2] for route in RIGHTS if " /api/v1/incidents" in route} - ELSEWHERE

    assert {CALLED.get(word, word) for word in last} | {"list"} == set(verbs.commands)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"nothing\.png cannot be read"):
        incident_acts.attach("0f3a9c51d27be846", tmp_path / "nothing.png")
