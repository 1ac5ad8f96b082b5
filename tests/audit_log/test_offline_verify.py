"""The verifier that shares nothing with us: what it says, to whom, and that nothing a file holds trips it."""

import ast
import base64
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.offline import verify_changes
from audit_log.offline.verify_changes import UnusableError, check, key_in, notes_in, shown, text_of
from tests.audit_log.exports import Lines, changed, counted_anew, written
from tests.audit_log.forging import Log, edited
from tests.audit_log.honest import Honest, an_honest_log, found
from tests.builders import NOON
from tests.change_control.school import KEY

FILE = Path(verify_changes.__file__)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
SCHOOL = an_honest_log(21, KEY)  # with texts and a few more entries than most
LINES, KEPT = SCHOOL.export()


def codes(answer: dict[str, Any]) -> list[str]:
    return [str(fault["code"]) for fault in answer["faults"]]


def where(kind: bytes, lines: Lines = LINES) -> int:
    """The number of the first line of this kind."""
    return next(i for i, line in enumerate(lines, 1) if line.startswith(b'{"' + kind))


def test_the_school_of_these_tests_has_enough_to_be_attacked() -> None:
    assert len(SCHOOL.entries) > 6
    assert {b"text", b"checkpoint", b"name"} <= {line[2:].split(b'"')[0] for line in LINES}
    assert check(LINES, [KEPT], PUBLIC)["status"] == 0


def test_it_needs_nothing_but_python() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    named = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert named <= sys.stdlib_module_names


def test_a_record_that_was_tampered_with_is_answered_in_plain_words() -> None:
    lines = changed(LINES, 3, lambda line: line.update(entry=line["entry"].replace("2026", "2027", 1)))
    answer = text_of(check(lines))

    assert answer.startswith(
        "The record is NOT whole: entry 2 (line 3 of the file) is not what was sealed: it was changed. What"
        " stands there today is not what was sealed when the change was made. What comes before is sound."
    )
    assert (
        "\nWhat is wrong\n  - Entry 2 (line 3 of the file) is not what was sealed: it was changed." in answer
    )


TAMPERED: dict[str, tuple[Callable[[], Lines], str]] = {
    "a line that is no JSON": (lambda: [*LINES[:2], b"{", *LINES[3:]], "line"),
    "a line of another kind": (lambda: [*LINES[:2], b'{"note":1}', *LINES[2:]], "line"),
    "a leaf": (lambda: changed(LINES, 3, lambda line: line.update(leaf="0" * 64)), "changed"),
    "an entry with a blank": (
        lambda: changed(LINES, 3, lambda line: line.update(entry=line["entry"] + " ")),
        "entry",
    ),
    "a missing entry": (lambda: [*LINES[:2], *LINES[3:]], "order"),
    "the wrong number of entries": (lambda: changed(LINES, 1, lambda line: line.update(entries=99)), "count"),
    "no end": (lambda: LINES[:-1], "end"),
    "another end": (lambda: changed(LINES, len(LINES), lambda line: line.update(lines=3)), "lines"),
    "something after the end": (lambda: [*LINES, LINES[1]], "after"),
    "a text": (
        lambda: changed(LINES, where(b"text"), lambda line: line["text"].update(text="nothing")),
        "text",
    ),
    "a salt": (
        lambda: changed(LINES, where(b"text"), lambda line: line["text"].update(salt="0" * 32)),
        "text",
    ),
    "a text of no entry": (
        lambda: changed(LINES, where(b"text"), lambda line: line["text"].update(seq=99)),
        "unsealed",
    ),
    "a text that is gone": (
        lambda: changed(LINES, where(b"text"), lambda line: line["text"].update(text=None)),
        "gone",
    ),
    "a text without its line": (lambda: counted_anew(_without(where(b"text"))), "gone"),
    "no checkpoints": (
        lambda: counted_anew(line for line in LINES if b'{"checkpoint"' not in line),
        "unsigned",
    ),
    "a checkpoint": (lambda: changed(LINES, where(b"checkpoint"), _another_root), "signature"),
}


