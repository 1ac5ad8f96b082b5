"""Nobody is accused who did nothing: honest logs, drawn at random or made by our verbs, raise no alarm."""

import random
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from audit_log.db import migrate
from audit_log.offline.verify_changes import check
from change_control.enrolment import enrol
from change_control.envelope import approve_with, new_code
from change_control.errors import ChangeError
from change_control.proposals import propose_unblock
from change_control.reviews import sign
from change_control.tightening import suspend
from tests.audit_log.exports import export_of
from tests.audit_log.forging import Log
from tests.audit_log.honest import an_honest_log
from tests.audit_log.offline_school import SIZE, real, something
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import (
    FOUNDED,
    KEY,
    an_ask,
    an_empty_desk,
    asked_by,
    fill_school,
    somebody,
    the,
)

LOGS = 1000


def test_a_thousand_honest_logs_raise_no_alarm() -> None:
    alarms = []
    for seed in range(LOGS):
        lines, kept = an_honest_log(seed, KEY).export()
        answer = check(lines, [kept], KEY.public_key().public_bytes_raw())
        if answer["status"]:
            alarms.append((seed, answer["headline"], answer["broken"]))

    assert not alarms


def test_a_real_log_is_whole_at_any_length_that_it_ever_had() -> None:
    whole = Log.of(real().lines, KEY)

    assert not [size for size in range(1, SIZE + 1, 9) if check(whole.cut(size).signed().lines())["status"]]


@pytest.mark.torture
def test_a_school_that_does_anything_in_any_order_has_a_whole_record(
    tmp_path: Path, torture_rounds: int
) -> None:
    """Our own verbs, our own database; what they refuse is no change, and leaves no line."""
    desk = an_empty_desk(tmp_path)
    migrate(desk.engine)
    fill_school(desk)
    order = random.Random(5)  # noqa: S311  # not a secret
    for step in range(8 * torture_rounds):
        with suppress(ChangeError):
            something(desk, order.randrange(100), FOUNDED + timedelta(days=1 + step))
    desk.engine.dispose()

    with closing(sqlite3.connect(tmp_path / "schoolgate.sqlite")) as raw:
        answer = check(export_of(raw, KEY.public_key()))

    assert (answer["status"], answer["broken"]) == (0, [])


def test_the_envelope_as_our_own_verbs_use_it_breaks_no_rule_and_is_told(tmp_path: Path) -> None:
    desk = an_empty_desk(tmp_path)
    migrate(desk.engine)
    fill_school(desk)
    terry, hedy, cora, gail = (the(desk, name) for name in ("terry", "hedy", "cora", "gail"))
    approve_with(desk, terry, asked_by(desk, "terry"), an_envelope(desk), "alone with the class", NOON)
    about = the_review(desk)
    for who in (hedy, gail):
        sign(desk, who, about.id, True, "looked at it", NOON)
    suspend(desk, terry, somebody(desk, "gus").id, NOON + timedelta(days=1), "until tomorrow", NOON)
    code = new_code(desk, "cora", an_envelope(desk), "forgot it", NOON)
    enrol(desk, code, "six-odd-blue-socks", NOON)
    with suppress(ChangeError):  # on probation, it opens nothing
        propose_unblock(desk, cora, an_ask(), NOON)
    desk.engine.dispose()

    with closing(sqlite3.connect(tmp_path / "schoolgate.sqlite")) as raw:
        answer = check(export_of(raw, KEY.public_key()))

    assert (answer["status"], answer["broken"]) == (0, [])
    (told,) = [each["lines"] for each in answer["sections"] if each["title"] == "The break-glass code"]
    assert [line.partition(" by ")[2][:11] for line in told] == ["Terry Tyler", "Cora Somebo"]
    assert "2 of 2 others have looked at it (signed by Hedy Hill, Gail Somebody)." in told[0]
    assert "for a new enrolment code" in told[1]
