"""An AdBlock rule taken apart, and what its options (`$important,third-party`) leave of it."""

import re
from typing import NamedTuple

from filter_lists.readers.lines import RefusedError
from filter_lists.report import Why

REGEX = re.compile(r"/(.+)/(?:\$(.*))?", re.DOTALL)
WHOLE_PAGE = frozenset({"all", "doc", "document"})
TYPES = WHOLE_PAGE | {
    *("beacon", "css", "font", "frame", "image", "inline-font", "inline-script", "media", "object", "other"),
    *("ping", "popunder", "popup", "script", "stylesheet", "subdocument", "webrtc", "websocket", "xhr"),
    "xmlhttprequest",
}


class Rule(NamedTuple):
    """`regex`: the pattern is what stood between slashes."""

    exception: bool
    pattern: str
    options: frozenset[str]
    regex: bool = False


class Force(NamedTuple):
    """What is left of options that can be honoured."""

    important: bool = False
    match_case: bool = False


PLAIN = Force()


def rule_of(text: str) -> Rule:
    exception = text.startswith("@@")
    bare = text[2:] if exception else text
    if found := REGEX.fullmatch(bare):
        return Rule(exception, found[1], _options(found[2]), regex=True)
    pattern, dollar, options = bare.partition("$")
    return Rule(exception, pattern, _options(options if dollar else None))


def force_of(rule: Rule) -> Force:
    """Raises RefusedError unless the rule holds for whole pages, whoever asks for them from where."""
    if not rule.options:
        return PLAIN
    if any(option.startswith("dnsrewrite") for option in rule.options):
        raise RefusedError(Why.REWRITES)
    types = rule.options & TYPES
    rest = rule.options - TYPES - {"important", "match-case"}
    if rest or (types and (rule.exception or not types & WHOLE_PAGE)):
        raise RefusedError(Why.OPTION)
    return Force("important" in rule.options, "match-case" in rule.options)


def _options(text: str | None) -> frozenset[str]:
    """Without those of underscores alone, which say nothing. An empty option is one that nobody knows."""
    if text is None:
        return frozenset()
    return frozenset(option for option in text.split(",") if not option or option.strip("_"))
