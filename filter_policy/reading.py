"""Reading checked values out of YAML: a check that fails adds its fault, and reading goes on to the next."""

from collections.abc import Hashable, Mapping, Sequence

from filter_policy.yaml_lines import Lines, Path


class Reader:
    """Collects faults. A value given after a fault only serves to go on reading; the policy is refused."""

    def __init__(self, file: str, lines: Lines) -> None:
        self.file = file
        self.lines = lines
        self.faults: list[str] = []

    def fault(self, path: Path, why: str) -> None:
        where = ".".join(_word(part) for part in path) or "the file"
        self.faults.append(f"{self.file}:{self.lines.of(path)}: {where}: {why}")

    def mapping(
        self, value: object, path: Path, known: Sequence[str] | None, *, needed: bool = True
    ) -> Mapping[str, object]:
        """A mapping whose keys are all `known` (None: any). Missing is a fault only when `needed`."""
        if value is None and not needed:
            return {}
        if not isinstance(value, dict):
            self.fault(path, f"needs rows of its own, not {value!r}" if value is not None else "is missing")
            return {}
        for key in value:
            if known is not None and key not in known:
                self.fault((*path, key), f"no such word; allowed: {', '.join(known)}")
        return value

    def items(self, value: object, path: Path) -> list[object]:
        """A list; missing is an empty one."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(path, f"needs a list, not {value!r}")
            return []
        return value

    def text(self, value: object, path: Path) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.fault(path, "is missing" if value is None else f"needs words, not {value!r}")
        return ""

    def texts(self, value: object, path: Path) -> list[str]:
        found = self.items(value, path)
        return [self.text(item, (*path, i)) for i, item in enumerate(found)]

    def one_of(self, value: object, path: Path, allowed: Sequence[str]) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        given = "is missing" if value is None else f"{value!r} is not known"
        self.fault(path, f"{given}; allowed: {', '.join(allowed)}")
        return allowed[-1]

    def whole(self, value: object, path: Path, least: int, most: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(path, f"needs a whole number from {least} to {most}, not {value!r}")
        return least

    def flag(self, value: object, path: Path) -> bool:
        if not isinstance(value, bool):
            self.fault(path, f"needs true or false, not {value!r}")
        return value is True


def _word(part: Hashable) -> str:
    return str(part)
