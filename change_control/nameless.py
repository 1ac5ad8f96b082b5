"""Governors read why something was done, and see no names: so no pupil is named where people say why.

Looked for are whole names and user names, as erasing looks for them (`naming.py`). A first name alone may be
a word of every day, and so may a short user name: those are let by, and erasing still finds the latter.
"""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection, select

from audit_log.tables import person
from change_control.errors import bad_input
from change_control.naming import names_somebody, words_of
from filter_policy.model import Role

SAID = (
    "subject",
    "reason",
    "objective",
    "tried",
    "note",
)  # of what people write; a policy names whom it has to
SHORT = 5  # letters of a user name: fewer may well be a word
NAMES = "names a pupil, and governors read this; write “a pupil of 6B” or the like"


def require_nameless(conn: Connection, texts: Mapping[str, str]) -> None:
    """Raises ChangeError bad-input with each text that names a pupil of the register."""
    said = {field: texts[field] for field in SAID if texts.get(field)}
    if not said:
        return
    words = {field: frozenset(words_of(text)) for field, text in said.items()}
    faults: dict[str, str] = {}
    pupils = select(person.c.username, person.c.name).where(person.c.role == Role.PUPIL)
    for username, name in conn.execute(pupils):
        named, parts = _looked_for(username, name)
        for field, text in said.items():
            if not parts.isdisjoint(words[field]) and names_somebody(text, *named):
                faults[field] = NAMES
    if faults:
        raise bad_input(faults)


@lru_cache(maxsize=8192)
def _looked_for(username: str, name: str) -> tuple[tuple[str, str], frozenset[str]]:
    """What is looked for, and its words: who shares none of them with a text is not named in it."""
    long = username if len(username) >= SHORT else ""
    whole = name if len(name.split()) > 1 else ""
    return (long, whole), frozenset((*words_of(long), *words_of(whole)))
