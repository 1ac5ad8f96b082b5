"""Nobody agrees with himself: changes as people make them, and as a governor checks them from outside."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from sqlalchemy import text

from audit_log.db import writing
from filter_policy.bundle import current_bundle, read_bundle, write_bundle
from tests.running import ROOT
from tests.system.school import TEN, School, a_school, wait_for

pytestmark = pytest.mark.system
POLICY = "/api/v1/policy"
VERIFIER = ROOT / "audit_log" / "offline" / "verify_changes.py"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with a_school(tmp_path / "state", TEN) as made:
        yield made


def proposed(client: httpx2.Client, reason: str, **sections: Any) -> dict[str, Any]:
    """The policy in force, with these sections instead of its own."""
    policy = yaml.safe_load(client.get(POLICY).json()["text"])
    for name, value in sections.items():
        policy[name] = {**policy[name], **value} if isinstance(value, dict) else policy.get(name, []) + value
    body = {"text": yaml.safe_dump(policy, sort_keys=False), "reason": reason}
    answer = client.post(f"{POLICY}/proposals", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def agree(client: httpx2.Client, proposal: dict[str, Any]) -> httpx2.Response:
    return client.post(f"{POLICY}/proposals/{proposal['id']}/approve", json={"reason": "I have looked"})


def is_shut(school: School, url: str) -> bool:
    """What was on its way when it was shut is cut."""
    try:
        return school.status("ben", url) == 403
    except httpx2.RemoteProtocolError:
        return False


def test_what_opens_more_waits_for_another_person(school: School) -> None:
    assert school.status("ben", "https://bets.test/") == 403
    with school.api("terry") as terry, school.api("hedy") as hedy:
        asked = proposed(terry, "maths of chance", access={"gambling": {"everyone": "allowed"}})
        assert (asked["state"], asked["loosening"]) == ("requested", True)
        assert agree(terry, asked).status_code in (403, 409)
        assert school.status("ben", "https://bets.test/") == 403

        assert agree(hedy, asked).status_code == 200
    wait_for(lambda: school.status("ben", "https://bets.test/") == 200, "the gate to hear of it", 5)


def test_what_only_shuts_is_in_force_at_once_and_somebody_else_looks_at_it(school: School) -> None:
    """Once two people have agreed on a policy: that of the founding is one person's."""
    with school.api("terry") as terry, school.api("hedy") as hedy:
        assert agree(
            hedy, proposed(terry, "our own", access={"gambling": {"everyone": "allowed"}})
        ).is_success
    assert school.status("ben", "https://school-books.test/") == 200
    with school.api("terry") as terry:
        block = {"block": ["school-books.test"], "for": "everyone", "reason": "shows advertisements"}
        made = proposed(terry, "the head of year rang", sites=[block])
        assert (made["state"], made["loosening"], made["decided_by"]) == ("approved", False, None)
    wait_for(lambda: is_shut(school, "https://school-books.test/"), "the gate to hear of it", 5)

    with school.api("terry") as terry, school.api("gail") as gail:
        (waiting,) = terry.get("/api/v1/reviews").json()["rows"]
        sign = f"/api/v1/reviews/{waiting['id']}/sign"
        body = {"agrees": True, "note": "so would I have"}
        assert terry.post(sign, json=body).status_code in (403, 409)
        assert gail.post(sign, json=body).status_code == 200
        told = terry.get("/api/v1/changes/verify").json()
        assert told["whole"], told["says"]


def test_a_bundle_that_nobody_agreed_on_is_never_used(school: School) -> None:
    """The publisher puts it right within seconds, so it is written again until the gate has seen it."""
    name = current_bundle(school.state)
    assert name is not None
    found = read_bundle(school.state, name)
    policy = yaml.safe_load(found.policy_text)
    policy["access"]["gambling"] = {"everyone": "allowed"}

    def is_refused() -> bool:
        text_ = yaml.safe_dump(policy, sort_keys=False)
        write_bundle(school.state, policy_text=text_, lists=found.lists, accounts=found.accounts.values())
        assert school.status("ben", "https://bets.test/") == 403
        return "bundle.refused" in (school.state / "gate.log").read_text()

    wait_for(is_refused, "the gate to refuse it")
    wait_for(lambda: current_bundle(school.state) == name, "the publisher to put it right")
    assert school.status("ben", "https://bets.test/") == 403


def checked_at_home(folder: Path, export: bytes, *checkpoints: str) -> "subprocess.CompletedProcess[str]":
    """With nothing of ours but the one file, as anybody could."""
    (folder / "verify_changes.py").write_bytes(VERIFIER.read_bytes())
    (folder / "export.jsonl").write_bytes(export)
    command = [sys.executable, "-I", "-S", "verify_changes.py", "export.jsonl"]
    for number, note in enumerate(checkpoints):
        (folder / f"checkpoint-{number}.txt").write_text(note, encoding="utf-8")
        command += ["--checkpoint", f"checkpoint-{number}.txt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_governor_checks_the_record_at_home_and_finds_what_the_server_rewrote(
    school: School, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with school.api("gail") as gail, school.api("terry") as terry:
        kept = gail.get("/api/v1/changes/checkpoints").json()["rows"][0]["note"]
        asked = proposed(terry, "maths of chance", access={"gambling": {"staff": "allowed"}})
        with school.api("hedy") as hedy:
            assert agree(hedy, asked).status_code == 200
        export = gail.get("/api/v1/changes/export")
        assert export.status_code == 200

        whole = checked_at_home(home, export.content, kept)
        assert whole.returncode == 0, whole.stdout + whole.stderr
        assert "whole" in whole.stdout

        with writing(school.desk.engine) as conn:
            triggers = conn.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'change_log'")
            ).scalars()
            for trigger in triggers.all():
                conn.execute(text(f"DROP TRIGGER {trigger}"))
            edit = "UPDATE change_log SET entry = replace(entry, 'people:approve', 'people:decline')"
            conn.execute(text(edit))
        rewritten = gail.get("/api/v1/changes/export")

    found = checked_at_home(home, rewritten.content, kept)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "NOT whole" in found.stdout
