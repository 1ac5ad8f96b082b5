"""Each role with its groups and classes has one number, for good."""

import pytest
from sqlalchemy import Engine

from audit_log.db import reading, writing
from audit_log.who_sets import WhoKey, WhoSets

ANNA: WhoKey = ("pupil", '["upper-ks2"]', '["6B"]')
NOBODY: WhoKey = ("", '["unidentified"]', "[]")


def test_a_set_keeps_its_number_in_another_process_too(engine: Engine) -> None:
    with writing(engine) as conn:
        first = dict(WhoSets().ids(conn, [ANNA]))
    with writing(engine) as conn:
        again = dict(WhoSets().ids(conn, [NOBODY, ANNA]))

    assert again[ANNA] == first[ANNA] != again[NOBODY]


def test_a_number_of_an_undone_transaction_is_forgotten(engine: Engine) -> None:
    sets = WhoSets()
    with pytest.raises(ZeroDivisionError), writing(engine) as conn:
        conn.info["undone"] = sets.ids(conn, [ANNA])[ANNA] // 0
    sets.forget()

    with writing(engine) as conn:
        number = sets.ids(conn, [ANNA])[ANNA]
    with reading(engine) as conn:
        assert WhoSets().ids(conn, [ANNA])[ANNA] == number
