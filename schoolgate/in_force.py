"""What the gates decide with now, read from the state folder: works with every service down."""

from pathlib import Path

from filter_lists.index import Index, IndexFault
from filter_policy.bundle import Bundle, BundleFault, current_bundle, read_bundle
from filter_policy.model import Listing, Policy
from schoolgate.telling import Failed


def bundle_in_force(state: Path) -> Bundle:
    """Raises Failed."""
    try:
        name = current_bundle(state)
        if name is None:
            raise Failed(f"Nothing is in force yet in {state}. First: schoolgate init, or schoolgate run")
        return read_bundle(state, name)
    except (BundleFault, OSError) as error:
        raise Failed(f"What is in force in {state} cannot be read: {error}") from error


def index_in_force(state: Path) -> Index:
    """The lists that the bundle in force names. Raises Failed."""
    generation = bundle_in_force(state).lists
    try:
        return Index.open(state / "lists" / generation)
    except IndexFault as fault:
        raise Failed(f"{fault}. Build the lists anew: schoolgate lists build") from fault


def shown_entry(policy: Policy, listing: Listing) -> str | None:
    """The entry that hit; never one of an illegal list (invariant 10)."""
    row = policy.access.get(listing.category)
    return None if row is not None and row.illegal else listing.entry
