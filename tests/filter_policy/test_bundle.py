"""The bundle is what its name says, or it is not used."""

import hashlib
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filter_policy.bundle import (
    Account,
    BundleFault,
    current_bundle,
    is_name,
    read_bundle,
    revision_of,
    save_bundle,
    write_bundle,
    write_durably,
)
from filter_policy.case_orders import Order
from filter_policy.model import Isolation, Opening, Person, Role
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


@pytest.mark.parametrize("number", [1, 2])
def test_an_older_bundle_orders_nothing_and_a_new_one_says_so(tmp_path: Path, number: int) -> None:
    data = json.loads((tmp_path / "bundle" / a_bundle(tmp_path)).read_bytes())
    del data["orders"]
    for form in (number, 3):
        content = json.dumps(data | {"format": form}).encode()
        name = hashlib.sha256(content).hexdigest()
        (tmp_path / "bundle" / name).write_bytes(content)
        if form == number:
            assert read_bundle(tmp_path, name).policy.isolations == ()
    with pytest.raises(BundleFault, match="not understood"):
        read_bundle(tmp_path, name)


SUMMER = datetime(2026, 6, 1, 9, 0, tzinfo=timezone(timedelta(hours=1)))
SAME = "2026-06-01T08:00:00+00:00"  # as everything is spelled in the file


def times(by: int) -> list[datetime]:
    return [SUMMER + timedelta(days=by + each) for each in range(5)]


WHOLE = Person("p_1", "Anna", Role.GUEST, ("guests", "staff"), ("6B", "6A"), False, *times(1))
NOBODY = Person("p_2", "device", None, ())
UNBLOCK = replace(
    an_unblock("b.test/x", "a.test"),
    starts_at=SUMMER,
    filter_groups=frozenset({"staff", "guests"}),
    people=frozenset({"p_2", "p_1"}),
    windows=((SUMMER, SUMMER + timedelta(hours=1)),),
)
ISOLATES = Order(
    "isolate", "i1", "c1", NOON, b"\x01\x02", '{"device":"10.1.2.3","ends_at":"2026-11-25T12:00:00Z"}'
)
OPENING = Opening("o1", "p_tess", frozenset({"6B", "6A"}), SUMMER, SUMMER + timedelta(minutes=45))


def whole_bundle(state: Path) -> str:
    accounts = [Account(WHOLE, "hash"), Account(NOBODY)]
    return save_bundle(
        state, policy_text=POLICY, lists=GENERATION, accounts=accounts, unblocks=[UNBLOCK],
        openings=[OPENING], sealed_lists=["iwf", "ctiru", "iwf"], orders=[ISOLATES],
    )  # fmt: skip


def test_everything_that_is_held_comes_back(tmp_path: Path) -> None:
    bundle = read_bundle(tmp_path, whole_bundle(tmp_path))

    assert bundle.accounts == {
        "anna": Account(replace(WHOLE, username="anna"), "hash"),
        "device": Account(NOBODY, None),
    }
    assert (bundle.policy.unblocks, bundle.policy.openings) == ((UNBLOCK,), (OPENING,))
    assert (bundle.policy_text, bundle.lists) == (POLICY, GENERATION)
    assert bundle.sealed_lists == {"iwf", "ctiru"}
    assert bundle.orders == (ISOLATES,)
    assert bundle.policy.isolations == (Isolation("i1", "10.1.2.3", NOON, NOON + timedelta(days=1)),)


def test_gates_of_other_versions_read_the_same_words(tmp_path: Path) -> None:
    """Word for word: what is called otherwise is another format, and has another number."""
    state = tmp_path / "not" / "yet"
    content = (state / "bundle" / whole_bundle(state)).read_bytes()
    said = json.loads(content)

    assert content == json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    assert sorted(said) == [
        "accounts", "format", "lists", "openings", "orders", "policy", "sealed_lists", "unblocks",
    ]  # fmt: skip
    assert (said["format"], said["sealed_lists"]) == (3, ["ctiru", "iwf"])
    assert said["orders"] == [{
        "act": "isolate", "id": "i1", "incident": "c1", "at": "2026-11-24T12:00:00+00:00", "people": [],
        "salt": "0102", "facts": ISOLATES.facts,
    }]  # fmt: skip
    assert said["accounts"][1] == {
        "id": "p_2", "username": "device", "role": None, "filter_groups": [], "classes": [],
        "agreement_signed": True, "starts_at": None, "ends_at": None, "suspended_from": None,
        "suspended_until": None, "password_ends_at": None, "password_hash": None,
    }  # fmt: skip
    assert said["unblocks"] == [{
        "id": "u1", "sites": ["b.test/x", "a.test"], "classes": ["6B"], "filter_groups": ["guests", "staff"],
        "people": ["p_1", "p_2"], "starts_at": SAME, "ends_at": "2026-11-24T13:00:00+00:00",
        "windows": [[SAME, "2026-06-01T09:00:00+00:00"]],
    }]  # fmt: skip
    assert said["openings"] == [{
        "id": "o1", "opened_by": "p_tess", "classes": ["6A", "6B"], "starts_at": SAME,
        "ends_at": "2026-06-01T08:45:00+00:00",
    }]  # fmt: skip


