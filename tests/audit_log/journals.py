"""Journals for properties: lines in any order, some twice, some never closed, over some segments."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from audit_log.db import open_engine, reading
from audit_log.recorder import Recorder
from audit_log.rows import site_of
from audit_log.tables import filtering_log, rollup_day, rollup_hour
from tests.audit_log.records import Record, a_close, a_segment, a_whole, an_open
from tests.builders import NOON

SEGMENTS = 3
HOSTS = ("www.bbc.co.uk", "news.bbc.co.uk", "bet.example", "127.0.0.1", None)


class PowerCut(BaseException):
    """Nothing catches it."""


@st.composite
def requests(draw: st.DrawFn, number: int) -> list[Record]:
    """The lines of one event."""
    shape = draw(st.sampled_from(["open", "both", "both", "whole", "twice"]))
    kind = draw(st.sampled_from(["request", "connect"]))
    about: dict[str, Any] = {
        "at": NOON + timedelta(minutes=draw(st.integers(-2000, 2000)), seconds=number),
        "kind": kind,
        "host": draw(st.sampled_from(HOSTS)),
        "groups": draw(st.sampled_from([["upper-ks2"], ["upper-ks2", "chess"], []])),
        "category": draw(st.sampled_from(["education", None])),
        "page": draw(st.booleans()),
        "keep": draw(st.sampled_from(["pupils", "adults"])),
        "terms": draw(st.sampled_from([None, "rivers of wales"])),
    }
    if shape == "whole":
        return [a_whole(number) | an_open(number, **about) | {"t": "whole", "verdict": "block"}]
    close = a_close(number, decrypted=kind == "connect" and draw(st.booleans()))
    opens, closes = {"open": (1, 0), "both": (1, 1), "twice": (2, 2)}[shape]
    return [an_open(number, **about)] * opens + [close] * closes


@st.composite
def journals(draw: st.DrawFn) -> list[list[Record]]:
    """The lines of each of some segments."""
    lines = [line for number in range(draw(st.integers(1, 9))) for line in draw(requests(number))]
    mixed = draw(st.permutations(lines))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), min_size=SEGMENTS - 1, max_size=SEGMENTS - 1)))
    return [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]


@dataclass(frozen=True, slots=True)
class Story:
    """Segments come one by one, or all `together`; the recorder dies at these questions, then does its work.
    `anew`: each segment is of a new process of the gate."""

    parts: list[list[Record]]
    deaths: list[int]
    together: bool
    anew: bool


stories = st.builds(
    Story, journals(), st.lists(st.integers(1, 60), max_size=5), together=st.booleans(), anew=st.booleans()
)


def expected(parts: list[list[Record]]) -> dict[str, str]:
    """The outcome of each event, once its gate is dead."""
    closed = {record["id"] for part in parts for record in part if record["t"] in ("close", "whole")}
    opened = {record["id"] for part in parts for record in part if record["t"] in ("open", "whole")}
    return {event_id: "done" if event_id in closed else "interrupted" for event_id in opened}


def outcomes(engine: Engine) -> dict[str, Any]:
    with reading(engine) as conn:
        rows = conn.execute(select(filtering_log.c.event_id, filtering_log.c.outcome)).all()
    assert len({row.event_id for row in rows}) == len(rows), "no event has two rows"
    return {row.event_id: row.outcome for row in rows}


def play(story: Story, url: str, folder: Path) -> None:
    left = list(story.deaths)
    for ns, part in enumerate(story.parts, start=1):
        a_segment(folder, part, ns=ns, how="start" if story.anew or ns == 1 else "continued")
        if not story.together:
            run_and_die(url, folder, left.pop() if left else 1)
    for at in left:
        run_and_die(url, folder, at)
    engine = open_engine(url)
    Recorder(engine, folder).run_once()
    engine.dispose()


def run_and_die(url: str, folder: Path, at: int) -> bool:
    """A recorder that dies at its `at`-th question or commit; whether it came to that."""
    engine = open_engine(url)
    left = [at]

    def die(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", die)
    event.listen(engine, "commit", die)
    try:
        Recorder(engine, folder).run_once()
    except PowerCut:
        return True
    finally:
        engine.dispose()
    return False


Totals = Counter[tuple[Any, ...]]


def totals_kept(engine: Engine) -> tuple[Totals, Totals]:
    """As the recorder counted: by hour, and by day."""
    with reading(engine) as conn:
        hours, days = conn.execute(select(rollup_hour)).all(), conn.execute(select(rollup_day)).all()
    return _summed(hours), _summed(days)


def _summed(rows: Iterable[Any]) -> Totals:
    counted: Totals = Counter()
    for *key, requests, pages in rows:
        counted[(*key, "requests")] += requests
        counted[(*key, "pages")] += pages
    return +counted


def totals_of_rows(engine: Engine) -> tuple[Totals, Totals]:
    """The same by counting rows."""
    with reading(engine) as conn:
        rows = conn.execute(select(filtering_log)).all()
    hours: Totals = Counter()
    days: Totals = Counter()
    for row in rows:
        if row.kind == "connect" and (row.closed_in is None or row.decrypted):
            continue
        hour = row.at.replace(minute=0, second=0, microsecond=0)
        in_hour = (hour, row.filter_groups, row.category or "", row.verdict, row.list_id or "")
        in_day = (row.at.date().isoformat(), site_of(row.host), row.filter_groups, row.verdict)
        for counted, key in ((hours, in_hour), (days, in_day)):
            counted[(*key, "requests")] += 1
            counted[(*key, "pages")] += row.page
    return +hours, +days
