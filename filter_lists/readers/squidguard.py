"""squidGuard's `expressions`: POSIX extended regular expressions, looked for in host, path and query."""

import re
from collections.abc import Iterable, Iterator

from filter_lists.entry import Expression
from filter_lists.readers.lines import RefusedError, expression_of, one_a_line
from filter_lists.report import ReadOptions, ReadReport, Why

TOKEN = re.compile(
    r"(?P<set>\[\^?\]?(?:\[:[a-z]+:\]|\[(?![.=:])|[^\]\[])*\])"
    r"|\\(?P<escaped>.)"
    r"|(?P<upto>\{,(?=\d))"
    r"|(?P<plain>[^\\\[])"
    r"|(?P<odd>.)",
    re.DOTALL,
)
WORDS = {"<": r"\b", ">": r"\b", "b": r"\b", "B": r"\B", "w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S"}
TWO_WAYS = re.compile(
    r"\\[a-zA-Z0-9\]]|[^\[^]-\\"
)  # in a set: POSIX sees a backslash there, people an escape


def read_expressions(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Expression]:
    """One to a line; a line that begins with `#` is a comment."""
    return one_a_line(lines, report, lambda text, _: expression_of(re2_of(text), "page"), _without_comment)


def re2_of(posix: str) -> str:
    """The same expression as RE2 writes it. Raises RefusedError for what it has not, or what is not plain."""
    return TOKEN.sub(_token, posix)


def _without_comment(text: str) -> str:
    return "" if text.startswith("#") else text


def _token(token: re.Match[str]) -> str:
    text = token[0]
    if token["set"]:
        if TWO_WAYS.search(text):
            raise RefusedError(Why.EXPRESSION)
        return text.replace("\\", r"\\")
    if escaped := token["escaped"]:
        if escaped in WORDS:
            return WORDS[escaped]
        if escaped.isalnum():  # a back reference, or an escape of other dialects
            raise RefusedError(Why.EXPRESSION)
        return re.escape(escaped)
    if token["upto"]:
        return "{0,"
    if token["odd"]:
        raise RefusedError(Why.EXPRESSION)
    return text
