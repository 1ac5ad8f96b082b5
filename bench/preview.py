"""How long it takes to try a policy out on a term of a school's log: ten million rows, on two processors.

python -m bench preview [--rows 10000000] [--folder FOLDER] [--only sqlite]

FOLDER keeps the databases for the next run: eight gigabytes, and some minutes to make.
"""

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit_log import replay
from audit_log.db import reading
from audit_log.replay import Stretch, Wanted
from audit_log.sizes import rows_about
from bench.log import databases
from bench.preview_log import ROWS, Kept
from change_control.desk import Desk
from change_control.preview import Order, Text
from change_control.preview_client import replay_apart
from filter_lists.gathering import Gatherer
from filter_lists.generations import FOLDER, open_generation
from filter_lists.names import parse_site
from filter_lists.writing import write_generation
from filter_policy.parse import parse_policy
from filter_policy.stretches import stretches

GOAL = 60  # seconds
DAYS = 92
LAST = datetime(2026, 11, 22, tzinfo=UTC)
POLICY = """\
school: {name: Bench Primary School, timezone: Europe/London}
timetable:
  terms: [[2026-08-20, 2026-10-23], [2026-11-02, 2026-12-18]]
  periods:
    lessons: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "15:15", except: [break, lunch]}
    break: {days: [mon, tue, wed, thu, fri], from: "10:30", to: "10:45"}
    lunch: {days: [mon, tue, wed, thu, fri], from: "12:00", to: "13:00"}
    after-school: {days: [mon, tue, wed, thu, fri], from: "15:15", to: "18:00"}
filter_groups:
  infants: {role: pupil, unlisted: not_allowed, block_page: picture}
  lower-ks2: {role: pupil, unlisted: allowed, block_page: simple}
  upper-ks2: {role: pupil, unlisted: allowed, block_page: simple}
  library: {role: pupil, unlisted: allowed, block_page: simple}
  staff: {role: staff, unlisted: allowed, block_page: plain}
  office: {role: staff, unlisted: allowed, block_page: plain}
  unidentified: {unlisted: not_allowed, block_page: simple}
sites:
  - {allow: [www.google.com/page-1], for: pupils, reason: a part of a site}
access:
"""
GAMES = "  games: {everyone: allowed}\n"
FEWER_GAMES = "  games: {everyone: not_allowed, pupils: {at_certain_times: [lunch]}}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench preview")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", help="where the databases are kept, or made")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sg-preview-") as temporary:
        folder = Path(told.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        school = Kept()
        lists = _lists(school, folder / "state")
        late = 0
        for name, opened in databases(told.only):
            with opened(folder, told.rows, school) as engine:
                late += _measure(name, engine, folder / "state", _order(school, lists))
    return int(late > 0)


def _lists(school: Kept, state: Path) -> str:
    """A generation in which each host is of the kind that the log says."""
    gathered = Gatherer()
    for host, category in (*school.hosts, *school.bad):
        gathered.add(parse_site(host), category, f"ut1-{category}")
    (state / FOLDER).mkdir(parents=True, exist_ok=True)
    return write_generation(gathered, (), state / FOLDER)


def _order(school: Kept, lists: str) -> Order:
    bad = sorted({category for _, category in school.bad})
    good = sorted({category for _, category in school.hosts} - {"games", *bad})
    table = "".join(f"  {each}: {{everyone: allowed}}\n" for each in good)
    table += "".join(f"  {each}: {{everyone: not_allowed}}\n" for each in bad)
    old, new = (Text(POLICY + table + games, lists) for games in (GAMES, FEWER_GAMES))
    return Order("bench", "policy", old, new, LAST - timedelta(days=DAYS), LAST)


def _measure(name: str, engine: Engine, state: Path, order: Order) -> int:
    desk = Desk(engine, state, Ed25519PrivateKey.generate(), lambda: open_generation(state, order.old.lists))
    with reading(engine) as conn:
        rows = rows_about(conn)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = replay_apart(desk, order, lambda _done, _of: None)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    changed = found.opens.total.requests + found.shuts.total.requests
    late = wall > GOAL
    print(
        f"{name}: {rows:,} rows, {_distinct(engine, order):,} groups that differ: {wall:.1f} s"
        f" ({user:.1f} s of CPU and {system:.1f} s of the system's), {changed:,} requests of"
        f" {len(found.shuts.total.people | found.opens.total.people):,} people turned; up to"
        f" {after.ru_maxrss / 1024:.0f} MB a process (goal {GOAL} s){'  LATE' if late else ''}",
        flush=True,
    )
    return int(late)


def _distinct(engine: Engine, order: Order) -> int:
    """Sites or kept addresses, group sets and classes, parts of the day."""
    table = parse_policy(order.old.policy).timetable
    cut = stretches(table, table, order.starts_at, order.ends_at)
    wanted = Wanted(tuple(Stretch(*each) for each in cut.begins), order.ends_at)
    return len({(who, slot, url) for (who, slot, _, url, *_), _ in replay.groups(engine, wanted)})


if __name__ == "__main__":
    raise SystemExit(main())
