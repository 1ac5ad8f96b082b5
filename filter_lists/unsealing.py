"""What is agreed to be sealed is never fetched in the open: not even to try a text
out that nobody agreed on (D9)."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from filter_lists.lists_model import ListConfig, ListsConfig

STAYS_SEALED = "sealed: is missing; allowed: true, as two people agreed on for this list"
OF_A_SEALED_ONE = "has the {what} of {other}, a sealed list; allowed: sealed: true, or another"


def refuse_unsealing(text_config: ListsConfig, agreed_config: ListsConfig) -> tuple[str, ...]:
    """A fault for each list that would bring in the open what two people agreed to seal."""
    sealed = [each for each in agreed_config.lists if each.sealed]
    opened = [each for each in text_config.lists if not each.sealed]
    return tuple(f"{text_config.where(each)}: {fault}" for each in opened for fault in _faults(each, sealed))


def _faults(each: ListConfig, sealed: Iterable[ListConfig]) -> Iterator[str]:
    for other in sealed:
        if other.list_id == each.list_id:
            yield STAYS_SEALED
        elif _is_same_place(each, other):
            yield OF_A_SEALED_ONE.format(what="source", other=other.list_id)
        elif each.credentials and each.credentials == other.credentials:
            yield OF_A_SEALED_ONE.format(what="credentials", other=other.list_id)


def _is_same_place(each: ListConfig, other: ListConfig) -> bool:
    """Whatever follows a `?`; and a folder that the sealed list lies in holds it too."""
    if each.local is None or other.local is None:
        return each.local is other.local and _without_query(each.source) == _without_query(other.source)
    return other.local.resolve().is_relative_to(each.local.resolve())


def _without_query(address: str) -> tuple[str, str]:
    split = urlsplit(address)
    return split.netloc, split.path
