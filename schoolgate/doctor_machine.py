"""Of the doctor: this machine itself, as whom we run on it, and what lies where it must not."""

import json
import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schoolgate.finding import Finding
from schoolgate.settings import Settings

LEAST_FILES = 4096  # a connection of a pupil is two, and a school has a thousand pupils
AHEAD = timedelta(minutes=2)
UNSAFE_FILES = ("config.yaml", "config.yml", "keys.yaml")


def who_runs(_settings: Settings) -> Iterator[Finding]:
    root = os.geteuid() == 0
    says = "runs as root" if root else f"runs as user {os.geteuid()}"
    yield Finding("user", True, says, warns=root)
    mask = os.umask(0o077)
    os.umask(mask)
    says = f"new files are made with umask {mask:03o}"
    yield Finding("umask", not 0o002 & ~mask, says)


def files_at_once(_settings: Settings) -> Iterator[Finding]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = soft == resource.RLIM_INFINITY or soft >= LEAST_FILES
    told = "any number" if soft == resource.RLIM_INFINITY else str(soft)
    yield Finding("open files", enough, f"{told} at once; {LEAST_FILES} are needed")


def unsafe_files(settings: Settings, home: Path | None = None) -> Iterator[Finding]:
    """What mitmproxy would read by itself if somebody started it by hand; the gate reads none of it."""
    folders = (settings.state / "ca", (home or Path.home()) / ".mitmproxy")
    there = [str(folder / name) for folder in folders for name in UNSAFE_FILES if (folder / name).exists()]
    says = f"{', '.join(there)}: options of mitmproxy" if there else "no options of mitmproxy lie about"
    yield Finding("mitmproxy files", not there, says)


def time_zone(settings: Settings) -> Iterator[Finding]:
    from schoolgate.in_force import bundle_in_force

    zone = str(bundle_in_force(settings.state).policy.timetable.zone)
    try:
        offset = datetime.now(ZoneInfo(zone)).strftime("%H:%M, UTC%z")
    except ZoneInfoNotFoundError:
        yield Finding("time zone", False, f"there are no data for {zone}")
        return
    yield Finding("time zone", True, f"{zone}: it is {offset} there")


def clock_and_records(settings: Settings) -> Iterator[Finding]:
    """Whether what was written last is of the future: then the clock was set back."""
    newest = max([*_journal(settings), *_change_log(settings)], default=None)
    if newest is None:
        return
    ahead = newest - datetime.now(UTC)
    says = f"the newest record is of {newest:%Y-%m-%d %H:%M:%S} UTC"
    if ahead > AHEAD:
        says += f", {ahead.total_seconds() / 60:.0f} minutes after this machine's clock"
    yield Finding("clock and records", ahead <= AHEAD, says)


def leftovers(settings: Settings) -> Iterator[Finding]:
    from schoolgate.demo.setting import REMEMBERED

    there = (settings.state / REMEMBERED).exists()
    says = f"{settings.state} is a demo's: its passwords are public" if there else "no demo lies here"
    yield Finding("demo", not there, says)


def state_files(settings: Settings) -> Iterator[Finding]:
    """Files that anybody may change, whatever the folder above them says now."""
    if not settings.state.is_dir():
        return
    loose = [path for path in _some(settings.state) if path.lstat().st_mode & 0o002 and not path.is_symlink()]
    says = f"{len(loose)} may be changed by anybody, {loose[0]} for one" if loose else "none is open to all"
    yield Finding("state files", not loose, says)


def _some(folder: Path, most: int = 20_000) -> Iterator[Path]:
    for number, path in enumerate(folder.rglob("*")):
        if number >= most:
            return
        yield path


def _journal(settings: Settings) -> Iterator[datetime]:
    folder = settings.state / "journal"
    for path in folder.glob("*.journal"):
        yield datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _change_log(settings: Settings) -> Iterator[datetime]:
    from sqlalchemy import inspect, text

    from audit_log.db import open_engine, reading

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        return
    engine = open_engine(settings.database)
    try:
        if not inspect(engine).has_table("change_log"):
            return
        with reading(engine) as conn:
            newest = conn.scalar(text("SELECT entry FROM change_log ORDER BY seq DESC LIMIT 1"))
    finally:
        engine.dispose()
    if newest:
        yield datetime.fromisoformat(json.loads(newest)["at"])
