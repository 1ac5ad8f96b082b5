"""The demo's gate: the real one, with a name service and trust of its own."""

import argparse
import json
import sys
from pathlib import Path

from schoolgate.demo.origins import Origins
from schoolgate.log import configure_logging
from schoolgate.school_ca import ensure_school_ca
from schoolgate.serving import gate_settings
from schoolgate.settings import load_settings
from schoolgate.supervised import report_ready, start_when_told
from schoolgate.wiring import utc_now


def main() -> int:
    from proxy_addon.run import run_gate

    given = _arguments()
    start_when_told(given.ready_fd)
    settings = load_settings(given.config)
    configure_logging("gate", settings.log_level)
    ensure_school_ca(settings.state, utc_now())
    spec = json.loads(given.spec.read_text(encoding="utf-8"))
    return run_gate(
        gate_settings(settings, given.port, upstream_ca=Path(spec["upstream_ca"])),
        resolve=Origins.from_json(spec["origins"]).resolve,
        ready=lambda port: report_ready(given.ready_fd, port),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--ready-fd", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
