"""The filtering log in parts: a day on PostgreSQL, a month on SQLite; seals by part; totals for reports.

Rows of before keep their seals, which are of the first format, and are marked "earlier": their time is over
for all of them at once (audit_log/first_seals.py).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from audit_log.parts import ensure, renew_view
from audit_log.rows import host_key, site_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OLD = "filtering_log_of_before"
TAKEN = (
    "event_id, reference, at, kind, gate, person_id, role, filter_groups, classes, client_address, method,"
    " url, host, category, list_id, entry, verdict, reason, rule, unblock_id, policy_revision"
)
ENDED = "decrypted, status, bytes_up, bytes_down, duration_ms, outcome, opened_in, closed_in"
INDEXES = ("at", "person_at", "host_at", "reference", "open")
# As the recorder counts: a CONNECT that was decrypted, or whose end nobody saw, is no request.
COUNTED = "(kind <> 'connect' OR (NOT decrypted AND outcome IS NOT NULL AND outcome <> 'interrupted'))"
SHOWN = "(page OR verdict = 'block' OR kind <> 'request') AND NOT (kind = 'connect' AND decrypted)"


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    _other_tables()
    for name in INDEXES:
        op.drop_index(f"filtering_log_{name}", "filtering_log")
    op.rename_table("filtering_log", OLD)
    if sqlite:
        renew_view(bind)
    else:
        op.execute(f"ALTER TABLE {OLD} RENAME CONSTRAINT filtering_log_pkey TO {OLD}_pkey")
        _partitioned_log()
    _take_over(bind, sqlite=sqlite)
    op.drop_table(OLD)


def _other_tables() -> None:
    names, when = sa.Text(), sa.DateTime(timezone=True)
    op.create_table(
        "who_set",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("filter_groups", names, nullable=False),
        sa.Column("classes", names, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("who_set_once", "who_set", ["role", "filter_groups", "classes"], unique=True)
    counts = ("requests", "pages")
    op.create_table(
        "rollup_hour",
        sa.Column("hour", when, nullable=False),
        sa.Column("filter_groups", names, nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("list_id", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("hour", "filter_groups", "category", "verdict", "list_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_day",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("site", sa.String(length=253), nullable=False),
        sa.Column("filter_groups", names, nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("day", "site", "filter_groups", "verdict"),
        sqlite_with_rowid=False,
    )
    blocked = sa.text("verdict = 'block'")
    op.create_index(
        "rollup_day_blocked",
        "rollup_day",
        ["day", "site", "requests"],
        sqlite_where=blocked,
        postgresql_where=blocked,
    )
    op.add_column("filtering_seal", sa.Column("part", sa.String(length=80), nullable=True))
    op.create_index("filtering_seal_part", "filtering_seal", ["part", "seq"])
    op.create_table(
        "filtering_leaf",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened", sa.LargeBinary(), nullable=False),
        sa.Column("closed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "journal_release",
        sa.Column("segment", sa.String(length=128), nullable=False),
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resume", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(length=32), nullable=False),
        sa.Column("released_at", when, nullable=False),
        sa.PrimaryKeyConstraint("segment", "offset"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("from_at", when, nullable=False),
        sa.Column("to_at", when, nullable=False),
        sa.Column("placed_by", sa.String(length=32), nullable=False),
        sa.Column("placed_at", when, nullable=False),
        sa.Column("released_at", when, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("right_person_id", sa.String(length=32), nullable=True),
        sa.Column("from_at", when, nullable=False),
        sa.Column("to_at", when, nullable=False),
        sa.Column("client_address", sa.String(length=64), nullable=True),
        sa.Column("agreed_at", when, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _partitioned_log() -> None:
    """As the tables stand in this version; what comes later changes them by its own step."""
    op.execute("""CREATE TABLE filtering_log (
        event_id VARCHAR(32) NOT NULL, reference VARCHAR(12) NOT NULL, at TIMESTAMP WITH TIME ZONE NOT NULL,
        kind VARCHAR(12) NOT NULL, gate VARCHAR(32) NOT NULL, person_id VARCHAR(32), role VARCHAR(16),
        filter_groups TEXT NOT NULL, classes TEXT NOT NULL, client_address VARCHAR(64), method VARCHAR(16),
        url TEXT, host VARCHAR(253), category VARCHAR(64), list_id VARCHAR(64), entry TEXT,
        verdict VARCHAR(8) NOT NULL, reason VARCHAR(32) NOT NULL, rule VARCHAR(200), unblock_id VARCHAR(32),
        policy_revision VARCHAR(64) NOT NULL, search_terms TEXT, page BOOLEAN NOT NULL,
        keep VARCHAR(64) NOT NULL, host_key VARCHAR(256) COLLATE "C", who INTEGER NOT NULL,
        decrypted BOOLEAN NOT NULL, status INTEGER, bytes_up BIGINT, bytes_down BIGINT,
        duration_ms INTEGER, outcome VARCHAR(16), opened_in INTEGER, closed_in INTEGER,
        PRIMARY KEY (event_id, at)) PARTITION BY RANGE (at)""")
    for name, columns, where in (
        ("at", "at, event_id", ""),
        ("person", "person_id, at", ""),
        ("host", "host_key, verdict, at, who, category", ""),
        ("who", "who, at, category, verdict", ""),
        ("category", "category, verdict, at, who", "category IS NOT NULL"),
        ("shown", "at, event_id", SHOWN),
        ("shown_person", "person_id, at, verdict, category", SHOWN),
        ("shown_host", "host_key, verdict, at, who, category", SHOWN),
        ("shown_who", "who, at, category, verdict", SHOWN),
        ("shown_category", "category, verdict, at, who", SHOWN),
        ("reason", "reason, at", "reason NOT IN ('category-allowed', 'site-allowed', 'unlisted-allowed')"),
        ("kind", "kind, at", "kind NOT IN ('request', 'connect')"),
        ("unblock", "unblock_id, at", "unblock_id IS NOT NULL"),
        ("terms", "at, search_terms, verdict, who, category", "search_terms IS NOT NULL"),
        ("reference", "reference", "verdict = 'block'"),
        ("open", "gate", "outcome IS NULL"),
    ):
        op.execute(
            f"CREATE INDEX filtering_log_{name} ON filtering_log ({columns})" + (where and f" WHERE {where}")
        )


def _take_over(bind: sa.Connection, *, sqlite: bool) -> None:
    """The rows of before, with what now belongs to a row, and the totals over them."""
    text = "" if sqlite else "::text"
    no, yes = ("0", "1") if sqlite else ("false", "true")
    day = "substr(at, 1, 10)" if sqlite else "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    hour = "substr(at, 1, 13) || ':00:00.000000'" if sqlite else "date_trunc('hour', at, 'UTC')"
    _run(bind, "CREATE TEMPORARY TABLE named (host VARCHAR(253) PRIMARY KEY, host_key TEXT, site TEXT)")
    hosts = bind.execute(sa.text(f"SELECT DISTINCT host FROM {OLD} WHERE host IS NOT NULL")).scalars().all()
    if hosts:
        rows = [{"host": host, "key": host_key(host), "site": site_of(host)} for host in hosts]
        bind.execute(sa.text("INSERT INTO named VALUES (:host, :key, :site)"), rows)
    _run(
        bind,
        f"""INSERT INTO who_set SELECT row_number() OVER (ORDER BY r, g, c), r, g, c FROM (SELECT DISTINCT
            coalesce(role, '') AS r, filter_groups{text} AS g, classes{text} AS c FROM {OLD}) AS w""",
    )
    days = bind.execute(sa.text(f"SELECT DISTINCT {day} FROM {OLD}")).scalars().all()
    ensure(bind, [date.fromisoformat(each) for each in days])
    derived = "n.host_key, w.id"
    joins = f""" FROM {OLD} AS o LEFT JOIN named AS n ON n.host = o.host JOIN who_set AS w ON
        w.role = coalesce(o.role, '') AND w.filter_groups = o.filter_groups{text}
        AND w.classes = o.classes{text}"""
    taken = ", ".join(f"o.{name.strip()}" for name in TAKEN.split(","))
    taken = taken.replace("o.filter_groups", f"o.filter_groups{text}").replace(
        "o.classes", f"o.classes{text}"
    )
    ended = ", ".join(f"o.{name.strip()}" for name in ENDED.split(","))
    columns = f"{TAKEN}, search_terms, page, keep, host_key, who, {ENDED}"
    for table, where in _targets(days, sqlite=sqlite):
        _run(
            bind,
            f"INSERT INTO {table} ({columns})"
            f" SELECT {taken}, NULL, {yes}, 'earlier', {derived}, {ended}{joins}{where}",
        )
    counted = COUNTED.replace("NOT decrypted", f"decrypted = {no}")
    _run(
        bind,
        f"""INSERT INTO rollup_hour SELECT {hour}, filter_groups, coalesce(category, ''), verdict,
            coalesce(list_id, ''), count(*), count(*) FROM filtering_log WHERE {counted}
            GROUP BY 1, 2, 3, 4, 5""",
    )
    _run(
        bind,
        f"""INSERT INTO rollup_day SELECT {day}, coalesce(n.site, ''), filter_groups, verdict, count(*),
            count(*) FROM filtering_log AS l LEFT JOIN named AS n ON n.host = l.host WHERE {counted}
            GROUP BY 1, 2, 3, 4""",
    )
    _run(bind, "DROP TABLE named")


def _targets(days: Sequence[Any], *, sqlite: bool) -> list[tuple[str, str]]:
    """Where to insert, and which of the rows."""
    if not sqlite:
        return [("filtering_log", "")]
    months = sorted({day[:7] for day in days})
    return [
        (f"filtering_log_{month.replace('-', '_')}", f" WHERE substr(o.at, 1, 7) = '{month}'")
        for month in months
    ]


def _run(bind: sa.Connection, statement: str) -> None:
    bind.exec_driver_sql(statement)
