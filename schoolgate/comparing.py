"""Two generations of the lists held against each other, in a process of its own: they may be large.

`python -m schoolgate.comparing STATE OLD NEW` prints the changes as JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from filter_lists.diffing import Change, diff
from filter_lists.generations import open_generation
from filter_lists.summary import IndexFault
from schoolgate.running import child_environ

NICE = 10
LONGEST = 1800.0  # seconds


def compare_lists(state: Path, old: str, new: str) -> tuple[Change, ...]:
    """Raises OSError or SubprocessError where that cannot be done."""
    command = [sys.executable, "-P", "-m", "schoolgate.comparing", str(state), old, new]
    done = subprocess.run(  # noqa: S603  # our own program, and two names that were checked
        command,
        env=child_environ(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST,
        check=True,
    )
    return tuple(Change(**each) for each in json.loads(done.stdout))


def main(state: Path, old: str, new: str) -> int:
    os.nice(NICE)
    try:
        changes = diff(open_generation(state, old), open_generation(state, new))
    except IndexFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    json.dump([asdict(each) for each in changes], sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), *sys.argv[2:]))
