"""Whoever oversees can see what is kept for how long, and what went."""

from datetime import datetime, timedelta

from audit_log.db import reading
from audit_log.parts import tables
from change_control.retention import purge
from change_control.row_seals import state_hours
from tests.audit_api.school import School
from tests.audit_api.test_changes import sealed
from tests.builders import NOON

URL = "/api/v1/retention"
OVER = datetime(2027, 2, 23, 3, 0, tzinfo=NOON.tzinfo)


def test_what_is_kept_how_long_is_told_by_the_policy_in_force(school: School) -> None:
    sealed(school, 2)
    told = school.as_("gail").get(URL).json()

    assert told["kept"] == [
        {
            "keep": "adults",
            "days": 90,
            "url": "host",
            "address": True,
            "search_terms": False,
            "oldest_day": None,
        },
        {
            "keep": "everyone",
            "days": 90,
            "url": "host",
            "address": True,
            "search_terms": False,
            "oldest_day": "2026-11-24",
        },
        {
            "keep": "pupils",
            "days": 90,
            "url": "path",
            "address": True,
            "search_terms": True,
            "oldest_day": None,
        },
    ]
    assert (told["incidents_days"], told["totals_days"], told["holds"]) == (365, 1095, 0)
    assert told["last_purges"] == []
    assert "nothing is removed for two days" in told["waits"]


def test_what_went_is_told_with_its_entry(school: School) -> None:
    sealed(school, 2)
    for at in (OVER - timedelta(days=2), OVER):
        while not state_hours(school.desk, at):
            pass
    assert purge(school.desk, OVER).rows == 2
    told = school.as_("gail").get(URL).json()

    assert [each.pop("entry") > 0 for each in told["last_purges"]] == [True]
    assert told["last_purges"] == [
        {"at": "2027-02-23T03:00:00Z", "keep": "everyone", "day": "2026-11-24", "rows": 2, "kept_back": 0}
    ]
    assert [each["oldest_day"] for each in told["kept"]] == [None, None, None]
    with reading(school.desk.engine) as conn:
        assert all(each.first > NOON.date() for each in tables(conn))


def test_staff_are_not_told(school: School) -> None:
    assert school.as_("tess").get(URL).status_code == 403
