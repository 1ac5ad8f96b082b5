"""Lines of the first version say nothing of windows and companions: then no row may, or other sites open."""

from typing import Any

import pytest
from sqlalchemy import Engine

from audit_log.seal import stamp
from tests.audit_log.test_agreements import TIMES, UNBLOCK, Register, rewrite, verified

DECIDED = {"state": "approved", "decided_by": "p_terry"}
MORE: dict[str, Any] = {
    "windows": [[stamp(at) for at in TIMES.values()]],
    "companions": ["bet.test"],
    "agreed": {"sites": ["bet.test"], "companions": ["bet.test"]},
}


@pytest.fixture
def old(engine: Engine) -> Engine:
    """Founded, and an unblock as the first version wrote it (entries 2 and 3)."""
    register = Register(engine)
    register.found()
    facts = UNBLOCK | {name: stamp(at) for name, at in TIMES.items()}
    register.ask("u_1", "unblock", UNBLOCK, facts, **TIMES)
    register.act("u_1", "unblock:approve", facts, **DECIDED, decided_at=TIMES["starts_at"].replace(hour=12))
    return engine


def test_what_the_first_version_wrote_is_whole(old: Engine) -> None:
    assert verified(old).whole


@pytest.mark.parametrize(("name", "entry"), [("windows", 2), ("companions", 2), ("agreed", 3)])
def test_what_was_added_to_such_a_row_is_named(old: Engine, name: str, entry: int) -> None:
    found = rewrite(old, "u_1", payload=UNBLOCK | {name: MORE[name]})

    assert (found.whole, found.first_bad) == (False, entry)
    assert f"its {name} was changed" in found.says
