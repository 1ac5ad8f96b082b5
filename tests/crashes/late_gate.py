"""A gate that is wrong on purpose, as a program: it answers before the record is on disk.

    python -m tests.crashes.late_gate SETTINGS.json

Only the step `record` is another one, and nothing but this program of the tests can make it so: the tests of
durability must find it out.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from proxy_addon.run import GateSettings, run_gate
from proxy_addon.stages import Stages
from schoolgate.log import configure_logging
from tests.gate_child import clock, resolve

LATE_SECONDS = 0.05  # as one that writes what it has twenty times a second


def late(stages: Stages) -> Stages:
    """Recording is begun soon, and not waited for."""
    under_way: set[asyncio.Task[None]] = set()

    async def soon(row: Mapping[str, object]) -> None:
        await asyncio.sleep(LATE_SECONDS)
        await stages.record(row)

    async def record(row: Mapping[str, object]) -> None:
        task = asyncio.create_task(soon(row))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    return replace(stages, record=record)


def main(path: Path) -> int:
    configure_logging("gate")
    raw = json.loads(path.read_text())
    folder = Path(raw["folder"])
    settings = GateSettings(
        listen_host=raw["listen_host"],
        listen_port=0,
        state=Path(raw["state"]),
        upstream_ca=Path(raw["upstream_ca"]),
        gate=raw["gate"],
    )
    return run_gate(
        settings,
        clock=lambda: clock(folder / "clock"),
        resolve=lambda host, port: resolve(folder / "names.json", host, port),
        ready=lambda port: print(json.dumps({"port": port}), flush=True),  # noqa: T201  # how the parent hears
        change_stages=late,
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
