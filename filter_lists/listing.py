"""The evidence for a category: which list says so, and with which entry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """A hit. `entry` is the line of the list in canonical form (`bet.example`, `bbc.co.uk/games`)."""

    category: str
    list_id: str
    entry: str
