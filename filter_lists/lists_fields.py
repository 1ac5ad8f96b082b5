"""lists.yaml, read value by value: a fault is kept with its line, and reading goes on to find the others."""

from collections.abc import Callable

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

DEEPEST = 10
LONGEST = 1_000_000  # characters of the whole text
LONGEST_VALUE = 2000
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


class Fields:
    """The values of one text. `faults` are sentences in the order of their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._faults: list[tuple[int, str]] = []

    @property
    def faults(self) -> list[str]:
        return [f"{self.file}:{line}: {says}" for line, says in sorted(self._faults)]

    def document(self, text: str) -> Node | None:
        """Aliases can stand for millions of rows, depth and tags serve nobody here: they are refused."""
        if len(text) > LONGEST:
            self.refuse(1, f"longer than {LONGEST:,} characters")
            return None
        try:
            return yaml.compose(text, Loader=Loader) if self._is_plain(text) else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.refuse(mark.line + 1 if mark else 1, f"not YAML: {error.problem}")
        except (yaml.YAMLError, UnicodeError, RecursionError):
            self.refuse(1, "not YAML in UTF-8")
        return None

    def _is_plain(self, text: str) -> bool:
        depth = 0
        for event in yaml.parse(text, Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if why := _why_not(event, depth):
                self.refuse(event.start_mark.line + 1 if event.start_mark else 1, why)
                return False
        return True

    def mapping(self, node: Node | None, where: str, known: tuple[str, ...] = ()) -> dict[str, Node]:
        """Of names to nodes; with `known`, only these names."""
        if not isinstance(node, MappingNode):
            if node is not None:
                self.fault(node, where, node.value, f"a mapping of {', '.join(known) or 'names'}")
            return {}
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else ""
            if not name:
                self.fault(key, where, key.value, "names on the left")
            elif known and name not in known:
                self.fault(key, f"{where}.{name}", name, ", ".join(known))
            elif name in found:
                self.fault(key, f"{where}.{name}", name, "each name once")
            else:
                found[name] = value
        return found

    def value[T](
        self, node: Node | None, where: str, parse: Callable[[str], T], show: Callable[[str], str] = repr
    ) -> T | None:
        """What `parse` makes of a text; None where there is none, or with a fault. `parse` raises ValueError
        with what is allowed; `show` is how the value stands in the fault."""
        if node is None:
            return None
        text = node.value if isinstance(node, ScalarNode) else ""
        if not text or len(text) > LONGEST_VALUE:
            self.fault(node, where, node.value, "a text")
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.refuse(line_of(node), f"{where}: {show(text)[:80]}; allowed: {error}")
            return None

    def values[T](self, node: Node | None, where: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Of a list of texts, or of one text alone."""
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        if not nodes and node is not None:
            self.fault(node, where, node.value, "one or several texts")
        read = [self.value(each, where, parse) for each in nodes]
        return tuple(each for each in read if each is not None)

    def missing(self, node: Node, where: str, allowed: str = "a value") -> None:
        self.refuse(line_of(node), f"{where}: is missing; allowed: {allowed}")

    def fault(self, node: Node, where: str, value: object, allowed: str) -> None:
        shown = repr(value)[:80] if isinstance(value, str) else "is no text"
        self.refuse(line_of(node), f"{where}: {shown}; allowed: {allowed}")

    def refuse(self, line: int, says: str) -> None:
        self._faults.append((line, says))


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _why_not(event: yaml.Event, depth: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "aliases (*name) are not read here"
    if getattr(event, "tag", None):
        return "tags (!!name) are not read here"
    return f"rows within rows, more than {DEEPEST} deep" if depth > DEEPEST else ""
