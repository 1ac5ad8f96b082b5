"""A code that was used stays used while this process runs, whatever the database says."""

import pytest
from sqlalchemy import delete, insert, select

from audit_log.db import writing
from audit_log.tables import second_factor
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.second_factor import clear_own, use_code
from change_control.used_steps import UsedSteps
from tests.builders import NOON
from tests.change_control.factored import digits, with_factor
from tests.change_control.school import somebody


def test_a_used_code_works_no_more_where_its_row_was_put_back(desk: Desk) -> None:
    secret = with_factor(desk, "terry", NOON)
    terry = somebody(desk, "terry").id
    later = NOON.replace(minute=NOON.minute + 1)
    with writing(desk.engine) as conn:
        before = conn.execute(select(second_factor)).mappings().one()
    code = digits(secret, later)
    assert use_code(desk, terry, code, later)
    with writing(desk.engine) as conn:
        conn.execute(delete(second_factor))
        conn.execute(insert(second_factor).values(**before))

    assert not use_code(desk, terry, code, later)
    with pytest.raises(ChangeError):
        clear_own(desk, terry, code, later)


def test_only_a_newer_step_is_used_and_another_secret_begins_anew() -> None:
    steps = UsedSteps()

    assert [steps.use("p_1", step) for step in (5, 5, 4, 6)] == [True, False, False, True]
    assert steps.use("p_2", 1)
    steps.begin("p_1", 3)
    assert steps.use("p_1", 4)