def _without(number: int) -> Lines:
    return [*LINES[: number - 1], *LINES[number:]]


def _another_root(line: dict[str, Any]) -> None:
    origin, size, _, *rest = line["checkpoint"].split("\n")
    line["checkpoint"] = "\n".join([origin, size, base64.b64encode(bytes(32)).decode(), *rest])


@pytest.mark.parametrize("name", list(TAMPERED))
def test_each_part_of_an_export_that_is_tampered_with_is_named(name: str) -> None:
    lines, code = TAMPERED[name]
    answer = check(lines())

    assert code in codes(answer)
    assert answer["status"] == 1


def _hidden(line: dict[str, Any]) -> None:
    line["text"].update(salt="", text=None, withheld=True)


def test_a_text_that_was_withheld_is_counted_and_no_fault_where_it_may_be() -> None:
    school = Honest(random.Random(1), KEY, NOON)  # noqa: S311  # not a secret
    found(school)
    for name, code in (("search_terms", []), ("reason", ["gone"])):
        school.seal("filtering-log:read", "p_a", "everybody", {"about": None}, {name: "anna"})
        lines = school.export()[0]
        mine = next(number for number, line in enumerate(lines, 1) if f'"field": "{name}"'.encode() in line)
        answer = check(changed(lines, mine, _hidden))

        assert codes(answer) == code
        if not code:
            assert "1 text was withheld from this export" in text_of(answer)


def test_a_checkpoint_by_another_key_is_said_plainly() -> None:
    forged = Log.of(LINES, KEY).signed(OTHER)
    answer = check(LINES, [forged.notes[0]])

    assert codes(answer) == ["yours"]
    assert "Whoever wrote this record did not use the key that you know." in answer["headline"]


def _miscopied() -> dict[str, str]:
    """A digit of the size, a letter of the root, a letter of the signature."""
    size, root = KEPT.split("\n")[1:3]
    end = KEPT[-11:]
    return {
        "size": KEPT.replace(f"\n{size}\n", f"\n{size[:-1]}{(int(size[-1]) + 1) % 10}\n"),
        "root": KEPT.replace(root, root[:4] + ("B" if root[4] != "B" else "C") + root[5:]),
        "signature": KEPT.removesuffix(end) + ("B" if end[0] != "B" else "C") + end[1:],
    }


@pytest.mark.parametrize("where_", ["size", "root", "signature"])
def test_a_checkpoint_that_was_copied_wrongly_accuses_nobody(where_: str) -> None:
    answer = check(LINES, [_miscopied()[where_]])

    assert (codes(answer), answer["status"]) == (["copied"], 1)
    assert answer["headline"].startswith("This is NOT confirmed: your checkpoint was copied wrongly")
    assert "Copy it again" in answer["headline"]
    assert "written anew" not in answer["headline"]


def test_a_checkpoint_that_was_copied_wrongly_hides_no_fault() -> None:
    cut = Log.of(LINES, KEY).cut(len(SCHOOL.entries) - 2).signed()
    answer = check(cut.lines(), [_miscopied()["root"], SCHOOL.notes[-1]])

    assert answer["headline"].startswith("The record is NOT whole: the end is missing")


@pytest.mark.parametrize("mark", ["> ", ">", ">> ", "> > "])
def test_checkpoints_are_found_in_a_mail_that_is_quoted(mark: str) -> None:
    mail = "".join(f"{mark}{line}\n".rstrip(" ") for line in f"Hello\n\n{KEPT}\nThe office".split("\n"))

    assert notes_in(mail) == [KEPT]
    assert check(LINES, [mail])["status"] == 0


def test_a_log_that_is_shorter_than_the_checkpoint_has_lost_its_end() -> None:
    cut = Log.of(LINES, KEY).cut(len(SCHOOL.entries) - 2).signed()
    answer = check(cut.lines(), [SCHOOL.notes[-1]])

    assert codes(answer) == ["cut"]
    assert answer["headline"].startswith(
        "The record is NOT whole: the end is missing: your checkpoint was signed over"
    )


