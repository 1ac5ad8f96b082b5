"""A bundle for a referral: a third person checks it offline, with what is inside it and nothing else."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_log.db import reading
from audit_log.filtering_log import search
from audit_log.incident_model import Incident
from audit_log.merkle import leaf_hash
from audit_log.merkle_proofs import inclusion_proof
from audit_log.offline.verify_referral import check
from change_control.desk import Desk
from change_control.incident_evidence import add_evidence
from change_control.incident_files import attach
from change_control.incidents import note, to_illegal
from change_control.referral import SIGNS, make_referral
from change_control.referral_form import Form, Part, pdf_of
from change_control.referral_rows import proof_in, stored_rows, tree_of
from change_control.referral_texts import LEFT_OUT, without_addresses
from change_control.row_seals import state_hours
from tests.builders import NOON
from tests.change_control.aging import School
from tests.change_control.incident_school import a_case, step
from tests.change_control.pdf_text import words_of
from tests.change_control.protected import HOUR
from tests.change_control.school import KEY, copy_of, log_of, refused, somebody, the

LATER = NOON + timedelta(hours=3)


@pytest.fixture
def aged(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


def a_story(aged: School) -> Incident:
    """A case with three rows, one of them in an hour that is not stated yet; two steps and a file."""
    desk, anna, cora = aged.desk, somebody(aged.desk, "anna").id, the(aged.desk, "cora")
    for number in range(2):
        aged.record(at=NOON + timedelta(seconds=number), person=anna)
    aged.record(person="p_ben")
    case = a_case(desk, text="She told me of news.bbc.example", by=somebody(desk, "ben").id)
    case = step(desk, case, "investigate", now=LATER)
    case = step(desk, case, "substance", substance=True, now=LATER)
    note(desk, cora, case.id, "seen on https://news.bbc.example/world/rivers in class", LATER)
    times = {"from": NOON.isoformat(), "to": (NOON + 2 * HOUR).isoformat()}
    case = add_evidence(desk, cora, case.id, {"person": "anna", **times}, LATER)
    attach(desk, cora, case.id, "screen.png", b"what was seen", "the page", LATER)
    while not state_hours(desk, LATER):
        pass
    aged.record(at=NOON + timedelta(hours=2), stored=LATER, person=anna)
    return case


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        packed.extractall(folder)
    return folder


def checked(folder: Path, *more: str) -> tuple[int, list[str]]:
    """As a third person does it: another process, elsewhere, without our packages."""
    asked = [sys.executable, "-I", str(folder / "verify_referral.py"), "--json", *more]
    done = subprocess.run(asked, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["says"]


def key_file(folder: Path, key: Ed25519PrivateKey = KEY) -> str:
    path = folder / "school.pub"
    path.write_bytes(base64.b64encode(key.public_key().public_bytes_raw()))
    return str(path)


def test_a_third_person_checks_the_bundle_offline(aged: School, tmp_path: Path) -> None:
    case = a_story(aged)
    content = make_referral(aged.desk, the(aged.desk, "hedy"), case.id, LATER)
    folder = unpacked(content, tmp_path / "out")
    status, says = checked(folder, "--key", key_file(tmp_path))
    assert status == 0, says
    assert f"about the incident {case.id}" in says[0]
    assert "Two people signed each of the 2 steps." in says
    assert "3 rows of the filtering log are as they were sealed." in says
    assert says[-1] == "It is signed with the key that you gave."
    assert checked(folder, "--key", key_file(tmp_path, Ed25519PrivateKey.generate()))[0] == 1
    status, says = checked(folder)
    assert status == 0
    assert "compare it with the sheet" in says[-1]
    told = log_of(aged.desk)[-1]
    assert (told.event, told.actor) == ("incident:made", the(aged.desk, "hedy").person_id)


def test_the_form_says_what_happened_who_signed_and_where_to_sign(aged: School, tmp_path: Path) -> None:
    case = a_story(aged)
    folder = unpacked(make_referral(aged.desk, the(aged.desk, "hedy"), case.id, LATER), tmp_path / "out")
    says = words_of((folder / "form.pdf").read_bytes())
    plain = " ".join(says.split())
    for wanted in (
        *("Made for child protection", "Signature 1", "Signature 2", "Anna Somebody (pupil)"),
        "Blocked at news.bbc.example",
        *("proxy sites or other means", "She told me of", "as we saw in the log", "screen.png"),
        *("First signature Cora Somebody (coordinator), 24 November 2026, 15:00:00 GMT",),
        *("Second signature Hedy Hill (headteacher)", "substance: yes", case.id),
    ):
        assert wanted in plain, wanted
    told = json.loads((folder / "case.json").read_text())
    assert told["evidence"][0]["rows"] == 3
    assert told["evidence"][0]["sha256"] in plain.replace(" ", "")
    assert "Ben Somebody" not in plain
    everything = b"".join(path.read_bytes() for path in folder.rglob("*.*"))
    assert somebody(aged.desk, "ben").id.encode() not in everything, "who told it is in no bundle"
    assert (folder / "files" / f"{told_file(told)}-screen.png").read_bytes() == b"what was seen"


def test_visits_of_staff_stand_on_the_form_with_who_and_when(aged: School, tmp_path: Path) -> None:
    desk, cora = aged.desk, somebody(aged.desk, "cora").id
    case = step(desk, a_case(desk), "investigate", now=LATER)
    people = [cora, somebody(desk, "hedy").id]
    step(desk, case, "mode", device="10.0.0.9", sites=["a.test"], people=people, minutes=60, now=LATER)
    looked: dict[str, Any] = {"reason": "investigation", "verdict": "allow", "role": "coordinator"}
    aged.record(**looked, person=cora, rule=f"investigation.{case.id}", url="https://a.test/chat?room=5")
    folder = unpacked(make_referral(desk, the(desk, "cora"), case.id, LATER), tmp_path / "out")
    says = " ".join(words_of((folder / "form.pdf").read_bytes()).split())
    assert "Address https://a.test/chat?room=5 By Cora Somebody (coordinator), 24 November 2026" in says
    assert "1, all of them for child protection" in says
    assert (folder / "rows.csv").read_text().splitlines()[1].startswith("yes,")
    assert check(str(folder))[0] == 0


def told_file(told: dict[str, Any]) -> str:
    return str(next(line["said"]["id"] for line in told["lines"] if line["act"] == "file"))


def test_in_the_illegal_lane_no_address_and_no_file_leaves_the_school(aged: School, tmp_path: Path) -> None:
    case, desk = a_story(aged), aged.desk
    looked: dict[str, Any] = {"reason": "investigation", "verdict": "allow", "role": "coordinator"}
    aged.record(**looked, rule=f"investigation.{case.id}", url="https://secret.test/x", stored=LATER)
    to_illegal(desk, the(desk, "cora"), case.id, "it was on bad.example.test", LATER)
    folder = unpacked(make_referral(desk, the(desk, "hedy"), case.id, LATER), tmp_path / "out")
    status, says = checked(folder, "--key", key_file(tmp_path))
    assert status == 0, says
    assert any(each.startswith("4 rows of the filtering log are told of by number and time") for each in says)
    assert any("no address" in each for each in says)
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert not names & {"rows.csv"}
    assert not (folder / "files").exists()
    written = b"".join(
        path.read_bytes() for path in folder.rglob("*") if path.suffix in (".json", ".jsonl", ".txt", ".csv")
    )
    form = words_of((folder / "form.pdf").read_bytes())
    assert "may be illegal" in form
    for hidden in ("news.bbc", "secret.test", "rivers", "bad.example", "screen.png", "what was seen"):
        assert hidden.encode() not in written, hidden
        assert hidden not in form, hidden
    assert "address left out" in form
    with reading(desk.engine) as conn:
        rows = stored_rows(conn, search(conn, limit=10).rows)
    assert len(rows) >= 4
    for half in (half for row in rows for half in row.halves or ()):
        for guess in (half[26:], leaf_hash(half), hashlib.sha256(half).digest()):
            assert guess.hex().encode() not in written


def listed(folder: Path, key: Ed25519PrivateKey | None = None) -> None:
    """The list is made to fit the files; signed by who got hold of the school's `key`, if anybody did."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name, each in manifest["files"].items():
        content = (folder / name).read_bytes()
        each |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    path.write_text(json.dumps(manifest))
    if key is not None:
        (folder / "manifest.sig").write_bytes(base64.b64encode(key.sign(SIGNS + path.read_bytes())))


