"""The gate's time: never earlier than it has been, whatever the machine's clock does."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class GateClock:
    """`not_before`: the last time found in the journal, as it writes it."""

    def __init__(self, clock: Clock, not_before: str | None = None) -> None:
        self._clock = clock
        self._latest = datetime.fromisoformat(not_before) if not_before else datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        self._latest = max(self._latest, self._clock())
        return self._latest
