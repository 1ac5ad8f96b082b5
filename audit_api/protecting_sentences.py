"""Corrections, legal holds, erasing and access, as the change log tells them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from audit_api import times

if TYPE_CHECKING:
    from audit_api.sentences import Line

Tell = Callable[["Line"], str]
LAPSED = "Nobody answered in time:"


def _who(line: "Line", field: str, otherwise: str) -> str:
    named = line.detail.get(field)
    return line.names.name(named) if isinstance(named, str) else otherwise


def _when(line: "Line") -> str:
    from_at, to_at = line.at("from"), line.at("to")
    return times.stretch(from_at, to_at, line.zone) if from_at and to_at else "of no time"


def _corrected(line: "Line") -> str:
    recorded, right = _who(line, "person", "nobody"), _who(line, "right_person", "nobody who is known")
    return f"what was recorded as {recorded}, {_when(line)}, was {right}"


def _held(line: "Line") -> str:
    return f"{line.who} placed a legal hold on {_who(line, 'person', 'everybody')}, {_when(line)}."


def _erased(line: "Line") -> str:
    return f"erase {_who(line, 'person', 'somebody')} from the register"


def _accessed(line: "Line") -> str:
    whose = line.names.name(line.entry.object_id)
    return f"{line.who} took out all that is kept about {whose}, {line.detail.get('rows')} rows of browsing."


def _five(what: Callable[["Line"], str], kind: str, that: str = "to ") -> dict[str, Tell]:
    """Propose, agree, decline, take back, lapse."""
    return {
        f"{kind}:propose": lambda x: f"{x.who} proposed {that}{what(x)}.",
        f"{kind}:approve": lambda x: f"{x.who} agreed {that}{what(x)}. {x.asker} had proposed it.",
        f"{kind}:decline": lambda x: f"{x.who} said no to what {x.asker} proposed: {that}{what(x)}.",
        f"{kind}:withdraw": lambda x: f"{x.who} took back their proposal {that}{what(x)}.",
        f"{kind}:lapse": lambda x: f"{LAPSED} {x.asker} had proposed {that}{what(x)}.",
    }


TELL: Mapping[str, Tell] = {
    **_five(_corrected, "correction", "that "),
    **_five(lambda _: "release a legal hold", "hold-release"),
    **_five(_erased, "erasure"),
    **_five(lambda _: "show what a member of staff browsed to whoever asked", "disclosure"),
    "disclosure:read": lambda x: (
        f"{x.who} read what was disclosed to them of a member of staff ({x.detail.get('rows')} rows)."
    ),
    "disclosure:revoke": lambda x: f"{x.who} ended a disclosure early; {x.asker} may read no more of it.",
    "disclosure:end": lambda x: f"A disclosure that {x.asker} had asked for is over.",
    "hold:place": _held,
    "person:access": _accessed,
}
