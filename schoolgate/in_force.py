"""What the gates decide with now, read from the state folder: works with every service down."""

from pathlib import Path
from typing import Any

from filter_lists.generations import FOLDER, open_generation
from filter_lists.index import Index, IndexFault
from filter_policy.bundle import Bundle, BundleFault, current_bundle, read_bundle
from filter_policy.bundle_proof import ProofFault, Proven, prove, public_key
from filter_policy.model import Listing, Policy
from schoolgate.telling import Failed

SHORTEST_PREFIX = 4
NAME_LENGTH = 64  # a generation is named by the SHA-256 of its content


def bundle_in_force(state: Path) -> Bundle:
    """Raises Failed."""
    return proven_in_force(state)[0]


def proven_in_force(state: Path) -> tuple[Bundle, Proven]:
    """With what proves it: no gate takes another. Raises Failed."""
    try:
        name = current_bundle(state)
        if name is None:
            raise Failed(f"Nothing is in force yet in {state}. First: schoolgate init, or schoolgate run")
        bundle, key = read_bundle(state, name), public_key(state)
        if key is None:
            raise ProofFault("the school's public key is missing")
        return bundle, prove(state, name, bundle, key)
    except ProofFault as fault:
        raise Failed(f"What is named as in force in {state} is taken by no gate: {fault}") from fault
    except (BundleFault, OSError) as error:
        raise Failed(f"What is in force in {state} cannot be read: {error}") from error


def index_in_force(state: Path) -> Index:
    """The lists that the bundle in force names. Raises Failed."""
    return index_of(state, bundle_in_force(state).lists)


def index_of(state: Path, name: str) -> Index:
    """A generation of the lists by its name, or by the beginning of it. Raises Failed."""
    try:
        return open_generation(state, full_name(state, name))
    except IndexFault as fault:
        says = f"{fault}. Put that folder back from the backup; schoolgate lists build makes it anew"
        raise Failed(f"{says} where the lists are as they were.") from fault


def full_name(state: Path, name: str) -> str:
    """Raises Failed where no generation, or more than one, begins so. A whole name is taken as it is."""
    if len(name) == NAME_LENGTH:
        return name
    kept = generations(state)
    found = [each for each in kept if each.startswith(name)]
    if len(found) == 1 and len(name) >= SHORTEST_PREFIX:
        return found[0]
    there = ", ".join(each[:12] for each in kept) or "none"
    raise Failed(f"{name}: not the beginning of one generation; there are: {there}")


def generations(state: Path) -> list[str]:
    """Every generation on this disk, the newest first."""
    folder = state / FOLDER
    kept = [path for path in folder.iterdir() if len(path.name) == NAME_LENGTH] if folder.is_dir() else []
    return [path.name for path in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)]


def shown_entry(policy: Policy, listing: Listing) -> str | None:
    """The entry that hit; never one of an illegal list (invariant 10)."""
    row = policy.access.get(listing.category)
    return None if listing.is_sealed or (row is not None and row.illegal) else listing.entry


def told_listing(policy: Policy, index: Index, listing: Listing) -> dict[str, Any]:
    """A hit in the words of the API: which list, which entry of it, and under which licence."""
    told = {each.list_id: each for each in index.lists}.get(listing.list_id)
    return {
        "category": listing.category,
        "list_id": listing.list_id,
        "entry": shown_entry(policy, listing),
        "licence": told.licence if told else "",
        "source": told.source if told and not told.sealed else "",
    }
