"""How much of what could be wrong in `filter_policy` its own tests notice: a sample of what mutmut changes.

mutmut changes one thing at a time (`<` to `<=`, `and` to `or`, an argument to None) and runs the tests that
come by. There are ten thousand such changes, so some are drawn, each as likely as any other; the same seed
draws the same. Everything happens in a copy that is taken away again. `python -m tests.mutation` prints it.
"""

import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROUNDS
from tests.documents import ROOT, committed

ROOM = "filter_policy"
TESTS = f"tests/{ROOM}"
# mutmut copies these beside what it changes, since the tests read them.
BESIDE = [ROOM, "filter_lists", "audit_log", "change_control", "audit_api", "proxy_addon", "schoolgate"]
BESIDE += ["config", "docs"]
NOTICED = frozenset({"killed", "timeout", "caught by type check"})  # whatever else it says, nobody noticed
SETTINGS = """
[tool.mutmut]
source_paths = ["{room}/"]
only_mutate = {only}
also_copy = {beside}
track_dependencies = false
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Which modules are changed (all: none named) and which tests must notice."""

    modules: tuple[str, ...] = ()
    tests: tuple[str, ...] = (TESTS,)

    @property
    def settings(self) -> str:
        only = [f"{ROOM}/{name}.py" for name in self.modules]
        return SETTINGS.format(room=ROOM, only=only, beside=BESIDE, tests=list(self.tests))


@dataclass(frozen=True, slots=True)
class Score:
    """What became of each change that was drawn: `fates` by its name, in mutmut's words."""

    fates: dict[str, str]

    @property
    def noticed(self) -> int:
        return sum(fate in NOTICED for fate in self.fates.values())

    @property
    def share(self) -> float:
        return self.noticed / len(self.fates)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share of all changes is, with 95 % (Wilson)."""
        n, z = len(self.fates), 1.96
        middle = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        width = z * math.sqrt(self.share * (1 - self.share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - width), min(1.0, middle + width)

    @property
    def missed(self) -> list[str]:
        return sorted(f"{name}: {fate}" for name, fate in self.fates.items() if fate not in NOTICED)

    def lines(self) -> Iterator[str]:
        """By module, the sum, and what nobody noticed."""
        drawn = Counter(name.split(".")[1] for name in self.fates)
        missed = Counter(line.split(".")[1] for line in self.missed)
        for module in sorted(drawn):
            yield f"{module:20} {drawn[module] - missed[module]:4} of {drawn[module]:4} noticed"
        yield self.sentence
        yield from (f"not noticed: {line}" for line in self.missed)

    @property
    def sentence(self) -> str:
        low, high = (f"{100 * bound:.1f}" for bound in self.interval)
        return (
            f"{self.noticed} of {len(self.fates)} changes noticed, {100 * self.share:.1f} % ({low} to {high})"
        )


def measured(many: int, seed: int, part: Part, *, longest: float) -> Score:
    """Draws and tries; `longest` in seconds. Raises RuntimeError where mutmut itself fails."""
    with a_copy(part) as copy:
        names = _said(copy, longest, sys.executable, "-m", "tests.mutation.naming").split()
        drawn = random.Random(seed).sample(sorted(names), min(many, len(names)))  # noqa: S311  # no secret
        mutmut = str(Path(sys.executable).with_name("mutmut"))
        _said(copy, longest, mutmut, "run", "--max-children", "2", *drawn)
        told = _said(copy, longest, mutmut, "results", "--all", "true")
    fates = dict(line.strip().split(": ", 1) for line in told.splitlines() if ": " in line)
    return Score({name: fates[name] for name in drawn})


@contextmanager
def a_copy(part: Part) -> Iterator[Path]:
    """Of all that is in the tree, with mutmut's settings; gone in the end."""
    with tempfile.TemporaryDirectory(prefix="schoolgate-mutants-") as where:
        copy = Path(where) / ROOT.name
        for path in committed():
            (copy / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy / path.relative_to(ROOT))
        shared = ROOT.parent / "shared"
        if shared.is_dir():
            for above in (copy.parent, copy):  # tests look beside the tree, and mutmut's tree is in this one
                (above / "shared").symlink_to(shared)
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(part.settings)
        yield copy


def _said(where: Path, longest: float, *command: str) -> str:
    """What a program prints, which with all its children has so many seconds."""
    own = {
        name: value for name, value in os.environ.items() if name != ROUNDS and not name.startswith("PYTEST_")
    }
    program = subprocess.Popen(
        command, cwd=where, env=own, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = program.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{Path(command[0]).name} took longer than {longest:.0f} seconds") from None
    finally:
        _end(program)
    if program.returncode:
        raise RuntimeError(f"{Path(command[0]).name} {command[1]}: {_last(said.splitlines())}")
    return said


def _end(program: subprocess.Popen[str]) -> None:
    """Whatever of it is left: its children are in its group."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        program.wait()


def _last(lines: Sequence[str]) -> str:
    return "\n".join(lines[-15:])
