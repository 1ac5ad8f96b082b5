"""Which lines of the change log are about somebody: they hold the id, and a name nowhere."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from audit_log.change_log import Entry, entries_at
from audit_log.tables import change_log

AT_ONCE = 200


def numbers_about(conn: Connection, person_id: str, up_to: int | None = None) -> list[int]:
    """Of every line that this person made or that holds their id, as far as line `up_to`."""
    holds_it = change_log.c.entry.contains(f'"{person_id}"', autoescape=True)
    asked = select(change_log.c.seq).where(holds_it).order_by(change_log.c.seq)
    if up_to is not None:
        asked = asked.where(change_log.c.seq <= up_to)
    return list(conn.scalars(asked))


def lines_about(conn: Connection, person_id: str) -> Iterator[Entry]:
    """The oldest first."""
    for some in in_turns(numbers_about(conn, person_id)):
        yield from entries_at(conn, some)


def in_turns(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]


def is_about_alone(entry: Entry, person_id: str) -> bool:
    """Somebody else did something that is about this person, and about nobody else whom it names."""
    detail = entry.detail
    if entry.actor == person_id:
        return False
    people = detail.get("people")
    if isinstance(people, list) and people:
        named = {each.get("person") if isinstance(each, Mapping) else each for each in people}
        return named == {person_id} and not (detail.get("classes") or detail.get("filter_groups"))
    if entry.object_id == person_id or detail.get("about") == person_id:
        return True
    return detail.get("person") == person_id and detail.get("right_person") is None
