"""Which lines of the change log are about somebody: they hold the id, and a name nowhere."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from audit_log.change_log import Entry, entries
from audit_log.tables import change_log


def lines_about(conn: Connection, person_id: str, up_to: int | None = None) -> Iterator[Entry]:
    """Every line that this person made or that holds their id, the oldest first, as far as `up_to`."""
    holds_it = change_log.c.entry.contains(f'"{person_id}"', autoescape=True)
    asked = select(change_log.c.seq).where(holds_it).order_by(change_log.c.seq)
    if up_to is not None:
        asked = asked.where(change_log.c.seq <= up_to)
    for seq in conn.execute(asked).scalars().all():
        yield from entries(conn, after=seq - 1, limit=1)


def is_about_alone(entry: Entry, person_id: str) -> bool:
    """What was done is about this person, and about nobody else that it names."""
    if entry.object_id == person_id:
        return entry.actor != person_id
    return entry.detail.get("person") == person_id and not entry.detail.get("right_person")
