"""The real gate in a process of its own, for tests: `python -m tests.gate_child SETTINGS.json`.

Its clock, its names and its failures are read from files, so that a test can turn them while it runs.
"""

import asyncio
import json
import os
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from proxy_addon.limits import Limits
from proxy_addon.patience import PASSWORD_SECONDS, longer
from proxy_addon.run import GateSettings, run_gate
from proxy_addon.stages import Stages
from schoolgate.log import configure_logging
from tests.doors import FAR
from tests.hook_faults import FAULTS, STALL_SECONDS, with_hook_faults

SLOW_SECONDS = 1.5


def main(path: str) -> int:
    configure_logging("gate")
    raw = json.loads(Path(path).read_text())
    folder = Path(raw["folder"])
    settings = GateSettings(
        listen_host=raw["listen_host"],
        listen_port=raw["listen_port"],
        state=Path(raw["state"]),
        own_addresses=tuple((host, port) for host, port in raw["own_addresses"]),
        upstream_ca=Path(raw["upstream_ca"]) if raw["upstream_ca"] else None,
        gate=raw["gate"],
        console=raw.get("console", ""),
        limits=Limits(**raw.get("limits", {})),
        canaries_after=raw.get("canaries_after"),
    )
    return run_gate(
        settings,
        clock=lambda: clock(folder / "clock"),
        resolve=lambda host, port: resolve(folder / "names.json", host, port),
        ready=say_port,
        change_stages=lambda stages: with_faults(stages, folder / "fault"),
        change_hook=lambda name, function: with_hook_faults(name, function, folder / "hook-faults.json"),
        far=(FAR,),
    )


def say_port(port: int) -> None:
    """To the test, or to a supervisor that gave us a pipe for it."""
    if "--ready-fd" in sys.argv:
        os.write(int(sys.argv[sys.argv.index("--ready-fd") + 1]), f"{port}\n".encode())
    print(json.dumps({"port": port}), flush=True)  # noqa: T201  # how the parent hears


def clock(path: Path) -> datetime:
    try:
        return datetime.fromisoformat(path.read_text())
    except (FileNotFoundError, ValueError):
        return datetime.now(UTC)


def resolve(path: Path, host: str, port: int) -> list[tuple[str, int]] | None:
    """By "host:port", else by "*:port" for names under .test; None asks the system."""
    names = json.loads(path.read_text())
    if not host.endswith(".test"):
        return None
    found = names.get(f"{host}:{port}", names.get(host, names.get(f"*:{port}")))
    return [(address, number) for address, number in found] if found is not None else []


def with_faults(stages: Stages, path: Path) -> Stages:
    """The file holds "stage exception"; while it does, that stage raises it. "slow" is a password that waits
    for its turn, "stalls" never comes back."""

    def failing(name: str, stage: Any) -> Any:
        def check() -> str:
            """How it is to wait."""
            try:
                wanted, _, fault = path.read_text().partition(" ")
            except FileNotFoundError:
                return ""
            if wanted == name and fault in FAULTS:
                raise FAULTS[fault]
            return fault if wanted == name else ""

        async def slow(*arguments: Any) -> Any:
            if check() == "stalls":
                await asyncio.sleep(STALL_SECONDS)
            done = await stage(*arguments)
            if check() == "slow":
                with longer(PASSWORD_SECONDS):
                    await asyncio.sleep(SLOW_SECONDS)
            return done

        def quick(*arguments: Any) -> Any:
            check()
            return stage(*arguments)

        return slow if iscoroutinefunction(stage) else quick

    return replace(stages, **{f.name: failing(f.name, getattr(stages, f.name)) for f in fields(stages)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
