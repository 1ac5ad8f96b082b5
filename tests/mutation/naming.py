"""Says the name of each change that mutmut could make; run in the copy, where mutmut finds its settings.

mutmut has no command that lists them without running all tests first.
"""

import sys
from pathlib import Path

from mutmut.configuration import config
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name


def main() -> None:
    for path in sorted(Path("filter_policy").glob("*.py")):
        if config().should_mutate(path):
            made = mutate_file_contents(str(path), path.read_text(encoding="utf-8"), None, None)
            for name in made.mutant_names:
                sys.stdout.write(f"{get_mutant_name(path, name)}\n")


if __name__ == "__main__":
    main()
