"""`make bench`: every figure of docs/performance.md. One kind alone: `python -m bench lists`."""

import sys
from collections.abc import Callable

from bench import attack, decide, gate, guessing, ledger, lists, log, preview, recorder

MEASURES: dict[str, Callable[[], int | None]] = {
    "attack": attack.main,
    "decide": decide.main,
    "gate": gate.main,
    "guessing": guessing.main,
    "lists": lists.main,
    "recorder": recorder.main,
    "log": log.main,
    "preview": preview.main,
    "ledger": ledger.main,
}


def main() -> int:
    names = [sys.argv.pop(1)] if sys.argv[1:2] and sys.argv[1] in MEASURES else list(MEASURES)
    return max([MEASURES[name]() or 0 for name in names])


if __name__ == "__main__":
    sys.exit(main())
