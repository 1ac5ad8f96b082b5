"""The index of the lists as they are configured now, compiled when it is not there yet."""

from collections.abc import Iterable
from pathlib import Path

from filter_lists.compiler import ListSource, compile_while_locked
from filter_lists.index import Index
from filter_lists.lists_config import load_lists
from filter_lists.manifest import IndexFault, read_manifest, sha256_of
from filter_lists.storage import building_in

FOLDER = "lists"


def ensure_index(config_path: Path, state: Path) -> Index:
    """Open `state/lists/<generation>` of the lists that `config_path` names, compiling them first if need be.

    One process compiles, the others wait for it. A damaged generation is built anew. Raises ListsError.
    """
    sources = load_lists(config_path)
    folder = state / FOLDER
    with building_in(folder):
        wanted = _identity(sources)
        for candidate in sorted(folder.iterdir()):
            index = _open_if(candidate, wanted)
            if index is not None:
                return index
        return Index.open(folder / compile_while_locked(sources, folder))


def is_built_from(index: Index, config_path: Path) -> bool:
    """Whether the lists on disk are those of this index; nothing is compiled. Raises ListsError."""
    made_of = [(each.list_id, each.category, each.format, each.sha256) for each in index.lists]
    return made_of == _identity(load_lists(config_path))


def _identity(sources: Iterable[ListSource]) -> list[tuple[str, ...]] | None:
    """What a generation of these lists says of them. None: one cannot be read; the compiler will say so."""
    try:
        return sorted((each.list_id, each.category, each.format, sha256_of(each.path)) for each in sources)
    except OSError:
        return None


def _open_if(folder: Path, wanted: list[tuple[str, ...]] | None) -> Index | None:
    try:
        lists = read_manifest(folder).lists
        if [(each.list_id, each.category, each.format, each.sha256) for each in lists] != wanted:
            return None
        return Index.open(folder)
    except IndexFault:
        return None
