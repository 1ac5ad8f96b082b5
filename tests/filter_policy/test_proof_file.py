"""The file beside a bundle: what stands in it, what is signed of it, and why a bad one is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from filter_policy.bundle import read_bundle, write_bundle
from filter_policy.bundle_proof import (
    Proof,
    ProofFault,
    Proven,
    SealedLine,
    proof_path,
    prove,
    proven_by,
    public_key,
    read_proof,
    signed_proof,
    statement,
)
from tests.builders import POLICY, an_unblock
from tests.proofs import KEY, log_for, prove_bundle, save_proof

NAME, BASE, LISTS = "a" * 64, "b" * 64, "1" * 64
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
LINE = SealedLine(7, b"\x01\x02", '{"seq":7}')
PROOF = Proof("note", (LINE,), (b"\x03\x04",))
UNSIGNED = "its proof is not signed with this school's key"


def a_bundle(state: Path, *sites: str) -> str:
    unblocks = [an_unblock(site, id=site) for site in sites]
    return write_bundle(state, policy_text=POLICY, lists=LISTS, accounts=[], unblocks=unblocks)


def why(state: Path, name: str) -> str:
    with pytest.raises(ProofFault) as fault:
        prove(state, name, read_bundle(state, name), KEY.public_key())
    return str(fault.value)


def test_the_file_is_read_by_machines_of_other_versions_so_it_stays_as_it_is() -> None:
    """Word for word, the signature apart."""
    words = b'"lines":[[7,"0102","{\\"seq\\":7}"]],"nodes":["0304"]'

    plain = signed_proof(PROOF, NAME, lambda _: b"signed")
    narrower = signed_proof(replace(PROOF, narrows=BASE, number=3), NAME, lambda _: b"signed")

    assert plain == b'{"format":1,"note":"note",%b,"narrows":null,"signature":"c2lnbmVk"}' % words
    assert narrower == (
        b'{"format":1,"note":"note",%b,"narrows":"%b","signature":"c2lnbmVk","number":3}'
        % (words, BASE.encode())
    )


def test_what_is_signed_is_this_bundle_at_this_checkpoint() -> None:
    said = f'["schoolgate/bundle", "{NAME}", "note", '

    assert statement(NAME, PROOF) == f"{said}null]".encode()
    assert statement(NAME, replace(PROOF, narrows=BASE)) == f'{said}"{BASE}"]'.encode()
    assert statement(NAME, replace(PROOF, narrows=BASE, number=3)) == f'{said}"{BASE}", 3]'.encode()


def test_what_is_written_beside_a_bundle_is_read_again(tmp_path: Path) -> None:
    path = proof_path(tmp_path, NAME)
    path.parent.mkdir()
    for proof in (PROOF, replace(PROOF, narrows=BASE), replace(PROOF, narrows=BASE, number=3)):
        path.write_bytes(signed_proof(proof, NAME, lambda _: b"signed"))
        assert read_proof(tmp_path, NAME) == replace(proof, signature=b"signed")
    assert path == tmp_path / "bundle" / f"{NAME}.proof"


def test_a_missing_proof_is_told_as_the_system_tells_it(tmp_path: Path) -> None:
    assert why(tmp_path, a_bundle(tmp_path)) == "it has no proof that can be read: No such file or directory"


FORM = "its proof is not understood"
TWICE = "its proof has lines that are none, or stand twice"
NARROWS = "its proof does not say in words of ours what it narrows"
ROW = [7, "0102", "{}"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "its proof has format 2, and this version reads 1"),
        ({"narrows": "../x"}, NARROWS),
        ({"narrows": BASE.upper()}, NARROWS),
        ({"number": "3"}, NARROWS),
        ({"number": True}, NARROWS),
        ({"lines": [ROW, ROW]}, TWICE),
        ({"lines": [[True, "", ""]]}, TWICE),
        ({"lines": [ROW, ["8", "", ""]]}, TWICE),
        ({"lines": [[7, "0102"]]}, f"{FORM}: ValueError"),
        ({"lines": [[7, 5, "{}"]]}, f"{FORM}: TypeError"),
        ({"nodes": ["zz"]}, f"{FORM}: ValueError"),
        ({"nodes": None}, f"{FORM}: TypeError"),
        ({"signature": "c2ln*bmVk"}, f"{FORM}: Error"),  # another spelling of the same bytes
    ],
)
def test_a_file_of_another_form_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))
    path = proof_path(tmp_path, name)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    assert why(tmp_path, name) == says


@pytest.mark.parametrize("without", ["format", "note", "lines", "nodes", "narrows", "signature"])
def test_each_word_of_the_file_is_needed(tmp_path: Path, without: str) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))
    path = proof_path(tmp_path, name)
    whole = json.loads(path.read_text())
    del whole[without]
    path.write_text(json.dumps(whole))

    assert why(tmp_path, name) == f"{FORM}: KeyError"


@pytest.mark.parametrize("change", [{"number": 4}, {"number": 0}, {"narrows": None}, {"note": "other"}])
def test_nothing_that_was_signed_can_be_said_otherwise(tmp_path: Path, change: dict[str, Any]) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path, "bet.test"))
    name = a_bundle(tmp_path)
    save_proof(tmp_path, name, Proof("", (), (), base, number=3))
    path = proof_path(tmp_path, name)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert why(tmp_path, name) == UNSIGNED


def test_what_narrows_a_proven_bundle_stands_where_that_stood(tmp_path: Path) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path, "bet.test"))
    whole = prove(tmp_path, base, read_bundle(tmp_path, base), KEY.public_key())
    name = a_bundle(tmp_path)
    save_proof(tmp_path, name, Proof("", (), (), base, number=3))

    found = prove(tmp_path, name, read_bundle(tmp_path, name), KEY.public_key())

    assert found == Proven(whole.size, whole.policy_entry, whole.lists_entry, base, 3)
    assert (whole.size, whole.policy_entry, whole.lists_entry, whole.narrows, whole.number) == (
        log_for(tmp_path, base).tree.size, 3, 1, None, 0,
    )  # fmt: skip


def test_what_narrows_an_unproven_bundle_is_told_apart(tmp_path: Path) -> None:
    base = prove_bundle(tmp_path, a_bundle(tmp_path, "bet.test", "x.test"))
    narrower, least = a_bundle(tmp_path, "bet.test"), a_bundle(tmp_path)
    save_proof(tmp_path, narrower, Proof("", (), (), base))
    save_proof(tmp_path, least, Proof("", (), (), narrower))
    assert why(tmp_path, least) == "it narrows a bundle that is itself not proven"

    save_proof(tmp_path, narrower, log_for(tmp_path, narrower).proof(), OTHER)
    assert why(tmp_path, least) == UNSIGNED

    more = a_bundle(tmp_path, "bet.test", "x.test", "more.test")
    save_proof(tmp_path, more, Proof("", (), (), base))
    assert why(tmp_path, more) == "it opens more than what was proven: unblocks"


def test_no_bundle_comes_back_that_was_in_force_before() -> None:
    def at(size: int, number: int | None = None) -> Proven:
        return Proven(size, 1, 1) if number is None else Proven(size, 1, 1, BASE, number)

    assert at(5).follows(at(5))
    assert at(6).follows(at(5))
    assert not at(4).follows(at(5))
    # What was shut alone stays shut until the log has grown.
    assert not at(5).follows(at(5, 1))
    assert at(6).follows(at(5, 1))
    assert at(5, 1).follows(at(5))
    assert not at(4, 1).follows(at(5))
    assert at(5, 2).follows(at(5, 1))
    assert not at(5, 1).follows(at(5, 1))
    assert not at(5, 1).follows(at(5, 2))
    assert at(6, 1).follows(at(5, 2))
    assert not at(4, 3).follows(at(5, 2))


NOT_IN = "its lines are not in the log that was signed"


def changed(proof: Proof, change: Callable[[SealedLine], SealedLine]) -> Proof:
    return replace(proof, lines=tuple(map(change, proof.lines)))


def test_why_the_lines_prove_nothing_is_told(tmp_path: Path) -> None:
    name = prove_bundle(tmp_path, a_bundle(tmp_path))
    bundle, proof = read_bundle(tmp_path, name), read_proof(tmp_path, name)

    for wrong, says in [
        (changed(proof, lambda line: replace(line, prev=bytes(32))), NOT_IN),
        (changed(proof, lambda line: replace(line, entry=line.entry + " ")), NOT_IN),
        (changed(proof, lambda line: replace(line, entry=5)), f"{FORM}: AttributeError"),  # type: ignore[arg-type]  # as a file may have it
        (replace(proof, lines=()), "it proves no entry of a log of that length"),
        (replace(proof, note="nothing"), "its checkpoint is none of this log"),
    ]:  # fmt: skip
        with pytest.raises(ProofFault) as fault:
            proven_by(wrong, bundle, KEY.public_key())
        assert str(fault.value) == says


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


def test_the_key_is_taken_from_where_there_is_one(tmp_path: Path) -> None:
    own, beside = tmp_path / "keys" / "change-log.pub", tmp_path / "bundle" / "change-log.pub"
    beside.parent.mkdir()
    beside.write_bytes(pem(OTHER))
    assert public_key(tmp_path) == OTHER.public_key()

    own.parent.write_text("no folder")
    assert public_key(tmp_path) == OTHER.public_key()

    own.parent.unlink()
    own.parent.mkdir()
    own.write_bytes(pem(KEY))
    assert public_key(tmp_path) == KEY.public_key()


def test_a_key_that_is_none_of_ours_is_told_and_no_other_is_looked_for(tmp_path: Path) -> None:
    own, beside = tmp_path / "keys" / "change-log.pub", tmp_path / "bundle" / "change-log.pub"
    own.parent.mkdir()
    beside.parent.mkdir()
    beside.write_bytes(pem(KEY))
    unread = "the school's public key cannot be read"
    for content, says in [
        (b"no key", f"{unread}: ValueError"),
        (pem(generate_private_key(SECP256R1())), "the school's public key is none of ours"),
    ]:
        own.write_bytes(content)
        with pytest.raises(ProofFault) as fault:
            public_key(tmp_path)
        assert str(fault.value) == says
    own.unlink()
    own.mkdir()
    with pytest.raises(ProofFault) as fault:
        public_key(tmp_path)
    assert str(fault.value) == f"{unread}: IsADirectoryError"
