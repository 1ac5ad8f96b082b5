"""The generations of the lists under the state folder, and how one of them is opened."""

from pathlib import Path

from filter_lists.index import Index
from filter_lists.manifest import read_manifest
from filter_lists.sealed_key import read_key

FOLDER = "lists"


def folder_of(state: Path, generation: str) -> Path:
    return state / FOLDER / generation


def open_generation(state: Path, generation: str) -> Index:
    """With the key of the sealed lists, where it has such lists. Raises IndexFault."""
    folder = folder_of(state, generation)
    sealed = any(each.sealed for each in read_manifest(folder).lists)
    return Index.open(folder, read_key(state) if sealed else None)
