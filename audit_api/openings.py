"""What staff have opened for a class for a lesson, as far as it is not over."""

from sqlalchemy import select

from audit_api.answers import OpeningOut
from audit_api.names import Names
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.people import person_by_id
from audit_log.tables import opening


def now_open(visit: Visit) -> list[OpeningOut]:
    """Newest first."""
    asked = select(opening).where(opening.c.ends_at > visit.now).order_by(opening.c.starts_at.desc())
    with reading(visit.desk.engine) as conn:
        rows = conn.execute(asked.limit(200)).mappings().all()
        names = Names.of(conn, (row["opened_by"] for row in rows), pupils=False)
    return [
        OpeningOut(
            id=row["id"],
            classes=list(row["classes"]),
            starts_at=iso(row["starts_at"]),
            ends_at=iso(row["ends_at"]),
            reason=row["reason"],
            opened_by=names.somebody(row["opened_by"]),
        )
        for row in rows
    ]


def own_classes(visit: Visit) -> tuple[str, ...]:
    with reading(visit.desk.engine) as conn:
        found = person_by_id(conn, visit.reader.person_id)
    return tuple(sorted(found.classes)) if found else ()
