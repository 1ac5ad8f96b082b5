"""Twenty million rows into a database in minutes: past the recorder, without indexes, and then the indexes.

Five days are stored once, and each day of the term is made from one of them by the database itself.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from sqlalchemy import Connection, Engine, insert, text

from audit_log.db import migrate
from audit_log.parts import ensure, table_for
from audit_log.seal import GENESIS, leaf_of
from audit_log.tables import filtering_log, filtering_seal, who_set
from bench.log_rows import COLUMNS, Row, School, Who

LAST = date(2026, 11, 20)  # a Friday
DAYS = 65
OLD = 1000  # what is added to the numbers of `who_set` in the school year before
OLD_DAYS = 20
RARE_DAY = 30  # the one day on which what is rare was asked for
TEMPLATE = """CREATE TABLE template (weekday INTEGER, n INTEGER, tail TEXT, reference TEXT, tod TEXT,
 kind TEXT, gate TEXT, person_id TEXT, who INTEGER, client_address TEXT, method TEXT, url TEXT, host TEXT,
 category TEXT, list_id TEXT, entry TEXT, verdict TEXT, reason TEXT, rule TEXT, unblock_id TEXT,
 search_terms TEXT, page BOOLEAN, keep TEXT, host_key TEXT, site TEXT, decrypted BOOLEAN, status INTEGER,
 bytes_up INTEGER, bytes_down INTEGER, duration_ms INTEGER, outcome TEXT)"""
HOURS = """CREATE TABLE hours AS SELECT weekday, substr(tod, 1, 2) AS hour, who, coalesce(category, '')
 AS category, verdict, coalesce(list_id, '') AS list_id, count(*) AS requests,
 sum(CASE WHEN page THEN 1 ELSE 0 END) AS pages FROM template WHERE NOT decrypted GROUP BY 1, 2, 3, 4, 5, 6"""
SITES = """CREATE TABLE sites AS SELECT weekday, site, who, verdict, count(*) AS requests,
 sum(CASE WHEN page THEN 1 ELSE 0 END) AS pages FROM template WHERE NOT decrypted GROUP BY 1, 2, 3, 4"""
ROLLUP_HOUR = """INSERT INTO rollup_hour SELECT {hour}, w.filter_groups, category, verdict, list_id,
 sum(requests), sum(pages) FROM hours JOIN who_set AS w ON w.id = who WHERE weekday = :weekday
 GROUP BY hour, w.filter_groups, category, verdict, list_id"""
ROLLUP_DAY = """INSERT INTO rollup_day SELECT :day, site, w.filter_groups, verdict, sum(requests), sum(pages)
 FROM sites JOIN who_set AS w ON w.id = who WHERE weekday = :weekday
 GROUP BY site, w.filter_groups, verdict"""
LOG_INDEXES = """SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''
 AND tbl_name GLOB 'filtering_log_[0-9]*'"""
STORED = tuple(column.name for column in filtering_log.c)
MADE = {
    "event_id": ":code || tail",
    "role": "nullif(w.role, '')",
    "filter_groups": "w.filter_groups",
    "classes": "w.classes",
    "policy_revision": f"'{'r' * 64}'",
    "who": "w.id",
    "opened_in": ":seal",
    "closed_in": ":seal",
}


def school_days() -> list[date]:
    """From the first to the last, without weekends."""
    every = (LAST - timedelta(days=n) for n in range(DAYS * 2))
    return sorted(islice((day for day in every if day.weekday() < 5), DAYS))


def fill(engine: Engine, rows: int, school: School) -> None:
    """An empty database becomes a term of about this many rows."""
    sqlite = engine.dialect.name == "sqlite"
    migrate(engine)
    days = school_days()
    with engine.connect() as conn:
        if sqlite:
            _hurry(conn)
        _template(conn, school, rows // DAYS)
        indexes = _tables(conn, days) if sqlite else []
        for number, day in enumerate(days):
            _one_day(conn, day, number)
        for made in indexes:
            _say(conn, made)
        for name in ("template", "hours", "sites"):
            _say(conn, f"DROP TABLE {name}")
        with conn.begin():
            _seals(conn)
        _settle(conn)


def _template(conn: Connection, school: School, rows: int) -> None:
    with conn.begin():
        conn.execute(text(TEMPLATE))
        for weekday in range(5):
            _store(conn, weekday, school.day(rows, f"A{weekday}"))
        _store(conn, 5, _rare(school))
        every = [shifted for who in school.whos for shifted in (who, who.before(OLD))]
        conn.execute(insert(who_set), [_as_stored(who) for who in every])
        conn.execute(text(HOURS))
        conn.execute(text(SITES))


def _as_stored(who: Who) -> dict[str, object]:
    return {"id": who.id, "role": who.role, "filter_groups": who.filter_groups, "classes": who.classes}


def _rare(school: School) -> Iterator[Row]:
    """Forty rows that a search for something rare has to find."""
    seldom = {
        "person_id": "p_rare", "host": "www.rare.example", "host_key": "example.rare.www.",
        "site": "rare.example", "search_terms": "zebra crossing quiz", "reason": "egress", "verdict": "block",
        "category": "occult",
    }  # fmt: skip
    for row in school.day(40, "AR"):
        yield tuple(seldom.get(name, value) for name, value in zip(COLUMNS, row, strict=True))


def _store(conn: Connection, weekday: int, rows: Iterable[Row]) -> None:
    names = ("weekday", "n", *COLUMNS)
    numbered = ((weekday, n, *row) for n, row in enumerate(rows))
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        while some := list(islice(numbered, 10_000)):
            conn.exec_driver_sql(f"INSERT INTO template VALUES ({marks})", some)  # noqa: S608  # question marks
        return
    driver = conn.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY template ({', '.join(names)}) FROM STDIN") as copy:
        for row in numbered:
            copy.write_row(row)


def _tables(conn: Connection, days: list[date]) -> list[str]:
    """SQLite: the tables, without their indexes; returns what makes these."""
    with conn.begin():
        ensure(conn, days)
        found = conn.execute(text(LOG_INDEXES)).all()
        for name, _ in found:
            conn.execute(text(f"DROP INDEX {name}"))
    return [made for _, made in found]


def _one_day(conn: Connection, day: date, number: int) -> None:
    sqlite = conn.dialect.name == "sqlite"
    name = table_for(conn, day)
    at = f"'{day} ' || tod" if sqlite else f"('{day} ' || tod || '+00')::timestamptz"
    hour = (
        f"'{day} ' || hour || ':00:00.000000'" if sqlite else f"('{day} ' || hour || ':00+00')::timestamptz"
    )
    said = {"code": f"01{chr(65 + number // 10)}{number % 10}"[1:], "seal": number + 1, "day": str(day)}
    made = MADE | {"at": at}
    values = ", ".join(made.get(column, column if column in COLUMNS else "NULL") for column in STORED)
    shift = OLD if number < OLD_DAYS else 0
    with conn.begin():
        if not sqlite:
            conn.execute(text(f"CREATE TABLE {name} (LIKE filtering_log INCLUDING DEFAULTS)"))
        for weekday in (day.weekday(), 5) if number == RARE_DAY else (day.weekday(),):
            fields = said | {"weekday": weekday}
            whose = f"JOIN who_set AS w ON w.id = t.who + {shift}"
            joined = f"FROM template AS t {whose} WHERE weekday = :weekday ORDER BY tod"
            taken = values.replace("w.id", f"t.who + {shift}")
            query = f"INSERT INTO {name} ({', '.join(STORED)}) SELECT {taken} {joined}"  # names of ours
            _run(conn, query, fields)
            if weekday < 5:
                _run(conn, ROLLUP_HOUR.format(hour=hour), fields)
                _run(conn, ROLLUP_DAY, fields)
    if not sqlite:
        bounds = f"FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
        _say(conn, f"ALTER TABLE filtering_log ATTACH PARTITION {name} FOR VALUES {bounds}")


def _run(conn: Connection, query: str, fields: dict[str, object]) -> None:
    """With the fields written into it: PostgreSQL would not know their types."""
    for name, value in fields.items():
        query = query.replace(f":{name}", f"'{value}'" if isinstance(value, str) else str(value))
    conn.exec_driver_sql(query)


def _seals(conn: Connection) -> None:
    """One a day is enough for whoever asks what came since."""
    prev = GENESIS
    for seq in range(1, DAYS + 1):
        leaf = leaf_of(prev, "{}")
        seal = {"seq": seq, "entry": "{}", "prev": prev, "leaf": leaf}
        conn.execute(insert(filtering_seal), seal)
        prev = leaf


def _hurry(conn: Connection) -> None:
    """What a crash would leave is made again."""
    driver = conn.connection.driver_connection
    assert driver is not None
    for pragma in ("synchronous=OFF", "cache_size=-400000", "threads=2", "journal_size_limit=0"):
        driver.execute(f"PRAGMA {pragma}").fetchall()


def _settle(conn: Connection) -> None:
    """As a database is that has been at work for a while."""
    if conn.dialect.name != "sqlite":
        conn.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _say(conn: Connection, statement: str) -> None:
    with conn.begin():
        conn.execute(text(statement))
