"""How far a long task is: a bar on a terminal, a line for each step elsewhere. On stderr, as messages are."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schoolgate.telling import tell

Show = Callable[[str, int, int], None]  # the stage in words, how much of it is done, of how much (0: unknown)
TENTHS = 10


@contextmanager
def shown_progress(*, terminal: bool | None = None) -> Iterator[Show]:
    """`terminal`: whether somebody watches; as stderr is, if not given."""
    if sys.stderr.isatty() if terminal is None else terminal:
        with _bar() as show:
            yield show
    else:
        yield Lines(tell).show


class Lines:
    """A line at the start of each stage, and at each tenth of one that takes long."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: tuple[str, int] | None = None

    def show(self, stage: str, done: int, total: int) -> None:
        tenth = TENTHS * done // total if total else 0
        if self._told is not None and self._told[0] == stage and tenth <= self._told[1]:
            return
        self._told = (stage, tenth)
        self._say(f"{stage}: {done:,} of {total:,}" if total and done else stage)


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                for before in tasks.values():
                    bar.remove_task(before)
                tasks.clear()
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield show
