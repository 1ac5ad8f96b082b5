"""AdBlock network rules, as browsers' blockers and AdGuard's DNS filters read them.

What a rule says of whole sites and pages is an entry; what it says of parts of pages, or of requests from
certain places, is counted. A block may be read as the whole of what it begins with; an exception never
becomes wider than it stands there. Paths hold at segment boundaries: `||bet.example/odds` is no `/oddsmaker`.
"""

import re
from collections.abc import Iterable, Iterator

from filter_lists.entry import Entry, Expression, Scope
from filter_lists.names import is_ip
from filter_lists.readers.adblock_options import Rule, force_of, rule_of
from filter_lists.readers.adblock_patterns import check_path, shape_of
from filter_lists.readers.hosts import address_of, read_hosts
from filter_lists.readers.lines import (
    RefusedError,
    entry_of_text,
    expression_of,
    host_of,
    is_surely_canonical,
    numbered,
    without_hash,
)
from filter_lists.readers.twice import kept
from filter_lists.report import Note, ReadOptions, ReadReport, Why

COSMETIC = re.compile(r"#@?[$%?]{0,2}#|\$@?\$|\A\[\$")
HEADER = re.compile(r"\[(adblock|adguard|ublock|abp|uab|brave)[^\]]*\]", re.IGNORECASE)
DIRECTIVE = re.compile(r"!#(if|else|endif|include|safari_cb_affinity)\b|!\+.*PLATFORM\(")
LETTER = re.compile(r"[^\W\d_]")
BADFILTER = "badfilter"
NOTHING_TAKEN_BACK: frozenset[Rule] = frozenset()

type Said = tuple[tuple[Entry | Expression, ...], Why | None]  # and why not all of the line is understood


def read_adblock(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Entry | Expression]:
    """Rules for browsers: an expression is looked for in the whole URL."""
    return _read(lines, report, options, "url")


def read_adblock_dns(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Entry | Expression]:
    """Rules for DNS filters: an expression is looked for in the host, and `|` is an end of the host."""
    return _read(lines, report, options, "host")


def _read(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions, scope: Scope
) -> Iterator[Entry | Expression]:
    with kept(lines, BADFILTER.encode()) as (again, marked):
        taken_back = frozenset(_taken_back(again())) if marked else NOTHING_TAKEN_BACK
        reading = _Reading(options, scope, report, taken_back)
        for number, text in numbered(again(), report, _without_comments):
            try:
                said, why = reading.line(text)
            except RefusedError as refused:
                report.skip(refused.why, number)
                continue
            if why is None:
                report.understood += 1
            else:
                report.skip(why, number)
            yield from said


def _taken_back(lines: Iterable[bytes]) -> Iterator[Rule]:
    """The rules that others of the list, with `$badfilter`, take back whatever the platform."""
    conditions = _Conditions()
    for _, text in numbered(lines, ReadReport(), _without_comments):
        if conditions.directive(text) is None and not conditions.bind():
            rule = rule_of(text)
            if BADFILTER in rule.options:
                yield rule._replace(options=rule.options - {BADFILTER})


def _without_comments(text: str) -> str:
    """Directives stay: they bear on rules."""
    if text[:1] == "!":
        return text if DIRECTIVE.match(text) else ""
    if "#" not in text:
        return "" if text[:1] == "[" and HEADER.fullmatch(text) else text
    if text[0] == "#":
        return text if COSMETIC.match(text) else ""
    return text if COSMETIC.search(text) else without_hash(text)


class _Conditions:
    """`!#if … !#endif`, and hints that a rule is for some programs alone. None of them is a proxy."""

    def __init__(self) -> None:
        self._depth = 0
        self._hinted = False

    def directive(self, text: str) -> Why | None:
        """How a directive is counted; None: it is none."""
        if text[0] != "!":
            return None
        if text.startswith("!+"):
            self._hinted = True
        elif text.startswith("!#if"):
            self._depth += 1
        elif text.startswith("!#endif"):
            self._depth = max(0, self._depth - 1)
        return Why.INCLUDE if text.startswith("!#include") else Why.SETTING

    def bind(self) -> bool:
        """Whether the rule that is read now is for some programs alone."""
        hinted, self._hinted = self._hinted, False
        return hinted or self._depth > 0


class _Reading:
    def __init__(
        self, options: ReadOptions, scope: Scope, report: ReadReport, taken_back: frozenset[Rule]
    ) -> None:
        self._options = options
        self._scope = scope
        self._report = report
        self._taken_back = taken_back
        self._conditions = _Conditions()

    def line(self, text: str) -> Said:
        why = self._conditions.directive(text)
        if why is None and self._conditions.bind():
            why = Why.OPTION
        if why is not None:
            raise RefusedError(why)
        host = text[2:-1]
        if not self._taken_back and text[:2] == "||" and text[-1] == "^" and is_surely_canonical(host):
            return (Entry(host_of(host, self._options)),), None
        words = text.split(None, 1)
        if len(words) == 2 and address_of(words[0]) is not None:
            return self._hosts_row(text)
        if text[0] != "/" and COSMETIC.search(text):
            raise RefusedError(Why.NOT_NETWORK)
        if len(words) == 2:
            raise RefusedError(Why.SEVERAL)
        return (self._rule(rule_of(text)),), None

    def _hosts_row(self, text: str) -> Said:
        report = ReadReport()
        entries = tuple(read_hosts([text.encode()], report, self._options))
        return entries, next(iter(report.skipped), None)

    def _rule(self, rule: Rule) -> Entry | Expression:
        if BADFILTER in rule.options or rule in self._taken_back:
            raise RefusedError(Why.CANCELLED)
        force = force_of(rule)
        notes: list[Note] = []
        said = self._expression(rule) if rule.regex else self._entry(rule, notes)
        if force.match_case and (isinstance(said, Expression) or LETTER.search(said.path + said.query)):
            raise RefusedError(Why.OPTION)
        if force.important and isinstance(said, Entry) and not said.exception:
            said = said._replace(important=True)
        elif force.important:
            notes.append(Note.IMPORTANT)
        for note in notes:
            self._report.note(note, self._report.at)
        return said

    def _expression(self, rule: Rule) -> Expression:
        if rule.exception:
            raise RefusedError(Why.PATTERN)
        return expression_of(rule.pattern, self._scope)

    def _entry(self, rule: Rule, notes: list[Note]) -> Entry:
        shape = shape_of(rule.pattern, rule.exception, self._scope == "host")
        if shape.less:
            notes.append(Note.PAGE)
        entry = entry_of_text(shape.text, self._options, None if rule.exception else notes.append)
        check_path(entry.path, shape.text, rule.exception)
        below = shape.below or is_ip(entry.host)
        return entry._replace(below=below, exception=rule.exception)
