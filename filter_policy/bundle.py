"""What the gate runs on: one file, named by its own sha256, that holds all that is open and for whom.

The publisher writes it after every change; each gate process reads it. It holds password hashes, so it is
mode 0600 and its accounts do not show them. A file that is not what its name says is never used.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filter_lists.names import NameFault, parse_site
from filter_policy.case_orders import Order, investigations_of, isolations_of, order_in, order_out
from filter_policy.model import Opening, Person, Policy, Role, Unblock, Window
from filter_policy.parse import PolicyError, parse_policy

FORMAT = 3
READABLE = (1, 2, 3)  # each knew less: reading what is new as nothing would open too much
WITHOUT_ORDERS = 2  # the last format that knew none
FOLDER = "bundle"
CURRENT = "current"
NAME_LENGTH = 64  # a sha256 in hex
HEX = frozenset("0123456789abcdef")


class BundleFault(Exception):
    """This bundle must not be used; the message says why, without any of its contents."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person and the hash (argon2id, PHC string) of the password that travels with requests."""

    person: Person
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """`policy` already holds the unblocks and openings; `lists` names a generation under state/lists.

    `sealed_lists`: lists of illegal content that were ever in force, none of which may be missing from it.
    `orders`: what cases order; the investigations and isolations of `policy` are read from them.
    """

    policy: Policy
    policy_text: str = field(repr=False)
    lists: str
    accounts: Mapping[str, Account] = field(repr=False)  # by username in lower case
    sealed_lists: frozenset[str] = frozenset()
    orders: tuple[Order, ...] = field(default=(), repr=False)

    @property
    def revision(self) -> str:
        return self.policy.revision


def revision_of(policy_text: str, lists_generation: str) -> str:
    """The content hash (hex sha256) that stands on every row of the filtering log."""
    return hashlib.sha256(f"{lists_generation}\n{policy_text}".encode()).hexdigest()


def write_bundle(
    state: Path,
    *,
    policy_text: str,
    lists: str,
    accounts: Iterable[Account],
    unblocks: Sequence[Unblock] = (),
    openings: Sequence[Opening] = (),
    sealed_lists: Iterable[str] = (),
    orders: Sequence[Order] = (),
) -> str:
    """Write, flush to disk, then point `current` at it; returns the name. Raises PolicyError."""
    name = save_bundle(
        state,
        policy_text=policy_text,
        lists=lists,
        accounts=accounts,
        unblocks=unblocks,
        openings=openings,
        sealed_lists=sealed_lists,
        orders=orders,
    )
    name_current(state, name)
    return name


def save_bundle(
    state: Path,
    *,
    policy_text: str,
    lists: str,
    accounts: Iterable[Account],
    unblocks: Sequence[Unblock],
    openings: Sequence[Opening],
    sealed_lists: Iterable[str],
    orders: Sequence[Order] = (),
) -> str:
    """Write and flush it; no gate takes it yet. Returns the name. Raises PolicyError."""
    parse_policy(policy_text)
    data = {
        "format": FORMAT,
        "policy": policy_text,
        "lists": lists,
        "accounts": [_account_out(account) for account in accounts],
        "unblocks": [_unblock_out(unblock) for unblock in unblocks],
        "openings": [_opening_out(opening) for opening in openings],
        "sealed_lists": sorted(set(sealed_lists)),
        "orders": [order_out(order) for order in orders],
    }
    content = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    name = hashlib.sha256(content).hexdigest()
    folder = state / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / name).exists():
        write_durably(folder / name, content)
    return name


def name_current(state: Path, name: str) -> None:
    if current_bundle(state) != name:
        write_durably(state / FOLDER / CURRENT, name.encode())


def is_name(name: object) -> bool:
    """Whether this can be the name of a bundle."""
    return isinstance(name, str) and len(name) == NAME_LENGTH and not set(name) - HEX


def current_bundle(state: Path) -> str | None:
    """The name of the bundle in force, or None before the first. It may be no name of any bundle."""
    try:
        return (state / FOLDER / CURRENT).read_bytes().decode(errors="replace").strip() or None
    except FileNotFoundError:
        return None


