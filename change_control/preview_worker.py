"""`python -m change_control.preview_worker`: one share of a replay, in a process of its own.

An order comes in as one line of JSON; how far it is and what was counted go out the same way. Whoever gave
the order keeps the other end of stdin open: when it closes, he is gone, and so are we.
"""

import json
import os
import resource
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, TextIO

from audit_log.db import open_engine
from change_control.preview import Order, sides
from change_control.replaying import replayed
from filter_lists.generations import open_generation

DONE, NO_ORDER, BROKEN = 0, 2, 3
NICE = 10


def main() -> int:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the address of the database may hold a password
    try:
        raw = json.loads(sys.stdin.buffer.readline())
        order = Order.from_json(raw["order"])
        database, state, share = str(raw["database"]), Path(raw["state"]), (int(raw["share"]), int(raw["of"]))
    except (ValueError, KeyError, TypeError):
        sys.stderr.write("not an order\n")
        return NO_ORDER
    threading.Thread(target=_leave_with_the_other_end, daemon=True).start()
    try:
        old, new = sides(order, lambda generation: open_generation(state, generation))
        engine = open_engine(database)
        found = replayed(engine, old, new, order.span, share, lambda done, of: _say(sys.stdout, [done, of]))
    except Exception as error:  # noqa: BLE001  # the last guard: a message might hold what somebody asked for
        sys.stderr.write("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + "\n")
        return BROKEN
    _say(sys.stdout, found.to_json())
    return DONE


def _say(out: TextIO, value: Any) -> None:
    out.write(json.dumps(value) + "\n")
    out.flush()


def _leave_with_the_other_end() -> None:
    while os.read(0, 1):
        pass
    os._exit(BROKEN)


if __name__ == "__main__":
    raise SystemExit(main())
