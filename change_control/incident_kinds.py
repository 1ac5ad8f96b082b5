"""What an incident can be: the two tables of the schools' policies, the safeguarding taxonomy, and technical
incidents (S44, S92, S182, S183), read once from the file beside this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from audit_log.incident_model import Lane
from filter_policy.model import Role

UNSORTED = "unsorted"
ABOUT = ("pupil", "staff", "safeguarding", "technical", UNSORTED)
ADULTS = frozenset({Role.STAFF, Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER, Role.GOVERNOR})
# What a sighting opens: of a pupil (or of nobody who is known), and of a member of staff. Who guesses at a
# password is somebody else than whose account it is.
OF_SIGHTING: Mapping[str, tuple[str, str]] = {
    "illegal-content": ("pupil-illegal-material", "staff-illegal-material"),
    "circumvention": ("pupil-circumvention", "staff-circumvention"),
    "account-sharing": ("pupil-sharing-passwords", "staff-accounts"),
    "guessing": ("pupil-account-of-pupil", "pupil-account-of-staff"),
    "repeated-blocks": ("pupil-non-educational", "staff-personal-use"),
}


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """`source`: the line of the policy. `actions`: what its table suggests, in the table's order."""

    id: str
    about: str  # one of ABOUT
    source: str
    says: str
    lane: Lane
    actions: tuple[str, ...] = ()

    @property
    def listed(self) -> str:
        """In a list to choose from: some read the same in both tables."""
        return f"Staff: {self.says}" if self.about == "staff" else self.says


@cache
def _file() -> Mapping[str, Any]:
    text = (resources.files("change_control") / "incident_kinds.yaml").read_text("utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


@cache
def kinds() -> Mapping[str, IncidentKind]:
    """By id, in the order of the file."""
    return {
        id_: IncidentKind(
            id_,
            about,
            row["source"],
            row["says"],
            Lane(row.get("lane", Lane.INAPPROPRIATE)),
            tuple(row.get("actions", ())),
        )
        for about in ABOUT
        for id_, row in _file()[about].items()
    }


@cache
def actions(about: str) -> Mapping[str, str]:
    """What may be done about it, by its word: of staff its own, of everything else those of pupils."""
    found: Mapping[str, str] = _file()["actions"]["staff" if about == "staff" else "pupil"]
    return found


def kind_of_sighting(sighting: str, role: str | None) -> IncidentKind:
    """Which case a sighting opens. `role`: of the person on its row."""
    of_pupil, of_staff = OF_SIGHTING[sighting]
    return kinds()[of_staff if role in ADULTS else of_pupil]
