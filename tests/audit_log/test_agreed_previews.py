"""A preview is what was kept, and the one that was read is there: each against its hash and its line."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from audit_log.agreed_previews import AgreedPreviews
from audit_log.db import reading, writing
from audit_log.fault import Fault
from audit_log.tables import preview
from tests.builders import NOON

REPORT = '{"proposal":"c_1"}'
HASH = hashlib.sha256(REPORT.encode()).hexdigest()
LINE: dict[str, Any] = {"seq": 2, "event": "policy:approve", "object": "c_1", "detail": {"preview": HASH}}


def keep(engine: Engine, report: str = REPORT, sha256: str = HASH) -> None:
    row = {"proposal_id": "c_1", "sha256": sha256, "made_at": NOON, "report": report}
    with writing(engine) as conn:
        conn.execute(insert(preview).values(row))


def check(engine: Engine) -> None:
    agreed = AgreedPreviews()
    agreed.add(LINE)
    with reading(engine) as conn:
        agreed.check(conn, 2)


def test_a_preview_as_it_was_read_is_whole_and_so_is_one_that_is_gone(engine: Engine) -> None:
    check(engine)
    keep(engine)
    check(engine)


def test_a_preview_that_was_rewritten_is_named(engine: Engine) -> None:
    keep(engine, report="{}")
    with pytest.raises(Fault, match="A preview of the proposal c_1 was changed"):
        check(engine)


def test_another_preview_than_the_one_that_was_read_is_named(engine: Engine) -> None:
    keep(engine, report="{}", sha256=hashlib.sha256(b"{}").hexdigest())
    with pytest.raises(Fault, match="read before entry 2 is not there any more"):
        check(engine)
