"""`python -m tests.mutation [--changes 200] [--seed 1] [module ...]`: what is noticed, by module."""

import argparse
import sys

from tests.mutation.sampling import Part, measured

DAY = 24 * 3600.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--changes", type=int, default=200, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws others")
    parser.add_argument("modules", nargs="*", help="of filter_policy, such as decide; without: all")
    given = parser.parse_args()
    score = measured(given.changes, given.seed, Part(tuple(given.modules)), longest=DAY)
    sys.stdout.writelines(f"{line}\n" for line in score.lines())


if __name__ == "__main__":
    main()
