"""`schoolgate log tail`: rows of the filtering log as they are stored."""

import json
from collections.abc import Mapping
from typing import Any

from schoolgate.commands.log_filters import Asked, filtered
from schoolgate.telling import AsJson, Failed, put, tell

WIDTHS = {
    "at": 27,
    "kind": 10,
    "verdict": 7,
    "reason": 22,
    "who": 22,
    "host": 32,
    "category": 16,
    "status": 6,
}
ENDINGS = {
    "time": "Fifteen minutes are over. Ask again to go on.",
    "right": "You may not read this any more, or are signed out.",
    "fault": "Something went wrong on the way. Ask again.",
}


@filtered
def tail(*, asked: Asked, as_json: AsJson = False) -> None:
    """Rows as they come, for fifteen minutes at most; Ctrl-C ends it. Leaves two lines in the change log.

    Exit codes: 0 it was ended here or its time was over, 1 refused, or cut off by the other side.
    """
    from schoolgate.client import signed_in_api

    ended = None
    with signed_in_api().stream("/filtering-log/tail", asked) as answer:
        tell("Watching. Ctrl-C ends it.")
        if not as_json:
            put(_columns({name: name.upper() for name in WIDTHS}))
        try:
            for line in filter(None, answer.iter_lines()):
                row = json.loads(line)
                if "ended" in row:
                    ended = row["ended"]
                    break
                put(line if as_json else _columns(row))
        except KeyboardInterrupt:
            return
    if ended != "time":
        raise Failed(ENDINGS.get(ended or "", "The other side ended it."))
    tell(ENDINGS["time"])


def _columns(row: Mapping[str, Any]) -> str:
    cells = ("-" if row[name] is None else " ".join(str(row[name]).split()) for name in WIDTHS)
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS.values(), strict=True))
    return "  ".join(padded).rstrip()
