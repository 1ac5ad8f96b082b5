"""config/lists.yaml: which lists there are. Refused whole, with every fault named.

    lists:
      starter-gambling: {category: gambling, format: plain, path: "starter:gambling.txt"}

`path` is a file beside lists.yaml or elsewhere; `starter:` means one of the lists that come with Schoolgate.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from filter_lists.compiler import ListsError, ListSource
from filter_lists.readers import READERS

STARTER = Path(__file__).parent / "starter"
STARTER_PREFIX = "starter:"
WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WORD_RULE = "lower-case words joined by hyphens"
FIELDS = ("category", "format", "path")


def load_lists(path: Path) -> tuple[ListSource, ...]:
    """The lists in the order of the file. Raises ListsError."""
    reading = _Reading(path)
    sources = tuple(reading.sources())
    if reading.faults or not sources:
        raise ListsError(reading.faults or [f"{path.name}:1: lists: at least one list is needed"])
    return sources


class _Reading:
    """One pass over the file, which goes on after a fault to find the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []

    def sources(self) -> Iterator[ListSource]:
        root = self._fields(self._document(), "the file", ("lists",))
        lists = root.get("lists")
        if not lists:
            return
        for list_id, node in self._fields(lists, "lists").items():
            if not WORD.fullmatch(list_id):
                self._fault(node, f"lists.{list_id}", list_id, WORD_RULE)
            yield from self._source(list_id, node)

    def _source(self, list_id: str, node: Node) -> Iterator[ListSource]:
        where = f"lists.{list_id}"
        fields = self._fields(node, where, FIELDS)
        texts = {name: self._text(field, f"{where}.{name}") for name, field in fields.items()}
        if isinstance(node, MappingNode):
            for name in FIELDS:
                if name not in fields:
                    self._fault(node, f"{where}.{name}", None, "a value")
        category, format_, given = (texts.get(name) for name in FIELDS)
        if category is not None and not WORD.fullmatch(category):
            self._fault(fields["category"], f"{where}.category", category, WORD_RULE)
        if format_ is not None and format_ not in READERS:
            self._fault(fields["format"], f"{where}.format", format_, " or ".join(READERS))
        path = None if given is None else self._file(fields["path"], f"{where}.path", given)
        if category and format_ and path:
            yield ListSource(list_id, category, format_, path)

    def _file(self, node: Node, where: str, given: str) -> Path | None:
        if given.startswith(STARTER_PREFIX):
            starters = {each.name: each for each in sorted(STARTER.glob("*.txt"))}
            found = starters.get(given.removeprefix(STARTER_PREFIX))
            if found is None:
                self._fault(node, where, given, "starter: and one of " + ", ".join(starters))
            return found
        path = self.path.parent / given
        if _is_file(path):
            return path
        self._fault(node, where, given, f"a file, looked for beside {self.path.name}")
        return None

    def _document(self) -> Node | None:
        try:
            return yaml.compose(self.path.read_text("utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.faults.append(f"{self.path.name}:{line}: not YAML: {error.problem}")
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
            self.faults.append(f"{self.path.name}:1: not YAML in UTF-8")
        except OSError as error:
            self.faults.append(f"{self.path.name}:1: cannot be read ({error.strerror}): {self.path}")
        return None

    def _fields(self, node: Node | None, where: str, known: tuple[str, ...] = ()) -> dict[str, Node]:
        if not isinstance(node, MappingNode):
            if node is not None:
                self._fault(node, where, node.value, "a mapping of " + (", ".join(known) or "names to lists"))
            return {}
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if known and name not in known:
                self._fault(key, f"{where}.{name}", name, ", ".join(known))
            elif name in found:
                self._fault(key, f"{where}.{name}", name, "each name once")
            else:
                found[name] = value
        return found

    def _text(self, node: Node, where: str) -> str | None:
        if isinstance(node, ScalarNode) and node.value:
            return str(node.value)
        self._fault(node, where, node.value, "a text")
        return None

    def _fault(self, node: Node, where: str, value: object, allowed: str) -> None:
        shown = (
            "is missing" if value is None else repr(value)[:80] if isinstance(value, str) else "is no text"
        )
        line = node.start_mark.line + 1
        self.faults.append(f"{self.path.name}:{line}: {where}: {shown}; allowed: {allowed}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False
