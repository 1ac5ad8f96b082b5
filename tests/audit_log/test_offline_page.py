"""The page of the verifier in a real browser, from disk and without a network: the same answers."""

import base64
import hashlib
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import Error, Page, sync_playwright

from audit_log import offline
from audit_log.offline import verify_changes
from audit_log.offline.verify_changes import check, lines_of, text_of
from tests.audit_log.exports import Lines, written
from tests.audit_log.honest import Honest, an_honest_log, found
from tests.audit_log.test_offline_rules import FORBIDDEN
from tests.audit_log.test_offline_verify import HOSTILE, KEPT, LINES, OTHER, PUBLIC, TAMPERED, UNUSABLE
from tests.builders import NOON
from tests.change_control.school import KEY

pytestmark = [pytest.mark.system, pytest.mark.filterwarnings("ignore::ResourceWarning")]
PAGE = Path(offline.__file__).with_name("verify_changes.html")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
MANY = "cases => cases.map(([file, notes, key]) => window.verifyChanges.check("
MANY += "window.verifyChanges.linesOf(Uint8Array.from(atob(file), c => c.charCodeAt(0))), notes,"
MANY += " key === null ? null : window.verifyChanges.keyIn(key)))"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Opened once, with no way to any network."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs Chromium (Debian: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = browser.new_context(offline=True, locale="en-GB")
        opened = context.new_page()
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(PAGE.as_uri())
        yield opened
        browser.close()
        assert not said


Case = tuple[Lines, list[str], bytes | None]


def cases() -> list[Case]:
    """Whole, tampered with, hostile and random; each as it is, some with what somebody kept."""
    order = random.Random(3)  # noqa: S311  # not a secret
    found: list[Case] = [(LINES, [KEPT], PUBLIC), (LINES, [KEPT, KEPT], None), (LINES, [], None)]
    found.append((LINES, [KEPT], OTHER.public_key().public_bytes_raw()))
    found += [(lines(), [KEPT], None) for lines, _ in TAMPERED.values()]
    found += [(lines, notes, None) for lines, notes in UNUSABLE.values()]
    found += [([*LINES[:3], line, *LINES[3:]], [], None) for line in HOSTILE]
    for seed in range(40):
        school = an_honest_log(seed, KEY, most=9)
        for event, actor, object_id, *detail in FORBIDDEN[list(FORBIDDEN)[seed % len(FORBIDDEN)]][0]:
            school.seal(event, actor, object_id, detail[0] if detail else {})
        lines, kept = school.export()
        found += [(lines, [kept], None), (_bent(lines, order), [kept], None)]
    return found


def _bent(lines: Lines, order: random.Random) -> Lines:
    """Some bytes of one line otherwise, or two lines exchanged."""
    bent = list(lines)
    at, other = order.randrange(len(bent)), order.randrange(1, len(bent))
    if order.random() < 0.3:
        bent[at], bent[other] = bent[other], bent[at]
        return bent
    line = bytearray(bent[at])
    place = order.randrange(len(line))
    line[place : place + order.randrange(3)] = order.choice(
        (b"", b"0", b'"', b"\\u0041", b"\xc3", b"}", b"e1")
    )
    bent[at] = bytes(line).replace(b"\n", b"")
    return bent


