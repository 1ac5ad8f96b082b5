"""What every game with random people has: a school of its own for each run, whole at the end, and gone."""

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.builders import NOON
from tests.change_control.school import copy_of, is_whole


class InASchool(RuleBasedStateMachine):
    """`template`: the school that each run gets a copy of (see `play`)."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{type(self).__name__.lower()}-"))
        self.desk = copy_of(self.template, self.folder / "state")
        self.now = NOON

    def at_the_end(self) -> None:
        assert is_whole(self.desk)

    def teardown(self) -> None:
        try:
            self.at_the_end()
        finally:
            self.desk.engine.dispose()
            shutil.rmtree(self.folder)


def play(game: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """As slow as it is: no game is given up for the time that it takes."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(game, settings=chosen)