TAMPERED: dict[str, tuple[str, bytes, bytes]] = {
    "a row": ("rows.jsonl", b"/world/rivers", b"/world/oceans"),
    "who was asked": ("rows.jsonl", b'"gambling"', b'"education"'),
    "what was said": ("case.json", b"as we saw in the log", b"as nobody saw at all"),
    "the form": ("form.pdf", b"%%EOF", b"%%EOF "),
    "a line": ("lines.jsonl", b"incident:sign", b"incident:note"),
    "a hash": ("lines.jsonl", b'"proof":["', b'"proof":["00'),
}


@pytest.fixture(scope="module")
def bundle(school: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("bundle")
    aged = School(copy_of(school, folder / "state"), folder / "journal")
    case = a_story(aged)
    content = make_referral(aged.desk, the(aged.desk, "hedy"), case.id, LATER)
    aged.desk.engine.dispose()
    return content


@pytest.mark.parametrize("what", list(TAMPERED))
def test_what_is_changed_is_found_even_under_the_schools_key(
    bundle: bytes, tmp_path: Path, what: str
) -> None:
    name, old, new = TAMPERED[what]
    folder = unpacked(bundle, tmp_path / "out")
    content = (folder / name).read_bytes()
    assert old in content
    (folder / name).write_bytes(content.replace(old, new))
    status, says = check(str(folder))
    assert status == 1
    assert f"the file {name} was changed" in says
    listed(folder)
    assert any("manifest.json" in each for each in check(str(folder))[1])
    listed(folder, KEY)
    assert check(str(folder))[0] == 1


def test_nothing_is_added_or_taken_away(bundle: bytes, tmp_path: Path) -> None:
    folder = unpacked(bundle, tmp_path / "out")
    (folder / "more.txt").write_text("by the way")
    (folder / "rows.csv").unlink()
    status, says = check(str(folder))
    assert status == 1
    assert "the file rows.csv is missing" in says
    assert "NOT from the school" in says[-1]


def test_what_a_computer_puts_beside_it_is_told_apart(bundle: bytes, tmp_path: Path) -> None:
    folder = unpacked(bundle, tmp_path / "out")
    for name in (".DS_Store", "files/Thumbs.db", "a\u202eb\n.txt"):
        (folder / name).write_text("of nobody")
    status, says = check(str(folder))

    assert (status, "is what the school made" in says[0]) == (0, True)
    told = says[-2]
    assert told.startswith("NOT from the school, and no part of this bundle")
    assert "'.DS_Store', 'a\\u202eb\\n.txt', 'files/Thumbs.db'." in told


def test_only_those_who_see_all_of_the_case_make_one(aged: School) -> None:
    case = a_case(aged.desk, "staff-files", about="tess")
    refused("not-found", lambda: make_referral(aged.desk, the(aged.desk, "cora"), case.id, LATER))
    refused("wrong-role", lambda: make_referral(aged.desk, the(aged.desk, "terry"), case.id, LATER))
    refused("wrong-role", lambda: make_referral(aged.desk, the(aged.desk, "gail"), case.id, LATER))
    assert make_referral(aged.desk, the(aged.desk, "hedy"), case.id, LATER)


def test_a_spreadsheet_takes_no_formula_from_a_row(aged: School, tmp_path: Path) -> None:
    desk = aged.desk
    aged.record(person=somebody(desk, "anna").id, terms="=cmd()", address=None)
    case = a_case(desk)
    times = {"from": NOON.isoformat(), "to": (NOON + HOUR).isoformat()}
    add_evidence(desk, the(desk, "cora"), case.id, {"person": "anna", **times}, LATER)
    folder = unpacked(make_referral(desk, the(desk, "hedy"), case.id, LATER), tmp_path / "out")
    assert ",'=cmd()," in (folder / "rows.csv").read_text()


SITES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z0-9]{1,8}){0,2}\.[a-z]{2,6}", fullmatch=True)
FORMS = st.sampled_from(
    (
        *("{}", "https://{}/a?b=c", "({})", "{}:8080/x", "see:{},", "http:/{}", "user@{}", "\u201c{}\u201d"),
        *("hxxps://{}", "{}.", "x{}y", "//{}/", "*.{}"),
    )
)
HIDING = st.sampled_from((".", "\u3002", "[.]", "(dot)", " dot ", "\uff0e"))


