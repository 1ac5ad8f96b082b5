"""What lies in the folder that the gates read: whole, or written anew.

Each publication writes bundle, proof and public key. In between somebody may cut one short, take it away or
put another in its place; a gate that runs does not mind, and one that starts anew would take nothing.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import structlog
from cryptography.hazmat.primitives import serialization

from change_control.desk import Desk
from filter_policy.bundle import FOLDER, BundleFault, is_name, read_bundle, write_durably
from filter_policy.bundle_proof import KEYS, PUBLIC_KEY, proof_path, prove

log = structlog.get_logger()


def is_whole(desk: Desk) -> bool:
    """A gate that starts anew would take what lies there; looked into when a file is not what it was."""
    name, files = desk.published.name, files_of(desk.state, desk.published.name)
    if files == desk.published.files:
        return True
    try:
        prove(desk.state, name, read_bundle(desk.state, name), desk.key.public_key())
        if any(path.read_bytes() != _pem(desk) for path in public_keys(desk.state)):
            return False
    except (BundleFault, OSError):
        return False
    desk.published.files = files
    return True


def files_of(state: Path, name: str) -> tuple[tuple[int, int] | None, ...]:
    """What a gate reads, by length and date; None: not there."""
    found: list[tuple[int, int] | None] = []
    for path in (state / FOLDER / name, proof_path(state, name), *public_keys(state)):
        try:
            told = path.stat()
            found.append((told.st_mtime_ns, told.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


def public_keys(state: Path) -> tuple[Path, ...]:
    """For the gates on this machine, and for those on machines of their own."""
    beside = state / FOLDER / PUBLIC_KEY
    return (state / KEYS / PUBLIC_KEY, beside) if (state / KEYS).is_dir() else (beside,)


def write_public_keys(desk: Desk) -> None:
    """Where one is missing, or is another, no gate that starts anew would take anything."""
    (desk.state / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in public_keys(desk.state):
        there = path.read_bytes() if path.exists() else None
        if there not in (None, _pem(desk)):
            log.error("bundle.key_was_changed", folder=path.parent.name)
        if there != _pem(desk):
            write_durably(path, _pem(desk))


def remove_damaged(state: Path, name: str | None) -> bool:
    """A bundle that is not what its name says: no gate takes it, so it is written anew."""
    if name is None or not is_name(name):
        return False
    with suppress(FileNotFoundError):
        path = state / FOLDER / name
        if hashlib.sha256(path.read_bytes()).hexdigest() != name:
            log.error("bundle.damaged", bundle=name)
            path.unlink()
            return True
    return False


def _pem(desk: Desk) -> bytes:
    public = desk.key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
