"""What may go wrong in a hook of the gate, and a way to let it: for each client address another fault.

The file says {"127.1.2.3": "requestheaders ValueError"}: what that client does meets this fault. "after"
before the name of the fault: only once the hook has done its work, which may have been to let something by.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from mitmproxy.exceptions import AddonHalt, OptionsError

from proxy_addon.closing import client_of

STALL_SECONDS = 30.0


class OddFault(BaseException):
    """Of no kind that anybody catches by name."""


FAULTS: dict[str, type[BaseException]] = {
    "Exception": Exception,
    "ValueError": ValueError,
    "MemoryError": MemoryError,
    "RecursionError": RecursionError,
    "AddonHalt": AddonHalt,
    "OptionsError": OptionsError,
    "CancelledError": asyncio.CancelledError,
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "OddFault": OddFault,
}
ASYNC_STALL, SYNC_STALL, KEPT_TURN = "async-stall", "sync-stall", "kept-turn"


def with_hook_faults(name: str, function: Callable[[Any], Any], path: Path) -> Callable[[Any], Any]:
    def heard(argument: Any) -> Any:
        client = client_of(argument)
        wanted, _, fault = planned(path).get(client.peername[0] if client else "", "").partition(" ")
        if wanted != name:
            return function(argument)
        late, fault = fault.startswith("after "), fault.removeprefix("after ")
        if late and (pending := function(argument)) is not None:
            return _after(pending, fault)
        return _go_wrong(fault)

    return heard


async def _after(pending: Any, fault: str) -> None:
    await pending
    if (stalled := _go_wrong(fault)) is not None:
        await stalled


def _go_wrong(fault: str) -> Any:
    if fault == ASYNC_STALL:
        return asyncio.sleep(STALL_SECONDS)
    if fault == SYNC_STALL:
        time.sleep(STALL_SECONDS)
    if fault == KEPT_TURN:  # the interpreter is not given to any other thread
        re.match(r"(a+)+$", "a" * 40 + "b")
    if fault in FAULTS:
        raise FAULTS[fault]
    return None


def planned(path: Path) -> dict[str, str]:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=4)
def _read(path: Path, _written: int) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text())
    return found
