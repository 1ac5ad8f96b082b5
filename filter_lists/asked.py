"""One request, as far as entries for parts of a host are compared with it; each reading is made once."""

import re
from collections import Counter
from functools import cached_property
from urllib.parse import unquote

from filter_lists.keys import parameters_of
from filter_lists.names import Url, path_spellings, read_paths, without_parameters

MOST_PARAMETERS = (
    1000  # no page has more; only asked where some list has entries with parameters at this path
)
MOST_STEPS = 10_000
ODD_IN_NAMES = re.compile(r"[ .+]")  # PHP reads each of them as an underscore


class TooMuchToCompareError(Exception):
    """A request that was made to keep us busy. Nobody answers for it, so it is not let by."""


class Asked:
    def __init__(self, url: Url) -> None:
        self.url = url
        self.steps = 0

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        return path_spellings(self.url.path)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Raises TooMuchToCompareError."""
        if self.url.query.count("&") > MOST_PARAMETERS:
            raise TooMuchToCompareError
        return parameters_of(self.url.query)

    def step(self) -> None:
        """Raises TooMuchToCompareError after too many."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMuchToCompareError

    def is_clearly(self, path: str, parameters: str, *, at: bool) -> bool:
        """Whether no server can read this as another request than an exception means; `path` is decoded.

        It may where there is `v=good&v=bad`, where `/help/..;/odds` is `/odds` to it, or where `%2f` is no
        slash. `at`: at the path itself, and not below it.
        """
        self.step()
        readings = zip(self._readings, (path, without_parameters(path), path), strict=True)
        if not all(_is_under(reading, meant, at=at) for reading, meant in readings):
            return False
        own = Counter(_name(each) for each in parameters.split("&") if each)
        return all(self._names[name] == count for name, count in own.items())

    @cached_property
    def _readings(self) -> tuple[str, str, str]:
        return (*read_paths(self.url.path), _as_sent(self.url.path))

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(_name(each) for each in self.parameters)


def _is_under(reading: str, meant: str, *, at: bool) -> bool:
    return (
        reading == meant if at else reading.startswith(meant) and reading[len(meant) : len(meant) + 1] in "/"
    )


def _as_sent(path: str) -> str:
    """For servers that take a path apart before they decode it: an encoded slash is part of a name."""
    parts = (unquote(part).lower().replace("/", "\0") for part in path.split("/"))
    return "".join("/" + part for part in parts if part)


def _name(parameter: str) -> str:
    """As the least careful of servers reads it: `v[]`, ` v` and `v%00x` are `v`."""
    name = unquote(parameter.partition("=")[0]).partition("\0")[0].partition("[")[0]
    return ODD_IN_NAMES.sub("_", name.strip(" +")).lower()
