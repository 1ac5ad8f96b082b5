"""Taking everybody else out of what one person is given (S105).

What people wrote is searched for the names, user names and ids of all others on the register, and for parts
of names, in any case. Better one word too many than one too few: a reader of "another person is ill" can ask.
Only where a name is a word of every day ("may", "brown") is a part of it left when it is in small letters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from audit_api.names import SYSTEM, Names, a_role
from audit_api.plain_words import PLAIN_WORDS
from audit_log.change_log import Entry
from audit_log.people import Registered
from change_control.naming import Word, Words, forms_of, stands_alone, words_in, words_of

ANOTHER = "another person"
ID = re.compile(r"(?<![^\W_])(p_\w+)", re.IGNORECASE)
SHORTEST_PART = 2
Place = tuple[int, int]  # from where to where in a text


@dataclass(frozen=True, slots=True)
class Redactor:
    person: Registered
    names: frozenset[Words]  # of others, in all the ways to write them
    own: frozenset[Words]
    parts: frozenset[str]  # first names and surnames of others
    longest: int

    @classmethod
    def of(cls, person: Registered, everybody: Iterable[Registered]) -> "Redactor":
        own = forms_of(person.username, person.name) | _of_many(_parts(person.name))
        names, parts = set[Words](), set[Words]()
        for each in everybody:
            if each.id != person.id:
                names |= forms_of(each.username, each.name)
                parts |= _parts(each.name)
        names |= _of_many(parts)
        mine = {word for form in own for word in form}
        single = {part for form in parts for part in form if len(part) >= SHORTEST_PART}
        longest = max((len(form) for form in names | own), default=0)
        return cls(person, frozenset(names - own), own, frozenset(single - mine), longest)

    def text(self, said: str) -> str:
        """As it may be shown to this person."""
        pieces = ID.split(said)  # every other one is an id
        return "".join(self.ids(each) if at % 2 else self._nameless(each) for at, each in enumerate(pieces))

    def ids(self, said: str) -> str:
        return ID.sub(lambda found: found[0] if self._is_own(found[0]) else ANOTHER, said)

    def _is_own(self, person_id: str) -> bool:
        return person_id.rstrip("_").casefold() == self.person.id.casefold()

    def _nameless(self, said: str) -> str:
        kept, end = [], 0
        places = sorted(place for words in words_in(said) for place in self._found(words, said))
        for start, stop in _joined(places, said):
            kept += [said[end:start], ANOTHER]
            end = stop
        return "".join([*kept, said[end:]])

    def _found(self, words: Sequence[Word], said: str) -> Iterator[Place]:
        """Where others are named, from left to right. The longest counts: in one's own name is no other."""
        at = 0
        while at < len(words):
            length = self._name_at(words, at)
            whole = tuple(word.said for word in words[at : at + length])
            last = at + max(length, 1) - 1
            if whole not in self.own and (length or self._is_part(words[at], said)):
                yield words[at].start, words[last].stop
            at = last + 1

    def _name_at(self, words: Sequence[Word], at: int) -> int:
        """How many words from here on are one name; 0: none."""
        for length in range(min(self.longest, len(words) - at), 0, -1):
            form = tuple(word.said for word in words[at : at + length])
            if (form in self.names or form in self.own) and self._is_meant(words, at, form):
                return length
        return 0

    @staticmethod
    def _is_meant(words: Sequence[Word], at: int, form: Words) -> bool:
        """A single letter is a user name only when it stands alone."""
        return len(form) > 1 or len(form[0]) > 1 or stands_alone(words, at)

    def _is_part(self, word: Word, said: str) -> bool:
        part = word.said
        if part not in self.parts and part.endswith("s"):
            part = part[:-1]  # "the Browns", "Bens mother"
        return part in self.parts and not (part in PLAIN_WORDS and said[word.start : word.stop].islower())


def _parts(name: str) -> set[Words]:
    """Word by word, without what is small in a name that has capitals: van, de la."""
    words = [each for each in name.split() if not each[:1].islower() or name.islower()]
    return {part for each in words if (part := words_of(each))}


def _of_many(parts: set[Words]) -> set[Words]:
    """O'Neill, Mary-Jane."""
    return {part for part in parts if len(part) > 1}


def _joined(places: Iterable[Place], said: str) -> Iterator[Place]:
    """First name and surname side by side are one person; and what two readings found is taken out once."""
    before: Place | None = None
    for start, stop in places:
        if before and not said[before[1] : start].strip():
            before = before[0], max(before[1], stop)
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

    def suspended(self, person_id: str) -> str:
        return self.name(person_id)

    def name(self, person_id: str) -> str:
        if person_id == self._person.id:
            return self._person.name
        if person_id == SYSTEM:
            return "the system"
        return a_role(self._entry.role) if person_id == self._entry.actor else ANOTHER
