"""policy.yaml and lists.yaml on the disk against what is in force: said, and nothing follows from it."""

from dataclasses import replace
from pathlib import Path

import pytest

from audit_api.disk import Disk, digest_of
from audit_api.drift import Drift, policy_drift
from audit_log.db import reading
from change_control.proposals import propose_policy
from tests.audit_api.listed import ListedSchool
from tests.audit_api.school import School
from tests.audit_api.test_policy import LOOSER
from tests.builders import NOON, POLICY

SAID = "policy.yaml on the server's disk is not what is in force: somebody edited it and has not proposed it."


@pytest.fixture
def on_disk(school: School, tmp_path: Path) -> tuple[School, Path]:
    """The school, and its policy.yaml as it is in force."""
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    return School(replace(school.desk, policy_file=file)), file


def drift(school: School) -> Drift | None:
    with reading(school.desk.engine) as conn:
        return policy_drift(school.app.state.window, conn)


def figure(school: School, name: str) -> str:
    lines = school.nobody().get("/metrics").text.splitlines()
    return next((line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")), "")


def test_a_file_that_says_what_is_in_force_is_no_alarm(on_disk: tuple[School, Path]) -> None:
    school, _ = on_disk

    assert drift(school) == Drift(differs=False)
    assert figure(school, "schoolgate_policy_drift") == "0"
    assert "on the server's disk" not in school.browser("gail")[0].get("/").text


def test_an_edited_file_is_told_to_those_who_read_changes(on_disk: tuple[School, Path]) -> None:
    school, file = on_disk
    school.browser("gail")[0].get("/")  # read once already
    file.write_text(LOOSER)

    assert figure(school, "schoolgate_policy_drift") == "1"
    for who in ("gail", "terry"):
        for page in ("/", "/policy"):
            told = school.browser(who)[0].get(page).text
            assert SAID in told.replace("&#39;", "'")
            assert 'href="/policy#f-text"' in told
    assert "on the server's disk" not in school.browser("sam")[0].get("/").text.replace("&#39;", "'")


def test_an_edited_file_that_was_proposed_waits_for_somebody(on_disk: tuple[School, Path]) -> None:
    school, file = on_disk
    file.write_text(LOOSER)
    propose_policy(school.desk, school.actor("terry"), LOOSER, "a plan", NOON)

    assert drift(school) == Drift(differs=True, proposed=True)
    assert "waits for somebody to agree" in school.browser("gail")[0].get("/policy").text


def test_a_file_that_is_missing_or_no_text_raises_nothing(on_disk: tuple[School, Path]) -> None:
    school, file = on_disk
    file.write_bytes(b"\xff\xfe school")
    assert drift(school) == Drift(differs=True)
    file.unlink()

    assert drift(school) is None
    assert figure(school, "schoolgate_policy_drift") == ""
    assert school.browser("gail")[0].get("/").status_code == 200


def test_a_school_without_a_file_knows_no_drift(school: School) -> None:
    assert drift(school) is None


def test_an_edited_lists_yaml_is_told_too(listed: ListedSchool) -> None:
    assert figure(listed, "schoolgate_lists_drift") == "0"
    assert listed.desk.lists_file is not None
    listed.desk.lists_file.write_text(listed.desk.lists_file.read_text() + "\n# one more\n")

    assert figure(listed, "schoolgate_lists_drift") == "1"
    assert "lists.yaml on the server" in listed.browser("gail")[0].get("/").text


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    disk, file = Disk(), tmp_path / "policy.yaml"
    file.write_text("one")
    assert disk.digest(file) == disk.digest(file) == digest_of("one")
    file.write_text("other")
    assert disk.digest(file) == digest_of("other")
    file.write_bytes(b"a\r\nb")
    assert disk.digest(file) == digest_of("a\nb")
    assert disk.digest(tmp_path) is None
