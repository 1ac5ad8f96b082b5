"""The evidence for a category: which list says so, and with which entry."""

from dataclasses import dataclass

NOT_SHOWN = "(not shown)"  # instead of an entry of a sealed list


@dataclass(frozen=True, slots=True)
class Listing:
    """A hit. `entry` is the line of the list in canonical form (`bet.example`, `bbc.co.uk/games`)."""

    category: str
    list_id: str
    entry: str

    @property
    def is_sealed(self) -> bool:
        """Of a list that nobody can read: its sites are illegal whatever a policy says of their kind (D9)."""
        return self.entry == NOT_SHOWN
