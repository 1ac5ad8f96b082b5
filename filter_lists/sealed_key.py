"""The key of the lists that nobody may read: without it their hashes are noise, with it a guess can be tried.

It is made once (`ensure_key`) and kept in `state/illegal/illegal.key`, mode 0600, in a folder of its own: the
gate needs it, and has no business with the key of the change log. The same key gives the words
that stand in the logs for an address that must not be written down.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filter_lists.names import Url
from filter_lists.summary import IndexFault

FOLDER, NAME = "illegal", "illegal.key"
LENGTH = 32  # bytes
DIGEST = 16  # bytes
ENTRY, VISIT, CHECK = b"entry", b"visit", b"check"  # no hash of one can pass for one of another
PREFIX = "sealed:"  # before the hash that stands for an address
GIVE_BACK = "put it back from the backup; no other key opens them, and nothing is let by without"

Digest = Callable[[str], bytes]


def key_path(state: Path) -> Path:
    return state / FOLDER / NAME


def read_key(state: Path) -> bytes:
    """Raises IndexFault: without the key nothing that is sealed can be used."""
    path = key_path(state)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise IndexFault(path, f"cannot be read ({error.strerror}): {GIVE_BACK}") from None
    if len(key) != LENGTH:
        raise IndexFault(path, f"is no key of {LENGTH} bytes: {GIVE_BACK}")
    return key


def ensure_key(state: Path) -> bytes:
    """The key, made where there never was one. Raises IndexFault where it is lost: none takes its place."""
    path = key_path(state)
    if not path.exists():
        used = next(iter(_sealed_with_it(state)), None)
        if used is not None and not path.exists():  # nobody has made it meanwhile
            raise IndexFault(path, f"is missing, and {used} was made with it: {GIVE_BACK}")
        _make(path)
    return read_key(state)


def digest_of(key: bytes, person: bytes = ENTRY) -> Digest:
    """Keyed hashes of texts, one kind of text each."""
    fresh = hashlib.blake2b(key=key, digest_size=DIGEST, person=person)

    def digest(text: str) -> bytes:
        hasher = fresh.copy()
        hasher.update(text.encode())
        return hasher.digest()

    return digest


def key_id(key: bytes) -> str:
    """Which key it is, without telling anything of it."""
    return digest_of(key, CHECK)("").hex()


def hidden(key: bytes) -> Callable[[Url], str]:
    """What stands in a log instead of an address: the same for the same address, and nothing else."""
    digest = digest_of(key, VISIT)
    return lambda url: PREFIX + digest(str(url)).hex()


def _sealed_with_it(state: Path) -> list[Path]:
    return sorted([*state.glob("lists/*/sealed.bin"), *state.glob("list-sources/*/*.sealed")])


def _make(path: Path) -> None:
    """Whole or not at all, and once, whoever else is starting at this moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster, and theirs is the key
            os.link(fresh, path)
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
