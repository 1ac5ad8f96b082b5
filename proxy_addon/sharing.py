"""One account on several devices at once (S83): noticed, never blocked.

Devices are told apart by address, so those behind one address translation are one. Of IPv6 a whole /64 is
one device, and IPv4 and IPv6 are not held against each other: a single device has several of those by itself,
and a wrong word against somebody is worse than one that is missing.

Two addresses within a minute are worth a row; one change alone (a laptop that moved to another part of the
network) is told as such, and there and back, or a third, as devices at once. A row of each kind once an hour
at most.
"""

from dataclasses import dataclass, field

from proxy_addon.addresses import device_of

AT_ONCE = 60.0  # seconds
TOLD_AGAIN = 3600.0
MOST_PEOPLE = 20_000
MOST_DEVICES = 16  # remembered of one account


@dataclass(slots=True)
class _Use:
    """`device` was used last, at `at`; `others` before it."""

    device: str
    at: float
    others: dict[str, float] = field(default_factory=dict)
    told: float | None = None
    told_change: float | None = None


class Sharing:
    """One for the life of the process; knows only people whose password was right."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def seen(self, person: str, address: str, now: float) -> str:
        """What a row should say of it ("devices: 2"); mostly nothing. `now` in seconds, never going back."""
        use = self._uses.get(person)
        device = device_of(address)
        if use is not None and use.device == device:
            use.at = now
            return ""
        if use is None:
            if len(self._uses) >= MOST_PEOPLE:
                del self._uses[next(iter(self._uses))]
            self._uses[person] = _Use(device, now)
            return ""
        return self._moved(use, device, now)

    def _moved(self, use: _Use, device: str, now: float) -> str:
        came_back = now - use.others.pop(device, -AT_ONCE) < AT_ONCE
        use.others[use.device] = use.at
        use.device, use.at = device, now
        use.others = {each: at for each, at in use.others.items() if now - at < AT_ONCE}
        if len(use.others) > MOST_DEVICES:
            del use.others[next(iter(use.others))]
        devices = 1 + sum((":" in each) == (":" in device) for each in use.others)
        if devices < 2:
            return ""
        if came_back or devices > 2:
            if _is_due(use.told, now):
                use.told = use.told_change = now
                return f"devices: {devices}"
        elif _is_due(use.told_change, now):
            use.told_change = now
            return f"devices: {devices}, one change"
        return ""


def _is_due(told: float | None, now: float) -> bool:
    return told is None or now - told >= TOLD_AGAIN
