"""The verifier of a bundle by itself; tests/change_control/test_referral.py gives it real ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.merkle import leaf_hash, tree_root
from audit_log.merkle_proofs import inclusion_proof
from audit_log.offline.verify_referral import Bundle, check, main, root_from


@given(size=st.integers(1, 50), data=st.data())
def test_a_proof_leads_to_the_root_from_its_own_place_alone(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof = [each.hex() for each in inclusion_proof(leaves, index)]
    root = tree_root(leaves)
    assert root_from(leaves[index], index, size, proof) == root
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index or size == 1))
    if other != index:
        try:
            assert root_from(leaves[index], other, size, proof) != root
        except ValueError as error:
            assert "another length" in str(error)


def test_a_place_outside_of_the_tree_and_a_longer_proof_prove_nothing() -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        root_from(bytes(32), 1, 1, [])
    with pytest.raises(ValueError, match="another length"):
        root_from(bytes(32), 0, 1, ["00" * 32])


def test_a_folder_without_a_bundle_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "NOT what the school made" in capsys.readouterr().out
    assert main([str(tmp_path), "--key", str(tmp_path / "no key")]) == 2
    assert "cannot be checked" in capsys.readouterr().out
    assert check(str(tmp_path))[0] == 1


@pytest.mark.parametrize("name", ["../secret", "/etc/hosts", "a/../../b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="elsewhere"):
        Bundle(str(tmp_path)).read(name)
