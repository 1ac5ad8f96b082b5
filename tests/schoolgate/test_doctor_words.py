"""Every finding of the doctor says what it means, why it matters and what to do."""

import json
import re
from pathlib import Path

from schoolgate.doctor_words import UNKNOWN, WORDS, as_told, explained, words_of
from schoolgate.finding import Finding
from tests.running import ROOT
from tests.schoolgate.conftest import At


def test_every_check_that_is_made_has_its_words() -> None:
    made = set[str]()
    for source in (ROOT / "schoolgate").glob("doctor*.py"):
        made |= set(re.findall(r'Finding\(\s*"([a-z ]+)"', source.read_text(encoding="utf-8")))
    named = {"checkpoints", "proxy port", "api port", "safeguarding lead", "governor"}

    assert made | named == set(WORDS)
    assert words_of("something else") is UNKNOWN


def test_all_words_stand_on_the_doctors_own_page() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    for check, words in WORDS.items():
        assert f"| {check} | {words.means} | {words.why} | {words.do} |" in page


def test_each_says_something_in_sentences() -> None:
    for check, words in WORDS.items():
        for said in (words.means, words.why, words.do):
            assert said[0].isupper() or said.startswith(("chmod", "schoolgate")), check
            assert said.endswith("."), check


def test_what_is_well_takes_a_line_and_what_is_not_is_explained() -> None:
    assert as_told(Finding("disk", True, "full of room")) == "ok    disk: full of room"
    for finding in (Finding("disk", False, "x"), Finding("disk", True, "x", warns=True)):
        told = as_told(finding)
        assert told.startswith(("FAIL  disk: x\n", "note  disk: x\n"))
        assert all(each in told for each in (WORDS["disk"].means, WORDS["disk"].why, WORDS["disk"].do))


def test_a_program_is_told_the_same_words(at: At, founded: Path) -> None:
    for found in json.loads(at(founded, "doctor", "--json").stdout):
        words = words_of(found["check"])
        assert (found["means"], found["why"], found["do"]) == (words.means, words.why, words.do)
        told = explained(Finding(found["check"], found["fit"], found["says"], found["warns"]))
        assert told == found
        assert words is not UNKNOWN