def test_a_filtering_log_that_lost_its_end_is_found_by_an_old_checkpoint() -> None:
    school = an_honest_log(21, KEY)
    school.rows = 40
    school.seal("filtering-log:seal", "system", "everybody")
    longer = school.notes[-1]
    school.rows = 7
    school.seal("filtering-log:seal", "system", "everybody")

    answer = check(school.export()[0], [longer])
    assert "rows" in codes(answer)
    assert "the filtering log lost what it had" in answer["headline"]


def test_a_clock_that_ran_backwards_is_a_warning_and_no_fault() -> None:
    log = Log.of(LINES, KEY)
    late = edited(log.entries[2][0], lambda said: said.update(at="2026-11-01T00:00:00.000000Z"))
    entries = [*log.entries[:2], (late, ""), *log.entries[3:]]
    answer = check(log.with_entries(entries).rechained(3).signed().lines())

    assert answer["status"] == 0
    assert "The clock ran backwards by more than two minutes at entry 3." in text_of(answer)


def test_checkpoints_are_found_in_a_mail_with_anything_around_them() -> None:
    mail = f"Dear governor,\r\n\r\nkeep this:\r\n\r\n{KEPT}\r\n{SCHOOL.notes[0]}\r\nThe office\r\n".replace(
        "\n", "\r\n"
    )

    assert notes_in(mail.replace("\r\r", "\r")) == [KEPT, SCHOOL.notes[0]]
    assert check(LINES, [mail])["status"] == 0


