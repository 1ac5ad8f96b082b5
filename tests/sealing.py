"""Sealed lists for tests of the gate and of the whole: made-up entries, sealed as a provider's would be."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from filter_lists.compiler import ListSource, compile_index
from filter_lists.readers import READERS
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sealed_key import ensure_key
from filter_lists.sealed_source import SUFFIX, seal

Lists = Mapping[str, tuple[str, Iterable[str]]]  # list_id: category, lines


def compile_lists(state: Path, plain: Lists, sealed: Lists) -> str:
    """Under `state`, with its key; the answer is the generation."""
    folder = state / "list-sources"
    sources = [_plain(folder, list_id, *each) for list_id, each in plain.items()]
    sources += [_sealed(state, folder, list_id, *each) for list_id, each in sealed.items()]
    return compile_index(sources, state / "lists")


def _plain(folder: Path, list_id: str, category: str, lines: Iterable[str]) -> ListSource:
    path = _made(folder / list_id / "list.txt", "".join(f"{line}\n" for line in lines).encode())
    return ListSource(list_id, category, "plain", path)


def _sealed(state: Path, folder: Path, list_id: str, category: str, lines: Iterable[str]) -> ListSource:
    text = [line.encode() for line in lines]
    entries = list(READERS["plain"](text, ReadReport(), ReadOptions()))
    content = seal(entries, ensure_key(state))  # type: ignore[arg-type]  # plain lists hold no expressions
    return ListSource(
        list_id, category, "plain", _made(folder / list_id / f"list{SUFFIX}", content), sealed=True
    )


def _made(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