def test_a_bundle_that_is_only_written_is_not_yet_in_force(tmp_path: Path) -> None:
    assert whole_bundle(tmp_path)
    assert current_bundle(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_note_of_what_is_in_force_names_nothing(tmp_path: Path, content: bytes) -> None:
    name = a_bundle(tmp_path)
    (tmp_path / "bundle" / "current").write_bytes(content)

    assert current_bundle(tmp_path) is None
    assert a_bundle(tmp_path) == name == current_bundle(tmp_path)


def test_a_note_that_is_no_text_names_what_no_bundle_is_called(tmp_path: Path) -> None:
    a_bundle(tmp_path)
    (tmp_path / "bundle" / "current").write_bytes(b"\xff\n")

    found = current_bundle(tmp_path)

    assert found == "\N{REPLACEMENT CHARACTER}"
    assert not is_name(found)


@pytest.mark.parametrize("name", [None, 5, b"f" * 64, "", "f" * 63, "f" * 65, "g" * 64, "F" * 64])
def test_only_a_hash_in_small_letters_is_a_name(name: object) -> None:
    assert not is_name(name)
    assert is_name("0123456789abcdef" * 4)


def altered(state: Path, change: Any) -> str:
    """A bundle of that name, whatever stands in it."""
    said = json.loads((state / "bundle" / whole_bundle(state)).read_bytes())
    content = json.dumps(change(said)).encode()
    name = hashlib.sha256(content).hexdigest()
    (state / "bundle" / name).write_bytes(content)
    return name


def without(word: str) -> Any:
    return lambda said: {name: value for name, value in said.items() if name != word}


def with_window(*edges: Any) -> Any:
    return lambda said: {**said, "unblocks": [{**said["unblocks"][0], "windows": [edges]}]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda said: {**said, "format": 4}, "format 4, and this version reads (1, 2, 3)"),
        (without("format"), "not understood: KeyError"),
        (without("unblocks"), "not understood: KeyError"),
        (lambda said: {**said, "policy": "x: 1"}, "not understood: PolicyError"),
        (lambda said: {**said, "openings": 5}, "not understood: TypeError"),
        (lambda said: {**said, "sealed_lists": None}, "its sealed lists are no list of words"),
        (with_window(SAME, SAME), "an unblock has a window that ends before it begins"),
        (with_window(SAME), "not understood: ValueError"),
        (with_window(SAME, None), "not understood: TypeError"),
    ],
)
def test_why_a_bundle_is_not_used_is_told_without_its_contents(
    tmp_path: Path, change: Any, says: str
) -> None:
    name = altered(tmp_path, change)
    with pytest.raises(BundleFault) as fault:
        read_bundle(tmp_path, name)
    assert str(fault.value) == says


def test_a_bundle_that_is_no_bundle_is_told_apart(tmp_path: Path) -> None:
    name = whole_bundle(tmp_path)
    for wrong, says in [
        ("current", "not the name of a bundle"),
        ("f" * 64, "cannot be read: No such file or directory"),
        (name, "its contents are not what its name says"),
    ]:
        (tmp_path / "bundle" / name).write_bytes(b"{}")
        with pytest.raises(BundleFault) as fault:
            read_bundle(tmp_path, wrong)
        assert str(fault.value) == says


def test_a_bundle_of_the_first_version_has_no_windows(tmp_path: Path) -> None:
    def older(said: Any) -> Any:
        unblocks = [without("windows")(each) for each in said["unblocks"]]
        return {**said, "format": 1, "unblocks": unblocks}

    bundle = read_bundle(tmp_path, altered(tmp_path, older))

    assert bundle.policy.unblocks == (replace(UNBLOCK, windows=()),)


@pytest.mark.parametrize("odd", [1, "true", None])
def test_an_agreement_is_signed_only_where_it_says_so(tmp_path: Path, odd: object) -> None:
    def change(said: Any) -> Any:
        return {**said, "accounts": [{**each, "agreement_signed": odd} for each in said["accounts"]]}

    bundle = read_bundle(tmp_path, altered(tmp_path, change))

    assert not any(each.person.agreement_signed for each in bundle.accounts.values())


def test_what_is_written_is_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (tmp_path / f".file.{os.getpid()}").write_bytes(b"left by a process that died, and longer")

    write_durably(path, b"new")

    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"new", [path])

    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_durably(tmp_path / "folder", b"x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]


def test_the_revision_is_of_policy_and_lists_together() -> None:
    """As it stands on every row of the filtering log, of any version."""
    assert revision_of("policy", "lists") == hashlib.sha256(b"lists\npolicy").hexdigest()
