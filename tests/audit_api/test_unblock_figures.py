"""How long people wait for an answer, and what becomes of what they ask for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audit_api.unblock_figures import Asked, Figures, figures
from filter_policy.life_cycle import State
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School, an_ask, fields_of, problem_of
from tests.audit_api.test_console import visible
from tests.builders import NOON

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
URL = "/api/v1/unblocks"


def answered(minutes: int, state: State = State.ENDED, used: bool | None = True) -> Asked:
    return Asked(NOON, state, NOON + MINUTE * minutes, NOON + timedelta(days=1), used)


def test_the_median_is_of_those_that_were_answered() -> None:
    requests = [answered(2), answered(10), answered(60, State.DECLINED, None), Asked(NOON, State.REQUESTED)]

    assert figures(requests, *NOVEMBER) == Figures(4, 2, 1, 10)
    assert figures(requests, *NOVEMBER).answered == 3


def test_what_lapsed_and_what_was_never_used_is_counted_when_it_was_over() -> None:
    lapsed = Asked(NOON, State.LAPSED, None, NOVEMBER[1])
    idle = answered(5, used=False)

    assert figures([lapsed, idle], *NOVEMBER) == Figures(2, 1, 0, 5, lapsed=0, never_used=1)


def test_without_a_request_there_is_no_median() -> None:
    assert figures([], *NOVEMBER) == Figures(0, 0, 0, None)


states = st.sampled_from(list(State))
instants = st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
requests = st.builds(
    Asked, instants, states, st.none() | instants, st.none() | instants, st.none() | st.booleans()
)


@given(st.lists(requests), instants)
def test_two_halves_of_a_time_count_what_the_whole_does(every: list[Asked], cut: datetime) -> None:
    whole = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    first, second = figures(every, whole[0], cut), figures(every, cut, whole[1])
    both = figures(every, *whole)

    for name in ("asked", "agreed", "declined", "lapsed", "never_used"):
        assert getattr(first, name) + getattr(second, name) == getattr(both, name)


def test_a_month_is_told_over_the_api_and_in_its_report(school: School) -> None:
    ids = [school.as_("tess").post(URL, json=an_ask()).json()["id"] for _ in range(4)]
    school.clock.forward(minutes=20)
    for id_ in ids[:2]:
        school.as_("terry").post(f"{URL}/{id_}/approve", json={})
    school.as_("terry").post(f"{URL}/{ids[2]}/decline", json={"reason": "no"})
    lesson = NOON + timedelta(minutes=90)
    used = {"verdict": "allow", "reason": "unblock", "unblock_id": ids[0]}
    store(school.desk.engine, [a_row(school.person("anna"), lesson, **used)])
    school.clock.forward(hours=4)
    found = school.as_("gail").get(f"{URL}/figures").json()

    assert found == {
        "month": "2026-11", "asked": 4, "answered": 3, "agreed": 2, "declined": 1, "lapsed": 1,
        "never_used": 1, "waited_minutes": 20,
    }  # fmt: skip
    page = visible(school.browser("gail")[0].get("/reports").text)
    assert "Half of the answers came within 20 minutes." in page
    assert "1 lapsed, since nobody answered in time. 1 that was agreed to was never used." in page


def test_a_month_that_has_not_begun_is_refused(school: School) -> None:
    answer = school.as_("gail").get(f"{URL}/figures", params={"month": "2026-12"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"month"}
