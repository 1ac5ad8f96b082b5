"""Which lines of the change log are about somebody, and which are about nobody else."""

from typing import Any

import pytest
from sqlalchemy import Engine

from audit_log.about import is_about_alone, lines_about, numbers_about
from audit_log.change_log import Entry, append, entries
from audit_log.db import reading, writing
from tests.builders import NOON

ANNA = "p_anna"


def write(engine: Engine, *lines: dict[str, Any]) -> list[Entry]:
    with writing(engine) as conn:
        for line in lines:
            told = {"event": "person:suspend", "actor": "p_terry", "role": "technician", "object_id": "x"}
            append(conn, at=NOON, **told | line)
    with reading(engine) as conn:
        return entries(conn, after=0)


def test_lines_by_and_about_somebody_are_found_by_the_id_alone(engine: Engine) -> None:
    write(
        engine,
        {"object_id": ANNA},
        {"object_id": "p_ben"},
        {"detail": {"people": [{"person": ANNA}]}},
        {"actor": ANNA},
        {"object_id": "p_anna2", "texts": {"reason": '"p_anna"'}},
        {"detail": {"person": ANNA}},
    )

    with reading(engine) as conn:
        assert numbers_about(conn, ANNA) == [1, 3, 4, 6]
        assert numbers_about(conn, ANNA, up_to=3) == [1, 3]
        assert [line.seq for line in lines_about(conn, ANNA)] == [1, 3, 4, 6]


def test_an_underline_in_an_id_stands_for_no_other_letter(engine: Engine) -> None:
    write(engine, {"object_id": "pXanna"})

    with reading(engine) as conn:
        assert numbers_about(conn, ANNA) == []


@pytest.mark.parametrize(
    ("line", "alone"),
    [
        ({"object_id": ANNA}, True),
        ({"object_id": ANNA, "actor": ANNA}, False),
        ({"detail": {"about": ANNA}}, True),
        ({"detail": {"person": ANNA}}, True),
        ({"detail": {"person": ANNA, "right_person": "p_ben"}}, False),
        ({"detail": {"people": [ANNA]}}, True),
        ({"detail": {"people": [ANNA], "classes": ["6B"]}}, False),
        ({"detail": {"people": [{"person": ANNA}, {"person": "p_ben"}]}}, False),
        ({"object_id": "p_ben"}, False),
    ],
)
def test_a_line_is_about_one_person_or_about_more(
    sqlite_engine: Engine, line: dict[str, Any], alone: bool
) -> None:
    (entry,) = write(sqlite_engine, line)

    assert is_about_alone(entry, ANNA) is alone
