"""What can be wrong with a change, and who can mend it."""

from collections.abc import Mapping, Sequence
from typing import Literal

Code = Literal[
    "not-found",
    "same-person",  # nobody agrees with himself
    "wrong-role",
    "wrong-state",  # somebody was quicker, or time was
    "not-established",  # the first two people have not both enrolled
    "bad-input",  # `fields` names each one
    "refused",  # nobody may have this
]


class ChangeError(Exception):
    """The change was not made, and nothing of it was written. `says` is a sentence for whoever asked."""

    def __init__(self, code: Code, says: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {says}")
        self.code: Code = code
        self.says = says
        self.fields = dict(fields or {})


def bad_input(fields: Mapping[str, str]) -> ChangeError:
    """Every field at fault, at once."""
    told = "; ".join(f"{field}: {why}" for field, why in fields.items())
    return ChangeError("bad-input", told, fields)


def with_faults(what: str, faults: Sequence[str]) -> str:
    return f"{what} has {len(faults)} fault{'' if len(faults) == 1 else 's'}"
