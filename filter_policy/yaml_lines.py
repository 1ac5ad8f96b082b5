"""YAML into plain values that remember the line they stood on, so that every fault can name it."""

from collections.abc import Hashable
from typing import Any

import yaml

Path = tuple[Hashable, ...]
DEEPEST = 20
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


class YamlFault(Exception):
    """The text is not the YAML we read at all; `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"{line}: {why}")
        self.line = line
        self.why = why


class Lines:
    """Where each value stood. A path is the keys and indexes that lead to it."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}
        self.repeated: list[tuple[int, str]] = []

    def add(self, path: Path, line: int) -> None:
        self._lines[path] = line

    def of(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def load_with_lines(text: str) -> tuple[object, Lines]:
    """The values of one YAML document, and their lines. Raises YamlFault; aliases and tags are refused."""
    lines = Lines()
    try:
        _check_events(text)
        loader = Loader(text)
        node = loader.get_single_node()
        return (None if node is None else _value(loader, node, (), lines)), lines
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)  # none where it stumbles over the bytes themselves
        why = getattr(error, "problem", None) or f"not YAML: {type(error).__name__}"
        raise YamlFault(mark.line + 1 if mark else 1, why) from error


def _check_events(text: str) -> None:
    """Before anything is built: aliases can stand for millions of rows, depth and tags serve no policy."""
    depth = 0
    for event in yaml.parse(text, Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _fault("aliases (*name) are not read here", event)
        if getattr(event, "tag", None):
            raise _fault("tags (!!name) are not read here", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _fault(f"rows within rows, more than {DEEPEST} deep", event)


def _fault(why: str, at: Any) -> YamlFault:
    """`at`: an event or a node; with libyaml their marks are of another type."""
    return YamlFault(at.start_mark.line + 1, why)


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: Lines) -> object:
    lines.add(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, i), lines) for i, item in enumerate(node.value)]
    try:
        value: object = loader.construct_object(node)
    except ValueError as error:  # a day that no calendar has
        raise _fault(str(error), node) from None
    return value


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path, lines: Lines) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in found:
            lines.repeated.append((key_node.start_mark.line + 1, key))
        found[key] = _value(loader, value_node, (*path, key), lines)
        lines.add((*path, key), key_node.start_mark.line + 1)  # the word, where its value begins below it
    return found
