"""The real gate, as `schoolgate proxy` starts it, but with a clock that the test holds.

Started as `python -m tests.system.gate_process STATE`: STATE/test.json holds ports and hosts, and
STATE/test.clock how far the school's time is from this machine's, in microseconds. It prints its port.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proxy_addon.run import GateSettings, run_gate
from schoolgate.demo.origins import Origins
from schoolgate.log import configure_logging


def main(state: Path) -> int:
    given = json.loads((state / "test.json").read_text())
    offset = state / "test.clock"

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(microseconds=int(offset.read_text()))

    def ready(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    configure_logging("gate", "info")
    settings = GateSettings(
        listen_host="127.0.0.1",
        listen_port=given["port"],
        state=state,
        own_addresses=(("127.0.0.1", given["api_port"]),),
        upstream_ca=Path(given["upstream_ca"]),
        console=f"http://127.0.0.1:{given['api_port']}",
    )
    return run_gate(settings, clock=clock, resolve=Origins.from_json(given["origins"]).resolve, ready=ready)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
