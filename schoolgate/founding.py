"""The first start: two people, the policy, and a code for each of the two.

No software can tell two people from two accounts. The codes lie in two files, to be handed to two people.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from schoolgate.settings import Settings
from schoolgate.telling import Failed, tell

if TYPE_CHECKING:
    from change_control.desk import Desk

APPROVING = "technician, coordinator or headteacher"


@dataclass(frozen=True, slots=True)
class Founder:
    username: str
    name: str
    role: str

    @classmethod
    def read(cls, text: str) -> "Founder":
        """`tess:Tess Tanner:technician`. Raises Failed."""
        parts = [part.strip() for part in text.split(":")]
        if len(parts) != 3 or not all(parts):
            raise Failed(f"{text!r}: needs USERNAME:NAME:ROLE, where ROLE is {APPROVING}")
        return cls(*parts)


FIRST = Founder("technician", "The technician", "technician")
SECOND = Founder("coordinator", "The E-Safety Coordinator", "coordinator")


def found_school(settings: Settings, desk: "Desk", two: tuple[Founder, Founder], now: datetime) -> None:
    """Writes the register, line 1 of the change log and the two codes. Raises Failed."""
    from change_control.errors import ChangeError
    from change_control.setup import found

    try:
        text = settings.policy.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"The policy cannot be read ({settings.policy}): {error}") from error
    first, second = ((one.username, one.name, one.role) for one in two)
    try:
        found(desk, text, first, second, now)
    except ChangeError as error:
        faults = [f"  {field}: {why}" for field, why in error.fields.items()]
        raise Failed(f"This school is not founded: {error.says}", *faults) from error


def code_files(state: Path) -> list[Path]:
    """Codes that nobody has used yet."""
    return sorted((state / "enrolment").glob("*.code"))


def tell_next_steps(settings: Settings) -> None:
    """What the technician does now; said until both codes are used."""
    files = code_files(settings.state)
    if not files:
        return
    tell("")
    tell("Nothing can be opened until both of the first two people have enrolled. Hand each their own code:")
    for path in files:
        tell(f"  {path.stem}: {path}")
    tell(f"Each enters it once, at {settings.console}/enrol or with `schoolgate enrol`.")
    tell("")
