"""`make bench`: every figure of docs/performance.md, with the command that prints it alone."""

import sys

from bench import decide, gate


def main() -> int:
    decide.main()
    return gate.main()


if __name__ == "__main__":
    sys.exit(main())
