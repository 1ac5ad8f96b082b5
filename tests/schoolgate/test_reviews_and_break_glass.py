"""`schoolgate reviews` and `schoolgate break-glass`: the same rules as in the window."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.running import Demo
from tests.schoolgate.conftest import Session


def told(demo: Demo, session: Path, *words: str, given: str = "") -> dict[str, Any]:
    done = demo.cli(*words, "--json", session=session, given=given)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_envelope_is_made_by_two_opened_once_and_signed_by_others(demo: Demo, session: Session) -> None:
    tess, cora = session("tess"), session("cora")
    made = told(demo, tess, "break-glass", "make", "--reason", "for the safe")
    agreed = told(demo, cora, "break-glass", "agree", made["id"], "--reason", "for the safe")
    assert told(demo, tess, "break-glass", "status")["ready"]
    begins = datetime.now(UTC) + timedelta(days=2)
    lesson = ("--from", begins.isoformat(), "--until", (begins + timedelta(hours=1)).isoformat())
    words = ("unblocks", "ask", "--site", "shop.test", "--class", "6B", "--subject", "Adverts", *lesson)
    asked = told(demo, tess, *words, "--reason", "how they work")

    use = ("break-glass", "approve-with", asked["id"], "--code-stdin", "--reason", "alone in school")
    done = told(demo, tess, *use, given=f"{made['half']} {agreed['half']}\n")

    assert done["state"] == "approved"
    assert demo.cli("break-glass", "status", session=cora).stdout.startswith("ready:")
    again = demo.cli(*use, session=tess, given=f"{made['half']} {agreed['half']}\n")
    assert (again.returncode, "There is no such code" in again.stderr) == (1, True)
    by_code = (
        "break-glass",
        "code",
        "--username",
        "cora",
        "--api",
        demo.api,
        "--code-stdin",
        "--reason",
        "x",
    )
    assert demo.cli(*by_code, session=tess, given="0000\n").returncode == 1
    assert done["review"] in demo.cli("reviews", "list", session=cora).stdout
    alone = demo.cli("reviews", "sign", done["review"], "--note", "fine", session=tess)
    assert alone.returncode == 1
    signed = demo.cli("reviews", "sign", done["review"], "--note", "I asked her", session=cora)
    assert "somebody else has to look at it as well" in signed.stderr
    against = demo.cli("reviews", "sign", done["review"], "--note", "no", "--disagree", session=cora)
    assert "It stays open" in against.stderr
