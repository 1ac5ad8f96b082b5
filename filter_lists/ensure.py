"""The index of the lists as they are configured and lie here now, compiled when it is not there yet.

Nothing is fetched: a list that comes from a server is what `schoolgate lists update` last fetched of it.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filter_lists.built import is_generation
from filter_lists.compiler import ListsError
from filter_lists.generations import FOLDER as FOLDER
from filter_lists.generations import open_generation
from filter_lists.index import Index
from filter_lists.lists_config import load_lists
from filter_lists.lists_model import ListsConfig
from filter_lists.manifest import IndexFault
from filter_lists.orders import Order
from filter_lists.sealed_key import read_key
from filter_lists.sealing import sealed
from filter_lists.source_store import SourceStore
from filter_lists.sources import ListSource
from filter_lists.taking import all_of
from filter_lists.unpacking import SourceFault
from filter_lists.updating import run
from filter_lists.vouching import RefusedError


def ensure_index(config_path: Path, state: Path) -> Index:
    """Open `state/lists/<generation>` of the lists that `config_path` names, compiling them first if need be.

    One process compiles, the others wait for it. A damaged generation is built anew. Raises ListsError.
    """
    config = load_lists(config_path)
    now = datetime.now(UTC)  # only what is fetched or sealed is dated
    outcome = run(Order(config.text, config.folder, state, fetch=(), base=None, now=now))
    if outcome.generation is None:
        raise ListsError(outcome.faults)
    try:
        return open_generation(state, outcome.generation)
    except IndexFault as fault:
        raise ListsError([str(fault)]) from fault


def is_built_from(index: Index, config_path: Path, state: Path) -> bool:
    """Whether the lists here are those of this index; nothing is compiled. Raises ListsError."""
    config = load_lists(config_path)
    try:
        sources = tuple(_sources(config, state))
    except (OSError, IndexFault, RefusedError, SourceFault) as error:
        raise ListsError([str(error)]) from error
    return len(sources) == len(config.lists) and is_generation(sources, state, index.generation)


def _sources(config: ListsConfig, state: Path) -> Iterator[ListSource]:
    """A list that was never fetched, or is not what was last sealed, is left out."""
    store = SourceStore(state)
    for each in config.lists:
        path = store.path(each)
        if path is None:
            continue
        if each.sealed and each.local is not None:
            made, _ = sealed(all_of(each), read_key(state))
            if hashlib.sha256(made).hexdigest() != store.record(each).sha256:
                continue
        yield each.as_source(path)
