"""A list is taken as two people agreed on it, or not at all; and what opens its server stays secret."""

import hashlib

import pytest

from tests.filter_lists.list_school import School, results
from tests.filter_lists.signing import Signer

HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"


@pytest.mark.parametrize("hashed", [True, False])
def test_a_list_is_taken_with_its_own_signature_and_with_no_other(school: School, hashed: bool) -> None:
    signer, content = Signer(), b"bet.example\n"
    school.feed("bets", content, f", signature: {{minisign: {signer.public}}}")
    school.server.put("/bets.minisig", signer.sign(content, hashed=hashed))
    first = school.update()
    assert results(first) == {"bets": "fetched"}

    changed = b"bet.example\nschool.example\n"
    for signature in (signer.sign(content), Signer().sign(changed), b"", HTML, b"x" * 20_000, None):
        school.server.put("/bets", changed)
        school.server.put("/bets.minisig", signature or b"")
        if signature is None:
            school.server.answer("/bets.minisig", 404)
        outcome = school.update(fetch=("bets",), base=first.generation)
        assert (results(outcome), outcome.generation) == ({"bets": "failed"}, first.generation)
        assert "sign" in outcome.lists[0].why

    school.server.put("/bets.minisig", signer.sign(changed, hashed=hashed))
    assert results(school.update(fetch=("bets",))) == {"bets": "fetched"}


def test_a_sha256_pins_what_a_server_may_send(school: School) -> None:
    content = b"bet.example\n"
    school.feed("bets", content, f", sha256: {hashlib.sha256(content).hexdigest()}")
    first = school.update()
    school.server.put("/bets", b"other.example\n")

    outcome = school.update(fetch=("bets",), base=first.generation)

    assert (results(outcome), outcome.generation) == ({"bets": "failed"}, first.generation)
    assert "sha256" in outcome.lists[0].why


def test_a_sha256_pins_a_file_too(school: School) -> None:
    (school.folder / "ours.txt").write_text("ours.example\n")
    sha256 = hashlib.sha256(b"ours.example\n").hexdigest()
    school.lists["ours"] = f"source: ours.txt, format: plain, category: games, sha256: {sha256}"
    assert school.update().generation
    (school.folder / "ours.txt").write_text("other.example\n")
    (fault,) = school.update().faults
    assert fault.startswith("lists.yaml:2: lists.ours: its sha256 is ")


def test_credentials_are_sent_and_stand_nowhere(school: School) -> None:
    keys = school.folder / "state" / "keys"
    keys.mkdir(parents=True)
    (keys / "lists-iwf").touch(mode=0o600)
    (keys / "lists-iwf").write_text(f"{school.server.address}\nX-Api-Key: eleven-grey-owls\n")
    school.feed("bets", "bet.example\n", ", credentials: iwf")
    outcome = school.update()
    assert outcome.faults == ()
    assert [each["x-api-key"] for each in school.server.headers("/bets")] == ["eleven-grey-owls"]
    (keys / "lists-iwf").unlink()
    outcome = school.update(fetch=("bets",))
    assert "keys/lists-iwf cannot be read" in outcome.lists[0].why
    kept = [
        path.read_bytes() for path in (school.folder / "state" / "list-sources").rglob("*") if path.is_file()
    ]
    assert not any(b"owls" in each for each in kept)
