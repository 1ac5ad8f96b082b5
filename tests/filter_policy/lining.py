"""Entries of a change log for tests of what they prove: short, and numbered in the order they are given."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from filter_policy.proof_lines import Line, Lines, LinesFault
from tests.builders import NOON

AT = "2026-11-24T12:00:00.000000Z"
Said = tuple[str, str, str, Mapping[str, Any]]  # event, actor, object, detail


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def spelled(when: datetime) -> str:
    return when.isoformat()


def the_log(*said: Said) -> Lines:
    """Entries 1, 2, ... in this order."""
    return Lines.in_order(
        Line(seq, event, actor, about, AT, detail)
        for seq, (event, actor, about, detail) in enumerate(said, 1)
    )


def by_two(kind: str, about: str, detail: Mapping[str, Any]) -> tuple[Said, Said]:
    return (
        (f"{kind}:propose", "p_terry", about, detail),
        (f"{kind}:approve", "p_hedy", about, {**detail, "proposed_by": "p_terry"}),
    )


def told(check: Callable[[], object]) -> str:
    with pytest.raises(LinesFault) as fault:
        check()
    return str(fault.value)


NOBODY = "approves what no person proposed"


def person_row(set_: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"person": "p_tess", "new": False, "set": set_, "code": False, **changes}