def _as_pem() -> str:
    """As the file change-log.pub has it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _as_pem_of_another_kind() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return X25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _as_verifier_key() -> str:
    key_id = hashlib.sha256(b"schoolgate/change-log\n\x01" + PUBLIC).hexdigest()[:8]
    return f"schoolgate/change-log+{key_id}+{base64.b64encode(bytes([1]) + PUBLIC).decode()}"


@pytest.mark.parametrize(
    "spelt",
    [
        *(base64.b64encode(PUBLIC).decode() + "\r\n", PUBLIC.hex(), _as_verifier_key()),
        *(_as_pem(), _as_pem().replace("\n", "\r\n")),
    ],
)
def test_a_key_is_read_as_people_write_it_down(spelt: str) -> None:
    assert key_in(spelt) == PUBLIC


@pytest.mark.parametrize(
    "spelt",
    [
        "",
        "the key",
        "00" * 31,
        _as_verifier_key().replace("+", "+f", 1),
        "\ud800" * 44,
        _as_pem()[:60],
        _as_pem_of_another_kind(),
    ],
)
def test_what_is_no_key_is_refused(spelt: str) -> None:
    with pytest.raises(UnusableError):
        key_in(spelt)


UNUSABLE: dict[str, tuple[Lines, list[str]]] = {
    "an empty file": ([], []),
    "a picture": ([b"\x89PNG\r", b"\x1a"], []),
    "a page": ([b"<!DOCTYPE html>"], []),
    "JSON of somebody else": ([b'{"log":[]}'], []),
    "a list": ([b'["schoolgate"]'], []),
    "a format to come": (changed(LINES, 1, lambda line: line.update(format=2)), []),
    "no key": (changed(LINES, 1, lambda line: line.update(public_key="AAAA")), []),
    "another log": (changed(LINES, 1, lambda line: line.update(origin="example.com/log")), []),
    "no entries": (counted_anew([LINES[0], LINES[-1]]), []),
    "a checkpoint that is none": (LINES, ["see the attachment"]),
    "half a checkpoint": (LINES, [KEPT[: len(KEPT) // 2]]),
}


@pytest.mark.parametrize("name", list(UNUSABLE))
def test_what_cannot_be_checked_is_said_to_be_so(name: str) -> None:
    lines, notes = UNUSABLE[name]
    answer = check(lines, notes)

    assert answer["status"] == 2
    assert answer["headline"].startswith("This cannot be checked: ")


DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = [
    *(b"", b"null", b"1", b'"entry"', b'["entry"]', b"{} {}", b"\t\r", b"\xff\xfe", b"\xef\xbb\xbf{}"),
    *(DEEP, b'{"entry":' + DEEP + b"}", b'{"a":' * 90 + b"1" + b"}" * 90),
    b'{"entry":"x","entry":"y","leaf":""}',
    *(b'{"end":NaN}', b'{"end":Infinity}', b'{"end":1e400,"lines":1}', b'{"end":true,"lines":-0}'),
    *(b'{"end":true,"lines":' + b"9" * 6000 + b"}", b'{"end":true,"lines":5}\x00'),
    *(b'{"checkpoint":"\\ud800"}', b'{"name":{"id":"\\udfff","name":"","role":""}}'),
    b'{"name":{"id":"p_a","name":"\\u202e\\u0007\\u001b[2J","role":"r"}}',
    *(b'{"text":{"seq":true,"field":"reason","text":""}}', b'{"text":[]}', b'{"text":null}'),
    b'{"text":{"seq":1,"field":{},"text":null}}',
    *(b'{"entry":{},"leaf":[]}', b'{"entry":"{\\"seq\\":1}","leaf":"' + b"0" * 64 + b'"}'),
    b'{"entry":"' + b"[" * 3000 + b'","leaf":"' + b"0" * 64 + b'"}',
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_line_trips_it(number: int) -> None:
    for lines in ([HOSTILE[number]], [*LINES[:3], HOSTILE[number], *LINES[3:]]):
        assert check(lines, [KEPT])["status"] in (1, 2)


def test_names_play_no_tricks_on_a_screen() -> None:
    assert shown("Terry\x1b[2J \u202eylT\x07\ud800") == "Terry\ufffd[2J \ufffdylT\ufffd\ufffd"
    assert shown("x" * 100) == "x" * 59 + "\u2026"


@given(st.data())
def test_a_file_of_anything_is_answered(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = bytearray(lines[at])
        place = data.draw(st.integers(0, len(line)))
        line[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        lines[at] = bytes(line)

    answer = check(lines, [KEPT])
    assert answer["status"] in (0, 1, 2)  # a byte of a name may change, and nobody sealed it
    assert json.loads(json.dumps(answer)) == answer


def run(*arguments: object, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """As a governor would, somewhere where nothing of ours can be imported."""
    command = [python, "-I", str(FILE), *(str(each) for each in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def test_it_runs_from_a_command_line_with_files(tmp_path: Path) -> None:
    export, note, key = written(LINES, tmp_path / "log.jsonl"), tmp_path / "note.txt", tmp_path / "key.txt"
    note.write_text(KEPT, encoding="utf-8")
    key.write_text(base64.b64encode(PUBLIC).decode(), encoding="ascii")

    done = run(export, "--checkpoint", note, "--key", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"The record is whole: {len(SCHOOL.entries)} entries, from ")

    bad = run(written([*LINES[:2], *LINES[3:]], tmp_path / "bad.jsonl"), "--json")
    assert (bad.returncode, json.loads(bad.stdout)["status"]) == (1, 1)
    for arguments in (
        (tmp_path / "none",),
        (export, "--key", note),
        (export, "--checkpoint", key),
        (tmp_path,),
    ):
        unusable = run(*arguments)
        assert (unusable.returncode, unusable.stderr) == (2, "")
        assert unusable.stdout.startswith("This cannot be checked: ")


def test_the_fingerprints_that_are_published_are_those_of_the_files() -> None:
    page = (FILE.parents[2] / "docs/verifying.md").read_text(encoding="utf-8")

    for name in ("verify_changes.html", "verify_changes.py", "verify_referral.py"):
        digest = hashlib.sha256(FILE.with_name(name).read_bytes()).hexdigest()
        assert f"| `{name}` | `{digest}` |" in page, f"{name} was changed: {digest}"
