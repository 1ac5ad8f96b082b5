"""A code works once, and only its hash is kept."""

import threading

from sqlalchemy import Engine, select

from audit_log.db import reading, writing
from audit_log.enrolment import enrolled_count, save_code, use_code
from audit_log.tables import enrolment
from tests.builders import NOON


def test_a_code_works_once(engine: Engine) -> None:
    with writing(engine) as conn:
        save_code(conn, "p_anna", "first-code", NOON)
        save_code(conn, "p_ben", "second-code", NOON)

        assert use_code(conn, "first-code", NOON) == "p_anna"
        assert use_code(conn, "first-code", NOON) is None
        assert use_code(conn, "no-such-code", NOON) is None

    with reading(engine) as conn:
        assert enrolled_count(conn) == 1


def test_a_new_code_replaces_the_old_one(engine: Engine) -> None:
    with writing(engine) as conn:
        save_code(conn, "p_anna", "old", NOON)
        save_code(conn, "p_anna", "new", NOON)

        assert use_code(conn, "old", NOON) is None
        assert use_code(conn, "new", NOON) == "p_anna"


def test_the_code_itself_is_not_kept(engine: Engine) -> None:
    with writing(engine) as conn:
        save_code(conn, "p_anna", "the-code", NOON)

        assert "the-code" not in str(conn.execute(select(enrolment)).all())


def test_a_code_used_twice_at_once_works_once(engine: Engine) -> None:
    with writing(engine) as conn:
        save_code(conn, "p_anna", "the-code", NOON)
    answers: list[str | None] = []

    def use() -> None:
        with writing(engine) as conn:
            answers.append(use_code(conn, "the-code", NOON))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers, key=str) == [None, None, None, "p_anna"]
