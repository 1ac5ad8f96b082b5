"""What a look at this machine comes to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    fit: bool
    says: str
