"""Well-known apps that accept no certificate but their own (`pinned-apps.csv`): suggestions, nothing more.

None of them is passed on by itself. A school that needs one names it in `passthrough` of its policy, and two
people agree; each row says what that opens.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class PinnedApp:
    """`hosts` are canonical, each with all names below it."""

    app: str
    hosts: tuple[str, ...]
    reason: str


@cache
def pinned_apps() -> tuple[PinnedApp, ...]:
    with (resources.files("filter_lists") / "pinned-apps.csv").open(encoding="utf-8") as lines:
        return tuple(
            PinnedApp(row["app"], tuple(row["hosts"].split()), row["reason"]) for row in csv.DictReader(lines)
        )


def app_of(host: str) -> PinnedApp | None:
    """Whose host this is, as far as is known; `host` is canonical."""
    return next(
        (
            each
            for each in pinned_apps()
            if any(host == known or host.endswith(f".{known}") for known in each.hosts)
        ),
        None,
    )
