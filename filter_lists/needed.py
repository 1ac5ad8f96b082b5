"""What the lists in force lean on: no text that is only tried out may take it from the store (S88)."""

from dataclasses import dataclass

from filter_lists.compiler import ListsError
from filter_lists.generations import folder_of
from filter_lists.lists_config import ListConfig, parse_lists
from filter_lists.manifest import IndexFault, read_manifest
from filter_lists.orders import Order
from filter_lists.summary import ListSummary


@dataclass(frozen=True, slots=True)
class Needed:
    """`ways`: (list, `ListConfig.way`) of what two people agreed on. `files`: (list, sha256) in force."""

    ways: frozenset[tuple[str, str]] = frozenset()
    files: frozenset[tuple[str, str]] = frozenset()


def needed_by(order: Order) -> Needed:
    """An agreed text that can be read no more, or lists in force that are damaged, lean on nothing."""
    return Needed(
        frozenset((each.list_id, each.way) for each in _agreed(order)),
        frozenset((each.list_id, each.sha256) for each in in_force(order)),
    )


def _agreed(order: Order) -> tuple[ListConfig, ...]:
    try:
        return parse_lists(order.agreed, order.folder).lists if order.agreed else ()
    except ListsError:
        return ()


def in_force(order: Order) -> tuple[ListSummary, ...]:
    if order.base is None:
        return ()
    try:
        return read_manifest(folder_of(order.state, order.base)).lists
    except IndexFault:
        return ()
