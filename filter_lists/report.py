"""What became of each line of a list. No line is repeated here: the list may be one nobody should read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from filter_lists.entry import Entry, Expression

LONGEST = 4096  # bytes of a line


class Why(StrEnum):
    """Why a line, or a part of it, is no entry."""

    TOO_LONG = f"longer than {LONGEST} bytes"
    NOT_A_SITE = "not a host name, an address or a path of one"
    TOO_WIDE = "a public suffix or a single word: it would cover everybody's sites under it"
    SEVERAL = "more than one word on a line"
    PATTERN = "a pattern: entries are hosts and paths"
    QUERY = "a query or fragment: entries are hosts and paths"
    RANGE = "a range of addresses"
    ODD_ADDRESS = "an address in an unusual spelling, which could mean two things"
    LOCAL = "a name of the machine itself"
    NO_ADDRESS = "no address in front of the name"
    NO_NAME = "an address without a name"
    REWRITES = "points to a real address, so it rewrites the name and does not block it"
    NOT_NETWORK = "a rule about parts of a page, not about requests"
    OPTION = "holds only under conditions that a filter cannot see"
    EXPRESSION = "an expression that cannot be run safely, or is found in nearly everything"
    TOO_MANY_EXPRESSIONS = "more expressions than one list may have looked for in every address"
    SETTING = "a setting of another program, not a site"
    COLUMNS = "not the columns that the first line promises"
    HEADER = "the first line names no column of sites (url, site, host, hostname, domain or fqdn)"
    CATEGORY = "a category that lists.yaml does not name for this list"
    EXCEPTION = "an exception, and lists.yaml takes none from this list"
    CANCELLED = "taken back by the list itself"
    NARROW = "an exception that could only be read wider than it stands there"
    INCLUDE = "draws in another file, which is not part of this one"
    TRIGGER = "about name servers, clients or transport, of which a filter of requests sees nothing"
    OUTSIDE = "a name outside the zone that it stands in"


class Note(StrEnum):
    """How a line is understood otherwise than it stands there."""

    PORT = "a port was dropped: the entry holds for all of them"
    FRAGMENT = "what follows # was dropped: no request carries it"
    PAGE = "read with everything below it and any query, where the list means less"
    IMPORTANT = "read as an ordinary rule: here only blocks of sites and pages can be important"
    ATTRIBUTE = "its attributes were left out of account"


@dataclass(slots=True)
class Skipped:
    count: int
    line: int  # the first such line, counted from 1


@dataclass(slots=True)
class ReadReport:
    """`lines` are those with something on them; each is `understood` or counted once in `skipped`.

    `noted`: lines that are understood, but not just as they stand there. `at` is the line being read.
    """

    lines: int = 0
    understood: int = 0
    skipped: dict[Why, Skipped] = field(default_factory=dict)
    noted: dict[Note, Skipped] = field(default_factory=dict)
    at: int = 0
    _taken_back: int = 0  # the last line that was
    _skipped: int = 0  # as above

    def skip(self, why: Why, line: int) -> None:
        self.skipped.setdefault(why, Skipped(0, line)).count += 1
        self._skipped = line

    def note(self, note: Note, line: int) -> None:
        self.noted.setdefault(note, Skipped(0, line)).count += 1

    def take_back(self, why: Why) -> None:
        """The line being read was understood, and whoever asked for it has no use for what it says.

        A line that says several things is taken back once, and one that is skipped already, not at all.
        """
        if self.at not in (self._taken_back, self._skipped):
            self._taken_back = self.at
            self.understood -= 1
            self.skip(why, self.at)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """`wide`: public suffixes and single words that this list means as they stand (`xxx`).

    `strict`: every entry is an exception, so none may be read wider than it stands there.
    """

    wide: frozenset[str] = frozenset()
    strict: bool = False


type Reader = Callable[[Iterable[bytes], ReadReport, ReadOptions], Iterator[Entry | Expression]]
