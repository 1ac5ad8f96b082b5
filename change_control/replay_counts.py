"""What a replay counts, in one process or in several whose shares are joined.

Who asked is remembered only to be counted: nobody is ever told of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Groups = tuple[str, ...]


@dataclass(slots=True)
class Told:
    """How many rows, how many of them pages, and whose."""

    requests: int = 0
    pages: int = 0
    people: set[str] = field(default_factory=set, repr=False)

    def add(self, requests: int, pages: int) -> None:
        self.requests += requests
        self.pages += pages

    def join(self, other: "Told") -> None:
        self.add(other.requests, other.pages)
        self.people |= other.people

    def to_json(self) -> list[Any]:
        return [self.requests, self.pages, sorted(self.people)]

    @classmethod
    def from_json(cls, raw: Iterable[Any]) -> Self:
        requests, pages, people = raw
        return cls(requests, pages, set(people))


@dataclass(slots=True)
class Turned:
    """What would open, or what would shut. Of sites that come far behind the first, nobody is counted."""

    total: Told = field(default_factory=Told)
    sites: dict[str, Told] = field(default_factory=dict)
    groups: dict[Groups, Told] = field(default_factory=dict)

    def of(self, site: str, groups: Groups) -> tuple[Told, Told, Told]:
        return (
            self.total,
            self.sites.setdefault(site, Told()),
            self.groups.setdefault(groups, Told()),
        )

    def join(self, other: "Turned") -> None:
        self.total.join(other.total)
        for site, told in other.sites.items():
            self.sites.setdefault(site, Told()).join(told)
        for groups, told in other.groups.items():
            self.groups.setdefault(groups, Told()).join(told)

    def top(self, most: int) -> list[str]:
        """The sites that were asked for most."""
        return sorted(self.sites, key=lambda site: (-self.sites[site].requests, site))[:most]

    def to_json(self) -> dict[str, Any]:
        return {
            "total": self.total.to_json(),
            "sites": [[site, told.to_json()] for site, told in self.sites.items()],
            "groups": [[list(groups), told.to_json()] for groups, told in self.groups.items()],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            Told.from_json(raw["total"]),
            {site: Told.from_json(told) for site, told in raw["sites"]},
            {tuple(groups): Told.from_json(told) for groups, told in raw["groups"]},
        )


@dataclass(slots=True)
class Replayed:
    """All counts are of rows of the filtering log; what became of a connection is not counted twice."""

    requests: int = 0  # that could be judged
    unsure: int = 0  # of those judged: by their host alone
    otherwise: int = 0  # of those judged: another answer was given then
    nameless: int = 0
    left_out: dict[str, int] = field(default_factory=dict)  # by reason
    opens: Turned = field(default_factory=Turned)
    shuts: Turned = field(default_factory=Turned)

    def leave_out(self, reason: str, rows: int) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + rows

    def join(self, other: "Replayed") -> None:
        self.requests += other.requests
        self.unsure += other.unsure
        self.otherwise += other.otherwise
        self.nameless += other.nameless
        for reason, rows in other.left_out.items():
            self.leave_out(reason, rows)
        self.opens.join(other.opens)
        self.shuts.join(other.shuts)

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in PLAIN}
        return {**plain, "opens": self.opens.to_json(), "shuts": self.shuts.to_json()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        opens, shuts = (Turned.from_json(raw[name]) for name in ("opens", "shuts"))
        return cls(**{name: raw[name] for name in PLAIN}, opens=opens, shuts=shuts)


PLAIN = ("requests", "unsure", "otherwise", "nameless", "left_out")


def joined(parts: Iterable[Replayed]) -> Replayed:
    """The shares of several processes, as one."""
    whole = Replayed()
    for part in parts:
        whole.join(part)
    return whole
