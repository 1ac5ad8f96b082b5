"""The places where we change mitmproxy itself: each one named, each one held to the source we read.

Where mitmproxy offers a hook, we use the hook. Where it offers none, a function of it is replaced, here and
nowhere else: `mitm_speed.py` and `mitm_lean.py` hold the replacements for speed, `mitm_http.py` those for
what a request may do. Each seam says which function, why, and the sha256 of the source that the replacement
was written against. If one of them reads differently, or mitmproxy is not a version we have audited, the
gate refuses to start: half a seam could let a request by.
"""

import hashlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mitmproxy import version

AUDITED = frozenset({"12.2.3"})


class SeamFault(Exception):
    """mitmproxy is not the one our changes were written against. `faults` names each place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


_replaced: dict[tuple[Any, str], Any] = {}  # what mitmproxy ships, where ours is in its place


@dataclass(frozen=True)
class Seam:
    """One function of mitmproxy that we replace, or whose inside we rely on.

    `make` takes the original and returns the replacement; None: it stays, and only its source is checked.
    """

    owner: Any  # a class or a module
    name: str
    sha256: str
    why: str
    make: Callable[[Any], Any] | None = None

    @property
    def where(self) -> str:
        return f"{self.owner.__module__ if inspect.isclass(self.owner) else 'module'} {_name(self)}"

    def original(self) -> Any:
        """What mitmproxy ships, also when our replacement is already in its place."""
        return _replaced.get((self.owner, self.name), getattr(self.owner, self.name))

    def fault(self) -> str | None:
        found = source_hash(self.original())
        return None if found == self.sha256 else f"{self.where} has changed ({found[:12]})"

    def install(self) -> None:
        original = self.original()
        if self.make is not None:
            _replaced[(self.owner, self.name)] = original
            setattr(self.owner, self.name, self.make(original))


def _name(seam: Seam) -> str:
    return f"{seam.owner.__name__}.{seam.name}"


def source_hash(function: Any) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()


def faults(seams: Sequence[Seam], running: str = version.VERSION) -> list[str]:
    """Every reason not to start, at once."""
    found = [fault for seam in seams if (fault := seam.fault())]
    if running not in AUDITED:
        found.insert(0, f"mitmproxy {running} has not been audited: {', '.join(sorted(AUDITED))}")
    return found


def install(seams: Sequence[Seam]) -> None:
    """All or nothing. Raises SeamFault."""
    if found := faults(seams):
        raise SeamFault(found)
    for seam in seams:
        seam.install()
