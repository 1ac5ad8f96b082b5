"""Whoever holds a checkpoint can be shown that an entry is in the log, and that it only grew."""

import base64
import hashlib

import pytest
from sqlalchemy import text

from audit_log.checkpoint import read_note
from audit_log.db import writing
from audit_log.seal import leaf_of
from tests.audit_api.school import KEY, School, fields_of, problem_of
from tests.audit_log.merkle_checks import is_consistent, is_included

URL = "/api/v1/changes"


def test_an_entry_is_proved_to_be_under_the_newest_checkpoint(school: School) -> None:
    entries = len(school.events())
    for seq in (1, 3, entries):
        told = school.as_("gail").get(f"{URL}/{seq}/proof").json()
        leaf = leaf_of(bytes.fromhex(told["prev"]), told["sealed"])
        signed = read_note(told["checkpoint"])

        assert (told["seq"], told["size"], told["leaf"]) == (seq, entries, leaf.hex())
        assert signed.is_signed_by(KEY.public_key())
        proof = [bytes.fromhex(each) for each in told["proof"]]
        assert is_included(leaf, seq - 1, entries, proof, signed.root)
        assert told["root"] == signed.root.hex()


def test_a_log_is_proved_to_have_only_grown(school: School) -> None:
    told = school.as_("hedy").get(f"{URL}/consistency", params={"from": 2}).json()
    notes = [read_note(told[name]) for name in ("from_checkpoint", "to_checkpoint")]

    assert (told["from"], told["to"]) == (2, len(school.events()))
    proof = [bytes.fromhex(each) for each in told["proof"]]
    assert is_consistent((told["from"], told["to"]), (notes[0].root, notes[1].root), proof)


def test_a_proof_can_be_of_an_older_size(school: School) -> None:
    told = school.as_("gail").get(f"{URL}/2/proof", params={"size": 3}).json()
    grew = school.as_("gail").get(f"{URL}/consistency", params={"from": 1, "to": 3}).json()

    assert (told["size"], len(told["proof"])) == (3, 2)
    assert (grew["to"], grew["to_root"]) == (3, told["root"])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/3/proof?size=2", "size"),
        ("/3/proof?size=99", "size"),
        ("/3/proof?size=x", "size"),
        ("/consistency", "from"),
        ("/consistency?from=99", "from"),
        ("/consistency?from=3&to=2", "from"),
        ("/consistency?from=1&to=99", "to"),
        ("/consistency?from=-1", "from"),
    ],
)
def test_numbers_that_are_not_of_this_log_are_named(school: School, path: str, field: str) -> None:
    body = problem_of(school.as_("gail").get(f"{URL}{path}"), 422, "bad-input")

    assert set(fields_of(body)) == {field}


def test_an_entry_that_there_is_not_has_no_proof(school: School) -> None:
    problem_of(school.as_("gail").get(f"{URL}/99/proof"), 404, "not-found")


def test_of_a_damaged_log_nothing_is_proved(school: School) -> None:
    with writing(school.desk.engine) as conn:
        conn.execute(text("DROP TRIGGER change_log_no_delete"))
        conn.execute(text("DELETE FROM change_log WHERE seq = 2"))

    problem_of(school.as_("gail").get(f"{URL}/1/proof"), 500, "not-whole")


def test_the_key_of_the_checkpoints_is_told_in_the_words_of_the_standard(school: School) -> None:
    told = school.as_("gail").get(f"{URL}/key").json()
    raw = base64.b64decode(told["public_key"])
    name, key_id, encoded = told["verifier_key"].split("+", 2)

    assert raw == KEY.public_key().public_bytes_raw()
    assert (name, base64.b64decode(encoded)) == ("schoolgate/change-log", b"\x01" + raw)
    assert key_id == hashlib.sha256(b"schoolgate/change-log\n\x01" + raw).hexdigest()[:8] == told["key_id"]
