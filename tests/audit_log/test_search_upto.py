"""What was stored by some seal is the same however often it is asked, on both databases."""

from datetime import timedelta

from sqlalchemy import Engine

from audit_log.db import reading
from audit_log.filtering_log import Filter, LogRow, count, last_seal, newer, search
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.builders import NOON


def test_what_comes_late_is_not_among_what_was_stored_by_then(engine: Engine) -> None:
    store(engine, [a_row(None, NOON - timedelta(seconds=i), opened_in=1) for i in range(25)])
    seal_up_to(engine, 1)
    with reading(engine) as conn:
        by_then = Filter(upto_seal=last_seal(conn), pages_only=True)
    store(engine, [a_row(None, NOON - timedelta(seconds=5), opened_in=2)])
    seal_up_to(engine, 2)

    with reading(engine) as conn:
        assert (count(conn, by_then), count(conn, Filter())) == (25, 26)
        found: list[LogRow] = []
        cursor = None
        while True:
            page = search(conn, by_then, 10, cursor)
            found += page.rows
            if (cursor := page.next) is None:
                break
        assert len({row.event_id for row in found}) == len(found) == 25
        assert len(newer(conn, Filter(), 1).rows) == 1