@settings(max_examples=60)
@given(site=SITES, form=FORMS, hiding=HIDING, before=st.sampled_from(("", "it was on ", "\u00e9t\u00e9\n")))
def test_no_address_stays_in_what_people_wrote(site: str, form: str, hiding: str, before: str) -> None:
    text = before + form.format(site.replace(".", hiding)) + " as he said"
    told = without_addresses({"text": text, "more": [{"reason": text}], "sites": [site]})
    assert site not in str(told)
    for label in site.split("."):
        assert label not in str(told["text"]).replace("left", "").replace("out", "") or len(label) < 5
    assert told["text"].startswith(before.strip()) or form.startswith("*")  # a word before a dot goes with it
    assert "said" in told["text"]


@pytest.mark.parametrize(
    "said", ["http://[2001:db8::1]/x", "93.184.216.34", "2001:db8::1,", "10.0.0.5:3128/a"]
)
def test_no_number_of_a_site_stays_either(said: str) -> None:
    assert without_addresses(f"it was {said} I think") == f"it was {LEFT_OUT} I think"


@pytest.mark.parametrize(
    "said",
    [
        *("evil .com", "evil. com", "evil . com", "evil.\u200bcom", "ev\u00adil.c\u2060om", "\u202eevil.com"),
        *("evil%2ecom", "evil%252Ecom", "evil&#46;com", "evil&period;com", "evil\\x2ecom", "evil\\.com"),
        *("evil\u2024com", "evil\ufe52com", "evil\u00b7com", "evil\u3002com", "\uff45\uff56\uff49\uff4c.com"),
        *(
            "evil[.com",
            "evil{.}com",
            "evil<.>com",
            "evil [dot] com",
            "evil (.) com",
            "evil*.*com",
            "evil_dot_com",
        ),
        *(
            "evil.\ncom",
            "www .evil .com/path",
            "evil\u0300.com",
            "[evil].[com]",
            "evil DOT com",
            '"evil"."com"',
        ),
    ],
)
def test_an_address_that_somebody_hides_is_found(said: str) -> None:
    told = without_addresses(f"he wrote {said} to me")
    assert LEFT_OUT in told
    assert "com" not in told.replace(LEFT_OUT, "")
    assert (told.startswith("he wrote "), told.endswith(" to me")) == (True, True)


