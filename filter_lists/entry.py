"""What one line of a list says, whatever its format: what readers give and the compiler takes."""

from typing import Literal, NamedTuple

import re2

from filter_lists.names import NameFault

Scope = Literal["host", "page", "url"]


class Entry(NamedTuple):
    """A host and all below it, or a part of it. Everything is in canonical form (`names.py`).

    `query`: parameters (`v=1&lang=en`) that a request must all have, in any order, at exactly this path.
    `important`: no exception takes it back. `category` is the list's own word, where a list has several.
    """

    host: str
    path: str = "/"
    query: str = ""
    below: bool = True  # False: this host alone
    exception: bool = False
    important: bool = False
    category: str = ""


class Expression(NamedTuple):
    """A pattern in RE2's syntax, found anywhere in its scope, whatever the case.

    `host`: the host name. `page`: host, path and query, without scheme. `url`: all of it.
    """

    pattern: str
    scope: Scope
    category: str = ""


def expression_options() -> re2.Options:
    """Linear time and little memory, whatever a list holds."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 2 << 20
    return options


def check_expression(pattern: str) -> None:
    """Raises NameFault for a pattern that RE2 does not take, or that is found in everything."""
    try:
        found = re2.compile(pattern, expression_options())
    except re2.error:
        raise NameFault(pattern, "not an expression of RE2") from None
    if found.search("") is not None:
        raise NameFault(pattern, "an expression that is found in everything")