def read_bundle(state: Path, name: str) -> Bundle:
    """The bundle of that name. Raises BundleFault if it is missing, altered or not understood whole."""
    if not is_name(name):
        raise BundleFault("not the name of a bundle")
    try:
        content = (state / FOLDER / name).read_bytes()
    except OSError as error:
        raise BundleFault(f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != name:
        raise BundleFault("its contents are not what its name says")
    try:
        return _bundle_in(json.loads(content))
    except (KeyError, TypeError, ValueError, NameFault, PolicyError) as error:
        raise BundleFault(f"not understood: {type(error).__name__}") from None


def _bundle_in(data: Mapping[str, Any]) -> Bundle:
    if data["format"] not in READABLE:
        raise BundleFault(f"format {data['format']!r}, and this version reads {READABLE}")
    text, lists = str(data["policy"]), str(data["lists"])
    orders = tuple(order_in(raw) for raw in (data["orders"] if data["format"] > WITHOUT_ORDERS else ()))
    policy = replace(
        parse_policy(text, revision_of(text, lists)),
        unblocks=tuple(_unblock_in(raw) for raw in data["unblocks"]),
        openings=tuple(_opening_in(raw) for raw in data["openings"]),
        investigations=investigations_of(orders),
        isolations=isolations_of(orders),
    )
    accounts = [_account_in(raw) for raw in data["accounts"]]
    by_name = {account.person.username: account for account in accounts}
    return Bundle(policy, text, lists, by_name, _words_in(data.get("sealed_lists", [])), orders)


def _words_in(raw: object) -> frozenset[str]:
    """Bundles of the first version have none. Raises BundleFault for what is no list of words."""
    if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
        raise BundleFault("its sealed lists are no list of words")
    return frozenset(raw)


def _account_out(account: Account) -> dict[str, object]:
    person = account.person
    return {
        "id": person.id,
        "username": person.username.lower(),
        "role": person.role,
        "filter_groups": list(person.filter_groups),
        "classes": list(person.classes),
        "agreement_signed": person.agreement_signed,
        "starts_at": _time_out(person.starts_at),
        "ends_at": _time_out(person.ends_at),
        "suspended_from": _time_out(person.suspended_from),
        "suspended_until": _time_out(person.suspended_until),
        "password_ends_at": _time_out(person.password_ends_at),
        "password_hash": account.password_hash,
    }


def _account_in(raw: Mapping[str, Any]) -> Account:
    person = Person(
        id=str(raw["id"]),
        username=str(raw["username"]),
        role=None if raw["role"] is None else Role(raw["role"]),
        filter_groups=tuple(raw["filter_groups"]),
        classes=tuple(raw["classes"]),
        agreement_signed=raw["agreement_signed"] is True,
        starts_at=_time_in(raw["starts_at"]),
        ends_at=_time_in(raw["ends_at"]),
        suspended_from=_time_in(raw["suspended_from"]),
        suspended_until=_time_in(raw["suspended_until"]),
        password_ends_at=_time_in(raw["password_ends_at"]),
    )
    return Account(person, raw["password_hash"])


def _unblock_out(unblock: Unblock) -> dict[str, object]:
    return {
        "id": unblock.id,
        "sites": [str(site) for site in unblock.sites],
        "starts_at": _time_out(unblock.starts_at),
        "ends_at": _time_out(unblock.ends_at),
        "classes": sorted(unblock.classes),
        "filter_groups": sorted(unblock.filter_groups),
        "people": sorted(unblock.people),
        "windows": [[_time_out(edge) for edge in window] for window in unblock.windows],
    }


def _unblock_in(raw: Mapping[str, Any]) -> Unblock:
    return Unblock(
        id=str(raw["id"]),
        sites=tuple(parse_site(site) for site in raw["sites"]),
        starts_at=datetime.fromisoformat(raw["starts_at"]),
        ends_at=datetime.fromisoformat(raw["ends_at"]),
        classes=frozenset(raw["classes"]),
        filter_groups=frozenset(raw["filter_groups"]),
        people=frozenset(raw["people"]),
        windows=tuple(_window_in(window) for window in raw.get("windows", ())),
    )


def _window_in(raw: Any) -> Window:
    """Raises BundleFault, ValueError or TypeError for what is no stretch of time: no window is left out."""
    starts_at, ends_at = (datetime.fromisoformat(edge) for edge in raw)
    if not starts_at < ends_at:
        raise BundleFault("an unblock has a window that ends before it begins")
    return starts_at, ends_at


def _opening_out(opening: Opening) -> dict[str, object]:
    return {
        "id": opening.id,
        "opened_by": opening.opened_by,
        "classes": sorted(opening.classes),
        "starts_at": _time_out(opening.starts_at),
        "ends_at": _time_out(opening.ends_at),
    }


def _opening_in(raw: Mapping[str, Any]) -> Opening:
    return Opening(
        id=str(raw["id"]),
        opened_by=str(raw["opened_by"]),
        classes=frozenset(raw["classes"]),
        starts_at=datetime.fromisoformat(raw["starts_at"]),
        ends_at=datetime.fromisoformat(raw["ends_at"]),
    )


def _time_out(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _time_in(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def write_durably(path: Path, content: bytes) -> None:
    """Content and name are on the disk afterwards. Raises OSError."""
    write_whole(path, content)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_whole(path: Path, content: bytes) -> None:
    """The content is on the disk before it has its name; the name itself may come later. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