def test_the_page_says_of_every_export_what_the_program_says(page: Page) -> None:
    every = cases()
    given = [
        [base64.b64encode(b"\n".join(lines)).decode(), notes, None if key is None else key.hex()]
        for lines, notes, key in every
    ]
    answers = page.evaluate(MANY, given)

    for (lines, notes, key), answer in zip(every, answers, strict=True):
        read = b"\n".join(lines).split(b"\n")
        read = read[:-1] if read[-1] == b"" else read  # a file has no line after its last end of line
        expected = check(read, notes, key)
        assert json.dumps(answer, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert {answer["status"] for answer in answers} == {0, 1, 2}


def test_the_page_signs_nothing_that_another_library_does_not(page: Page) -> None:
    ask = "cases => cases.map(each => each.map(data => Uint8Array.from(data)))"
    ask += ".map(each => window.verifyChanges.isSigned(...each))"
    texts = [bytes([number]) * number for number in range(0, 250, 20)]
    good = [[list(PUBLIC), list(text), list(KEY.sign(text))] for text in texts]
    bad = [[key, [*text, 1], signature] for key, text, signature in good]

    assert page.evaluate(ask, good + bad) == [True] * len(good) + [False] * len(bad)


def test_the_page_reads_a_key_as_the_school_keeps_it(page: Page) -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    other = X25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    assert page.evaluate("key => Array.from(window.verifyChanges.keyIn(key))", pem) == list(PUBLIC)
    with pytest.raises(Error, match="no public key"):
        page.evaluate("key => window.verifyChanges.keyIn(key)", other)


def test_what_was_shut_by_an_older_version_is_told_alike(page: Page) -> None:
    school = Honest(random.Random(1), KEY, NOON)  # noqa: S311  # not a secret
    found(school)
    for detail in ({}, {"review": True}, {}):
        school.seal("person:suspend", "p_a", "p_gone", detail)
    lines, kept = school.export()

    (answer,) = page.evaluate(MANY, [[base64.b64encode(b"\n".join(lines)).decode(), [kept], None]])

    assert "Before anybody was asked" in json.dumps(answer)
    assert json.dumps(answer, sort_keys=True) == json.dumps(check(lines, [kept], None), sort_keys=True)


def test_the_page_has_the_same_words(page: Page) -> None:
    tables = page.evaluate("() => window.verifyChanges.tables")

    assert tables.pop("MONTHS") == list(verify_changes.MONTHS)
    assert tables == {name: getattr(verify_changes, name) for name in ("FAULTS", "MEANS", "RULES", "SAYS")}


def _shown(page: Page) -> dict[str, Any]:
    page.locator("#sections h2").first.wait_for()
    return {"headline": page.inner_text("#headline"), "body": page.inner_text("#sections")}


def test_a_governor_chooses_a_file_and_pastes_a_checkpoint(page: Page, tmp_path: Path) -> None:
    page.reload()
    page.get_by_label("The export").set_input_files(written(LINES, tmp_path / "change-log.jsonl"))
    page.get_by_label("A checkpoint that you kept").fill(f"From: the office\n\n{KEPT}\nGoodbye")
    page.get_by_label("The school's public key").fill(base64.b64encode(PUBLIC).decode())
    page.keyboard.press("Enter")
    shown = _shown(page)

    assert shown["headline"] == check(LINES, [KEPT], PUBLIC)["headline"]
    assert "It was never used." in shown["body"]
    page.screenshot(path=tmp_path / "whole.png", full_page=True)
    assert page.evaluate("document.activeElement.id") == "headline"  # read out at once
    page.emulate_media(media="print")
    assert not page.locator("#form").is_visible()
    page.emulate_media(media="screen")


def test_a_tampered_file_that_is_dropped_anywhere_is_named(page: Page, tmp_path: Path) -> None:
    page.reload()
    lines, _ = TAMPERED["a missing entry"]
    file = base64.b64encode(b"\n".join(lines()) + b"\n").decode()
    drop = """file => { const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(file), c => c.charCodeAt(0))], 'log.jsonl'));
      const how = {bubbles: true, cancelable: true, dataTransfer: data};
      document.body.dispatchEvent(new DragEvent('drop', how)); }"""
    page.evaluate(drop, file)
    shown = _shown(page)

    assert shown["headline"] == check(lines())["headline"]
    assert shown["headline"].startswith("The record is NOT whole: entry 2 is missing")
    assert page.locator("#headline.not-whole").count() == 1
    page.screenshot(path=tmp_path / "not-whole.png", full_page=True)


def test_nothing_is_wider_than_a_telephone(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    page.get_by_label("The export").set_input_files(written(LINES, tmp_path / "change-log.jsonl"))
    page.get_by_role("button", name="Check", exact=True).click()
    _shown(page)

    assert "SHA-256" in page.inner_text("#about")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 720})


def test_every_field_has_a_label_and_nothing_comes_from_outside() -> None:
    source = PAGE.read_text(encoding="utf-8")
    fields = re.findall(r'<(?:input|textarea)[^>]*\bid="([^"]+)"', source)

    assert fields
    assert set(fields) == set(re.findall(r'<label for="([^"]+)"', source))
    assert not re.search(r"https?://|\bsrc=|@import|url\(|innerHTML|\beval\b|fetch\(", source)


def test_the_page_may_run_its_own_script_and_no_other() -> None:
    source = PAGE.read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', source)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'", (
            f"the page's {tag} was changed: write its new hash"
        )


def test_a_file_is_read_by_lines_as_the_page_reads_it(tmp_path: Path) -> None:
    path = written(LINES, tmp_path / "log.jsonl")
    with path.open("rb") as file:
        assert list(lines_of(file)) == LINES
    assert text_of(check(LINES)).startswith("The record is whole")
