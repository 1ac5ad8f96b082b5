"""v2fly's domain lists: `domain:` (or nothing), `full:`, `keyword:`, `regexp:`, each with its attributes.

Attributes (`@ads`, `@cn`) sort what is in a list; they do not make it hold for some requests only. Where the
list is one file, `include:` lines are counted; in a folder they are followed (`v2fly_folder.py`).
"""

from collections.abc import Iterable, Iterator

import re2

from filter_lists.entry import Entry, Expression
from filter_lists.names import is_ip
from filter_lists.readers.lines import Noting, RefusedError, expression_of, host_of, one_a_line
from filter_lists.report import Note, ReadOptions, ReadReport, Why


def read_v2fly(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Entry | Expression]:
    return one_a_line(lines, report, lambda text, note: _said(text, options, note), _without_comment)


def _without_comment(text: str) -> str:
    return text.partition("#")[0].rstrip()


def _said(text: str, options: ReadOptions, note: Noting) -> Entry | Expression:
    rule, *marks = text.split() or [text]
    if rule.lower().startswith("include:"):
        raise RefusedError(Why.INCLUDE)
    if any(mark[0] not in "@&" or len(mark) == 1 for mark in marks):
        raise RefusedError(Why.SEVERAL)
    kind, colon, value = rule.partition(":")
    said = _rule(kind.lower(), value, options) if colon else Entry(host_of(rule, options))
    if any(mark[0] == "@" for mark in marks):
        note(Note.ATTRIBUTE)
    return said


def _rule(kind: str, value: str, options: ReadOptions) -> Entry | Expression:
    if kind in ("domain", "full"):
        host = host_of(value, options)
        return Entry(host, below=kind == "domain" or is_ip(host))
    if kind in ("regexp", "regex"):
        return expression_of(value, "host")
    if kind == "keyword" and value.isascii():
        return expression_of(re2.escape(value.lower()), "host")
    raise RefusedError(Why.NOT_A_SITE)
