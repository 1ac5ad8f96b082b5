"""`schoolgate changes` and `schoolgate log`: what the role may see; and what services say of themselves."""

import base64
import json
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, Demo, clean_environ
from tests.schoolgate.conftest import Session

SPEAK = """
import logging, structlog
from schoolgate.log import configure_logging
configure_logging("gate", "info")
structlog.get_logger().info("policy.reloaded", revision="abc")
structlog.get_logger().debug("too.quiet")
logging.getLogger("library").warning("spoken %s", "aloud")
logging.getLogger("library").info("GET /secret")
"""


def test_the_change_log_is_a_table_with_a_cursor(demo: Demo, session: Session) -> None:
    done = demo.cli("changes", "list", "--limit", "3", session=session("gordon"))
    page = json.loads(demo.cli("changes", "list", "--limit", "3", "--json", session=session("gordon")).stdout)

    assert done.stdout.startswith("SEQ")
    assert f"--cursor {page['next']}" in done.stderr
    assert len(page["rows"]) == 3


def test_verify_says_that_the_log_is_whole(demo: Demo, session: Session) -> None:
    done = demo.cli("changes", "verify", "--json", session=session("gordon"))

    assert done.returncode == 0
    assert json.loads(done.stdout)["first_bad"] is None


def test_the_log_is_taken_home_and_checked_without_the_server(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    """As a governor would: with a checkpoint that was kept."""
    gordon, file, kept = session("gordon"), tmp_path / "export.jsonl", tmp_path / "kept.txt"
    kept.write_text(demo.cli("changes", "checkpoints", session=gordon).stdout)
    proof = json.loads(demo.cli("changes", "proof", "1", "--json", session=gordon).stdout)
    told = demo.cli("changes", "proof", "1", session=gordon).stdout

    taken = demo.cli("changes", "export", str(file), session=gordon)
    again = demo.cli("changes", "export", str(file), session=gordon)
    whole = demo.cli("changes", "verify", "--file", str(file), "--checkpoint", str(kept))

    assert (taken.returncode, again.returncode, whole.returncode) == (0, 1, 0), taken.stderr + whole.stdout
    assert "--force" in again.stderr
    assert (told.startswith("prev "), proof["sealed"] in told) == (True, False)
    assert proof["root"] == base64.b64decode(kept.read_text().splitlines()[2]).hex()
    assert proof["sealed"] == json.loads(file.read_text().splitlines()[1])["entry"]
    cut = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*cut[:3], *cut[4:]]))
    assert demo.cli("changes", "verify", "--file", str(file)).returncode == 1


def test_the_filtering_log_can_be_searched(demo: Demo, session: Session) -> None:
    tess = session("tess")
    found = demo.cli("log", "search", "--category", "gambling", "--limit", "5", "--json", session=tess)

    rows = json.loads(found.stdout)["rows"]
    assert {row["host"] for row in rows} == {"bets.test"}
    assert demo.cli("log", "search", "--limit", "3", session=tess).stdout.startswith("AT ")
    csv = demo.cli("log", "search", "--limit", "3", "--csv", session=tess).stdout
    assert len(csv.splitlines()) == 4


def test_looking_at_one_person_takes_a_purpose_and_leaves_a_line(demo: Demo, session: Session) -> None:
    cora = session("cora")

    bare = demo.cli("log", "search", "--person", "anna", session=cora)
    told = demo.cli("log", "search", "--person", "anna", "--purpose", "a parent asked", session=cora)

    assert bare.returncode == 1
    assert "purpose" in bare.stderr
    assert told.returncode == 0, told.stderr
    newest = json.loads(demo.cli("changes", "list", "--limit", "1", "--json", session=cora).stdout)["rows"][0]
    assert newest["event"] == "filtering-log:read"
    assert newest["texts"]["purpose"] == "a parent asked"


def test_a_technician_reads_no_colleague_by_name(demo: Demo, session: Session, tmp_path: Path) -> None:
    tess = session("tess")  # the technician of the demo
    asked = ("--person", "mary", "--purpose", "to see")
    for words in (("search",), ("export", "--to", str(tmp_path / "rows.csv")), ("tail",)):
        done = demo.cli("log", *words, *asked, session=tess)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert "read by the headteacher alone" in done.stderr
    assert not (tmp_path / "rows.csv").exists()


def test_services_speak_json_on_stderr_and_libraries_only_of_trouble() -> None:
    command = [sys.executable, "-c", SPEAK]
    done = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert done.stdout == ""
    assert [(line["event"], line["level"], line["service"]) for line in lines] == [
        ("policy.reloaded", "info", "gate"),
        ("spoken aloud", "warning", "gate"),
    ]
