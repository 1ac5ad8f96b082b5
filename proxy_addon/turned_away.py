"""What was refused for its number or its slowness before it was a request. `Pacing` records it."""

from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands

from filter_policy.model import Reason


@dataclass(eq=False)
class TurnedAway:
    """`message` chooses the page that goes out; empty while there is no row."""

    client: Client
    status: int
    says: str
    reason: Reason = Reason.TOO_MANY
    message: str = ""


@dataclass
class TurnedAwayHook(commands.StartHook):  # type: ignore[no-untyped-call]  # mitmproxy's __init_subclass__ has no types
    """Awaited before anything is said."""

    name = "turned_away"
    away: TurnedAway
