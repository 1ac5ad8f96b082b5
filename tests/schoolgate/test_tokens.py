"""Tokens on the command line, at a running school."""

import json
from pathlib import Path

import httpx2

from tests.running import Demo
from tests.schoolgate.conftest import Session


def own(demo: Demo, username: str) -> str:
    """The password that they sign in with, as a line."""
    return f"{demo.told['people'][username]['console_password']}\n"


def test_a_token_is_made_used_listed_and_revoked(demo: Demo, session: Session) -> None:
    mine = session("gordon")
    words = ("tokens", "create", "the wall screen", "--scope", "changes:read", "--days", "7", "--json")
    made = json.loads(demo.cli(*words, "--password-stdin", session=mine, given=own(demo, "gordon")).stdout)
    headers = {"Authorization": f"Bearer {made['token']}"}

    def asked() -> int:
        return httpx2.get(f"{demo.api}/api/v1/changes", headers=headers, trust_env=False).status_code

    assert asked() == 200
    listed = demo.cli("tokens", "list", session=mine).stdout
    assert made["id"] in listed
    assert made["token"] not in listed
    assert demo.cli("tokens", "revoke", made["id"], session=mine).returncode == 0
    assert asked() == 401


def test_a_scope_that_nobody_has_is_refused_with_those_that_there_are(demo: Demo, session: Session) -> None:
    done = demo.cli(
        "tokens",
        "create",
        "x",
        "--scope",
        "unblocks:approve",
        "--password-stdin",
        session=session("hilda"),
        given=own(demo, "hilda"),
    )

    assert done.returncode == 1
    assert "changes:read" in done.stderr


def test_who_is_not_signed_in_makes_none(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli("tokens", "list", session=tmp_path / "none.json")

    assert "schoolgate login" in done.stderr
