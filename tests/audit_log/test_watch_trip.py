"""From the gate to the reader, on every database: what the gate noticed, and what it asked itself."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit_log.recorder import Recorder
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.setup import found
from proxy_addon.probe import Asking
from proxy_addon.watch_proof import CANARIES, CATEGORY, read_secret
from tests.audit_api.school import FOUNDED, FOUNDERS, KEY, School, console_password, lists
from tests.audit_log.attacks import verified
from tests.builders import NOON, POLICY
from tests.harness import a_gate


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a gate that was asked by itself, by anna on two devices, and for a way round."""
    policy = POLICY.replace("  gambling: ", "  circumvention: {everyone: not_allowed}\n  gambling: ")
    with a_gate(policy, sites={"proxy.test": "circumvention"}) as gate:
        secret = read_secret(gate.state)
        assert secret is not None
        with closing(Asking(secret)) as asking:
            assert asking.ask("staff", f"{CATEGORY}gambling", f"c-gambling.{CANARIES}") is not None
        for address in ("127.0.0.2", "127.0.0.3", "127.0.0.2"):
            gate.curl("http://proxy.test/", "--interface", address, user="anna")
        gate.wait_rows(lambda rows: sum(row["kind"] == "event" for row in rows) >= 1)
        gate.stop()
        yield Path(shutil.copytree(gate.state / "journal", tmp_path_factory.mktemp("kept") / "journal"))


def test_events_and_canaries_reach_who_reads(journal: Path, engine: Engine, tmp_path: Path) -> None:
    Recorder(engine, Path(shutil.copytree(journal, tmp_path / "journal"))).run_once()
    desk = Desk(engine=engine, state=tmp_path, key=KEY, lists=lists)
    for username, code in found(desk, POLICY, *FOUNDERS, FOUNDED).items():
        enrol(desk, code, console_password(username), NOON - timedelta(days=1))
    terry = School(desk).as_("terry")

    def rows(path: str, **wanted: str) -> list[dict[str, object]]:
        answer = terry.get(f"/api/v1/{path}", params=wanted)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["rows"])

    canaries = rows("canaries")
    assert [(row["group"], row["about"], row["works"]) for row in canaries] == [("staff", "gambling", True)]
    assert {row["reason"] for row in rows("filtering-log", kind="event")} == {"account-shared"}
    kinds = [row["kind"] for row in rows("filtering-log")]
    assert kinds.count("request") == 3
    assert "event" in kinds
    assert "canary" not in kinds
    told = {row["kind"] for row in rows("sightings")}
    assert told == {"circumvention", "account-sharing"}
    assert len(rows("sightings", kind="circumvention", each="yes")) == 3
    report = terry.get("/api/v1/reports/month", params={"month": "2026-11"}).json()
    assert report["total"]["requests"] == 3
    assert verified(engine).whole
