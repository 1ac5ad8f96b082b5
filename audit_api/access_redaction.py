"""Taking everybody else out of what one person is given (S105).

What people wrote is searched for the names, user names and ids of all others on the register, and for parts
of names. Better one word too many than one too few: a reader of "another person is ill" can ask.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit_api.names import SYSTEM, Names, a_role
from audit_log.change_log import Entry
from audit_log.people import Registered
from change_control.naming import OWNING, WORD, Words, words_of

ANOTHER = "another person"
ID = re.compile(r"\bp_\w+")
SHORTEST_PART = 2
LONGEST_NAME = 6  # words


@dataclass(frozen=True, slots=True)
class Redactor:
    person: Registered
    names: frozenset[Words]  # whole names and user names of others, in lower case
    parts: frozenset[str]  # first names and surnames, as they are written

    @classmethod
    def of(cls, person: Registered, everybody: Iterable[Registered]) -> "Redactor":
        own = {words_of(person.name), words_of(person.username)}
        mine = {word.casefold() for word in _words(person.name)} | {person.username}
        names, parts = set[Words](), set[str]()
        for each in everybody:
            if each.id == person.id:
                continue
            names |= {words_of(each.name), words_of(each.username)}
            parts |= {word for word in _words(each.name) if len(word) >= SHORTEST_PART}
        parts = {word for word in parts if word.casefold() not in mine and word[:1].isupper()}
        return cls(person, frozenset(names - own - {()}), frozenset(parts))

    def text(self, said: str) -> str:
        """As it may be shown to this person."""
        kept, end = [], 0
        for start, stop in _joined(self._found(said), said):
            kept += [said[end:start], ANOTHER]
            end = stop
        return self.ids("".join([*kept, said[end:]]))

    def ids(self, said: str) -> str:
        return ID.sub(lambda found: found[0] if found[0] == self.person.id else ANOTHER, said)

    def _found(self, said: str) -> Iterator[tuple[int, int]]:
        """Where others are named, from left to right."""
        words = list(WORD.finditer(said))
        lower = [OWNING.sub("", word[0]).casefold() for word in words]
        at = 0
        while at < len(words):
            long = self._name_at(lower, at)
            bare = OWNING.sub("", words[at][0])
            if long or bare in self.parts:
                last = at + max(long, 1) - 1
                yield words[at].start(), words[last].start() + len(OWNING.sub("", words[last][0]))
                at = last
            at += 1

    def _name_at(self, lower: list[str], at: int) -> int:
        """How many words from here on are one name; 0: none."""
        for length in range(min(LONGEST_NAME, len(lower) - at), 0, -1):
            if tuple(lower[at : at + length]) in self.names:
                return length
        return 0


def _words(name: str) -> Iterator[str]:
    return (found[0] for found in WORD.finditer(name))


def _joined(places: Iterable[tuple[int, int]], said: str) -> Iterator[tuple[int, int]]:
    """First name and surname side by side are one person."""
    before: tuple[int, int] | None = None
    for start, stop in places:
        if before and not said[before[1] : start].strip():
            before = before[0], stop
            continue
        if before:
            yield before
        before = start, stop
    if before:
        yield before


class OnlyOne(Names):
    """The one person by name; whoever made this line by their role, and everybody else not at all."""

    def __init__(self, person: Registered, entry: Entry) -> None:
        super().__init__({person.id: person}, pupils=True)
        self._person, self._entry = person, entry

    def name(self, person_id: str) -> str:
        if person_id == self._person.id:
            return self._person.name
        if person_id == SYSTEM:
            return "the system"
        return a_role(self._entry.role) if person_id == self._entry.actor else ANOTHER