@pytest.mark.parametrize(
    "said", ["93 .184 .216 .34", "93[.]184[.]216[.]34", "93%2e184%2e216%2e34", "93 dot 184 dot 216 dot 34"]
)
def test_a_number_that_somebody_hides_is_found(said: str) -> None:
    told = without_addresses(f"he wrote {said} to me")
    assert not set("93184216") & set(told)


def test_whatever_is_written_takes_no_time_to_look_through() -> None:
    begun = time.process_time()
    for odd in (" ", ".", "a", "a ", "a.", " . ", "(", "dot ", "%25", "1.", "a-", "[", "&amp;"):
        without_addresses(odd * 2000)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "said",
    [
        *(
            "He left. Then he came back.",
            "he left. then he came back",
            "\u0939\u093f\u0928\u094d\u0926\u0940 \u2764\ufe0f",
            "50% of it",
        ),
        "",
        "at 10:15:30 he said so",
        "Mr. Hill saw it, e.g. twice.",
        "pupil-files",
        "3.5 hours or 4",
    ],
)
def test_what_is_no_address_stays_as_it_is(said: str) -> None:
    assert without_addresses({"text": said, "device": "10.0.0.5"}) == {"text": said, "device": "10.0.0.5"}


@given(size=st.integers(1, 40), data=st.data())
def test_the_proofs_are_those_of_the_standard(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    wanted = [each.hex() for each in inclusion_proof(leaves, index)]
    assert proof_in(tree_of(leaves), index, size) == wanted


def test_a_letter_that_the_font_has_not_stands_as_its_number() -> None:
    block = [("Name", "Zo\u00eb \u017b\u00f3\u0142\u0107 \u0418\u0432\u0430\u043d \u674e")]
    form = Form("abc", NOON, ZoneInfo("Europe/London"), False, [Part("One", [block] * 60), Part("Two", [])])
    says = words_of(pdf_of(form))
    assert says.count("Zo\u00eb \u017b\u00f3\u0142\u0107 \u0418\u0432\u0430\u043d [U+674E]") == 60
    assert "Nothing." in says
    pages = says.count("Made for child protection. Incident abc. Page")
    assert pages > 2
    assert f"Page {pages} of" in says
