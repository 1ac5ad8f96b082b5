"""The bundle is what its name says, or it is not used."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filter_policy.bundle import Account, BundleFault, current_bundle, read_bundle, revision_of, write_bundle
from tests.builders import NOON, POLICY, a_person, an_unblock

GENERATION = "0" * 64


def a_bundle(state: Path, text: str = POLICY) -> str:
    account = Account(a_person(classes=("6B",), ends_at=NOON), "$argon2id$secret")
    return write_bundle(
        state, policy_text=text, lists=GENERATION, accounts=[account], unblocks=[an_unblock("x.example/a")]
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    bundle = read_bundle(tmp_path, a_bundle(tmp_path))

    assert bundle.policy.unblocks == (an_unblock("x.example/a"),)
    assert bundle.accounts["anna"].person == a_person(classes=("6B",), ends_at=NOON)
    assert bundle.accounts["anna"].password_hash == "$argon2id$secret"
    assert bundle.revision == revision_of(POLICY, GENERATION)


def test_the_same_contents_have_the_same_name(tmp_path: Path) -> None:
    assert a_bundle(tmp_path) == a_bundle(tmp_path) == current_bundle(tmp_path)


def test_a_policy_that_does_not_parse_is_never_published(tmp_path: Path) -> None:
    name = a_bundle(tmp_path)
    with pytest.raises(Exception, match="no such word"):
        a_bundle(tmp_path, POLICY + "\nextra: 1\n")

    assert current_bundle(tmp_path) == name


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    name = a_bundle(tmp_path)

    assert (tmp_path / "bundle" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "bundle").stat().st_mode & 0o077 == 0


def test_no_password_hash_shows_in_a_repr(tmp_path: Path) -> None:
    bundle = read_bundle(tmp_path, a_bundle(tmp_path))

    assert "argon2" not in repr(bundle)
    assert "argon2" not in repr(bundle.accounts["anna"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_altered_bundle_is_never_used(tmp_path: Path, data: st.DataObject) -> None:
    name = a_bundle(tmp_path)
    path = tmp_path / "bundle" / name
    content = bytearray(path.read_bytes())
    try:
        at = data.draw(st.integers(0, len(content) - 1))
        altered = content.copy()
        altered[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(altered[: at if data.draw(st.booleans()) else None])
        with pytest.raises(BundleFault):
            read_bundle(tmp_path, name)
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "current", "f" * 64, "F" * 64])
def test_only_a_bundle_can_be_read_as_one(tmp_path: Path, name: str) -> None:
    a_bundle(tmp_path)

    with pytest.raises(BundleFault):
        read_bundle(tmp_path, name)


def test_it_names_the_lists_that_may_never_be_missing(tmp_path: Path) -> None:
    name = write_bundle(
        tmp_path, policy_text=POLICY, lists=GENERATION, accounts=[], sealed_lists=["iwf", "ctiru"]
    )

    assert read_bundle(tmp_path, name).sealed_lists == {"iwf", "ctiru"}
    assert read_bundle(tmp_path, a_bundle(tmp_path)).sealed_lists == frozenset()


@pytest.mark.parametrize("odd", ["iwf", [1], {"iwf": True}, None])
def test_lists_that_are_no_words_are_not_read_as_none(tmp_path: Path, odd: object) -> None:
    data = json.loads((tmp_path / "bundle" / a_bundle(tmp_path)).read_bytes()) | {"sealed_lists": odd}
    content = json.dumps(data).encode()
    name = hashlib.sha256(content).hexdigest()
    (tmp_path / "bundle" / name).write_bytes(content)

    with pytest.raises(BundleFault):
        read_bundle(tmp_path, name)


def test_a_bundle_of_the_first_version_names_none(tmp_path: Path) -> None:
    data = json.loads((tmp_path / "bundle" / a_bundle(tmp_path)).read_bytes())
    del data["sealed_lists"]
    content = json.dumps(data).encode()
    name = hashlib.sha256(content).hexdigest()
    (tmp_path / "bundle" / name).write_bytes(content)

    assert read_bundle(tmp_path, name).sealed_lists == frozenset()
