"""Which generation the lists as they lie here now are: opened where it is known, compiled where it is not.

`state/lists/.built.json` remembers what each generation was compiled from: the lists' bytes, all that
lists.yaml says of how to read them, and the readers themselves. It is a memory and no more: what it names is
checked byte for byte, and without it everything is compiled anew into the same generation.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from filter_lists.compiler import compile_while_locked
from filter_lists.generations import FOLDER, open_generation
from filter_lists.index import Index
from filter_lists.manifest import IndexFault, sha256_of
from filter_lists.sources import ListSource
from filter_lists.storage import building_in, new_folder
from filter_lists.writing import Tell, silent

MEMORY = ".built.json"
REMEMBERED = 20

type Memory = dict[str, tuple[str, str]]  # what it was made of -> generation, and by which readers


def build(sources: Iterable[ListSource], state: Path, tell: Tell = silent) -> Index:
    """One process compiles, the others wait for it. Raises ListsError, IndexFault and OSError."""
    sources = tuple(sources)
    folder = state / FOLDER
    with building_in(folder):
        made_of = _made_of(sources)
        known = _recall(folder).get(made_of or "")
        if known is not None and known[1] == readers():
            index = _open_if_whole(state, known[0])
            if index is not None:
                return index
        generation = compile_while_locked(sources, folder, tell)
        if made_of is not None and made_of == _made_of(sources):  # not changed meanwhile
            _remember(folder, made_of, generation)
        return open_generation(state, generation)


def is_generation(sources: Iterable[ListSource], state: Path, generation: str) -> bool:
    """Whether this generation was compiled from these lists; nothing is compiled."""
    known = _recall(state / FOLDER).get(_made_of(tuple(sources)) or "")
    return known is not None and known[0] == generation


@cache
def readers() -> str:
    """Changes with every change of this room's code, so that lists are read anew after an upgrade."""
    here = Path(__file__).parent
    files = sorted(here.rglob("*.py"))
    told = "".join(f"{sha256_of(each)} {each.relative_to(here)}\n" for each in files)
    return hashlib.sha256(told.encode()).hexdigest()


def _made_of(sources: tuple[ListSource, ...]) -> str | None:
    """None: one of them cannot be read; the compiler will say so."""
    try:
        rows = [_row(each) for each in sorted(sources, key=lambda each: each.list_id)]
    except OSError:
        return None
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _row(each: ListSource) -> list[object]:
    return [
        each.list_id,
        each.category,
        each.format,
        sorted(each.categories.items()),
        each.licence,
        each.source,
        sorted(each.wide),
        each.exceptions,
        each.as_exceptions,
        each.sealed,
        sha256_of(each.path),
    ]


def _open_if_whole(state: Path, generation: str) -> Index | None:
    try:
        return open_generation(state, generation)
    except IndexFault:
        return None


def _recall(folder: Path) -> Memory:
    try:
        raw = json.loads((folder / MEMORY).read_bytes())
        return {str(made_of): (str(found), str(by)) for made_of, (found, by) in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(folder: Path, made_of: str, generation: str) -> None:
    known = {made_of: (generation, readers()), **_recall(folder)} | {made_of: (generation, readers())}
    with new_folder(folder) as building:
        fresh = building / MEMORY
        fresh.write_text(json.dumps(dict(list(known.items())[:REMEMBERED])))
        fresh.replace(folder / MEMORY)
