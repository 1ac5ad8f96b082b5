"""The change log as one file: exactly what was sealed, of one moment, and no pupil by name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import text

import audit_log.offline
from audit_log.change_log import append, erase_text
from audit_log.checkpoint import read_note, sign_checkpoint
from audit_log.db import reading, writing
from audit_log.seal import GENESIS, leaf_of, text_seal
from change_control.looks import SEARCHED_FOR
from tests.audit_api.school import KEY, School

URL = "/api/v1/changes/export"
VERIFIER = Path(audit_log.offline.__file__).with_name("verify_changes.py")


def taken(school: School, who: str = "gail") -> list[dict[str, Any]]:
    answer = school.as_(who).get(URL)
    assert answer.status_code == 200, answer.text
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def told(lines: list[dict[str, Any]], what: str) -> list[Any]:
    return [line[what] for line in lines if what in line]


def test_it_holds_every_line_exactly_as_it_was_sealed(school: School) -> None:
    head, *lines = taken(school)
    with reading(school.desk.engine) as conn:
        stored = conn.execute(text("SELECT entry, leaf FROM change_log ORDER BY seq")).all()

    assert (head["schoolgate"], head["format"], head["entries"]) == ("change-log", 1, len(stored))
    assert [(row.entry, row.leaf.hex()) for row in stored] == [
        (line["entry"], line["leaf"]) for line in lines if "entry" in line
    ]
    prev = GENESIS
    for line in lines[: head["entries"]]:
        prev = leaf_of(prev, line["entry"])
        assert prev.hex() == line["leaf"]
    assert lines[-1] == {"end": True, "lines": len(lines)}


def test_each_text_fits_its_seal_and_each_checkpoint_is_signed(school: School) -> None:
    lines = taken(school)
    sealed = [json.loads(entry) for entry in told(lines, "entry")]

    for each in told(lines, "text"):
        seal = sealed[each["seq"] - 1]["texts"][each["field"]]
        assert text_seal(bytes.fromhex(each["salt"]), each["text"]) == seal
    notes = [read_note(note) for note in told(lines, "checkpoint")]
    assert notes[-1].size == len(sealed)
    assert all(note.is_signed_by(KEY.public_key()) for note in notes)


def test_adults_are_named_and_no_pupil_is(school: School) -> None:
    names = told(taken(school), "name")

    assert {each["name"] for each in names} >= {"Terry Tyler", "Hedy Hill", "Tess Taylor"}
    answer = school.as_("gail").get(URL).text
    assert all(name not in answer for name in ("Anna Akhtar", "Ben Brown", "anna"))


def test_what_a_governor_must_not_see_is_marked_and_is_no_erasure(school: School) -> None:
    looked = {"actor": school.person("terry").id, "role": "technician", "object_id": "x"}
    with writing(school.desk.engine) as conn:
        append(
            conn,
            at=school.clock.now,
            event="filtering-log:read",
            texts={"purpose": "asked", SEARCHED_FOR: "Anna A."},
            detail={},
            **looked,
        )  # fmt: skip
        sign_checkpoint(conn, KEY, school.clock.now)

    seen = {(each["field"], each["text"], each.get("withheld")) for each in told(taken(school), "text")}
    all_of_it = [each for each in told(taken(school, "cora"), "text") if each["field"] == SEARCHED_FOR]

    assert {("purpose", "asked", None), (SEARCHED_FOR, None, True)} <= seen
    assert [(each["text"], "withheld" in each) for each in all_of_it] == [("Anna A.", False)]


def test_a_text_that_is_not_there_has_no_salt_to_guess_it_with(school: School) -> None:
    looked = {"actor": school.person("terry").id, "role": "technician", "object_id": "x"}
    with writing(school.desk.engine) as conn:
        texts = {"purpose": "asked", SEARCHED_FOR: "Anna A."}
        seq = append(conn, at=school.clock.now, event="filtering-log:read", texts=texts, detail={}, **looked)
        erase_text(
            conn,
            seq,
            "purpose",
            at=school.clock.now,
            actor=school.person("terry").id,
            role="technician",
            reason="no longer",
        )
        sign_checkpoint(conn, KEY, school.clock.now)

    there = {each["field"]: each for each in told(taken(school), "text") if each["seq"] == seq}

    assert {name: (each["salt"], each["text"]) for name, each in there.items()} == {
        "purpose": ("", None),
        SEARCHED_FOR: ("", None),
    }


def test_the_verifier_that_shares_no_line_with_us_finds_it_whole(school: School, tmp_path: Path) -> None:
    export = tmp_path / "export.jsonl"
    export.write_bytes(school.as_("gail").get(URL).content)

    done = subprocess.run(  # our own file
        [sys.executable, "-I", str(VERIFIER), str(export)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_taking_it_leaves_no_line_and_no_file(school: School) -> None:
    before, files = school.events(), set(school.desk.state.rglob("*"))

    taken(school)

    assert school.events() == before
    assert set(school.desk.state.rglob("*")) == files


def test_a_damaged_log_is_exported_as_it_is(school: School) -> None:
    with writing(school.desk.engine) as conn:
        for trigger in ("change_log_no_update", "change_text_only_erased"):
            conn.execute(text(f"DROP TRIGGER {trigger}"))
        conn.execute(text("UPDATE change_log SET entry = cast(x'ff' AS TEXT), leaf = 'x' WHERE seq = 2"))
        conn.execute(text("UPDATE change_text SET salt = 'sixteen letters!' WHERE seq = 1"))

    lines = taken(school)

    assert told(lines, "entry")[1] == "\ufffd"
    assert lines[2]["leaf"] == ""
