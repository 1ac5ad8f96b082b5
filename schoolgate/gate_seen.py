"""The gate as the API sees it, where both are on one machine: asked every few seconds at most."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from proxy_addon.probe import probe
from proxy_addon.watch_proof import FILE

KEPT = 5.0  # seconds: /metrics and /readyz are open to everybody
SECONDS = 2.0


class GateSeen:
    """ "" while it is well, else what is wrong; None where no gate has written its secret for us."""

    def __init__(self, state: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._found: tuple[float, str] | None = None

    def __call__(self) -> str | None:
        if not (self._state / FILE).exists():
            return None
        with self._lock:
            if self._found is None or self._clock() - self._found[0] >= KEPT:
                health = probe(self._state, SECONDS)
                self._found = (self._clock(), "" if health.well else health.says)
            return self._found[1]
