"""A named person's browsing is never read without a line that says so, whatever leads to that person."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, delete
from starlette.testclient import TestClient

from audit_api.few import Narrowing, Recorded, Veil
from audit_log.db import writing
from audit_log.filtering_log import LogRow
from audit_log.parts import table_for
from audit_log.people import change_person
from audit_log.tables import filtering_log
from filter_policy.model import Role
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import HASHER, School, fields_of, problem_of
from tests.audit_api.test_filtering_log import URL, record, rows
from tests.audit_api.test_unblocks import act, asked
from tests.builders import NOON, a_person


@pytest.fixture
def browsed(school: School) -> School:
    for minute, username in enumerate(("rory", "anna", "ben", "tess", "gail", None), start=1):
        record(school, username, minute)
    return school


def unblock_for(school: School, **whom: list[str]) -> str:
    made = asked(school.as_("tess"), **{"for": whom})
    act(school.as_("terry"), made["id"], "approve")
    id_: str = made["id"]
    return id_


def opened(school: School, username: str, unblock_id: str, minute: int = 1) -> str:
    return record(
        school, username, minute, unblock_id=unblock_id, rule=f"unblock.{unblock_id}", reason="unblock",
        verdict="allow", category=None,
    )  # fmt: skip


def lines(school: School) -> list[dict[str, Any]]:
    wanted = {"event": "filtering-log:read"}
    found: list[dict[str, Any]] = school.as_("gail").get("/api/v1/changes", params=wanted).json()["rows"]
    return found


@pytest.mark.parametrize(
    "wanted", [{"class": "RH"}, {"group": "reception-ks1"}, {"class": "RH", "host": "bet.test"}]
)
def test_a_filter_that_leads_to_few_needs_a_purpose_and_is_recorded(
    browsed: School, wanted: dict[str, str]
) -> None:
    body = problem_of(browsed.as_("cora").get(URL, params=wanted), 422, "bad-input")
    assert set(fields_of(body)) == {"purpose"}
    assert lines(browsed) == []

    found = rows(browsed, "cora", **wanted, purpose="a report by a parent")
    rory = browsed.person("rory").id
    assert [row["who"] for row in found] == ["Rory Reed"]
    assert [(line["object"], line["detail"]) for line in lines(browsed)] == [
        (rory, {"about": rory, "rows": 1})
    ]


@pytest.mark.parametrize(
    "wanted", [{"class": "RH"}, {"group": "reception-ks1"}, {"class": "6B", "group": "lower-ks2"}]
)
def test_a_governor_never_filters_down_to_few(browsed: School, wanted: dict[str, str]) -> None:
    answer = browsed.as_("gail").get(URL, params={**wanted, "purpose": "x"})

    if answer.status_code == 200:  # nobody at all is in both
        assert answer.json()["rows"] == []
    else:
        assert "wider" in problem_of(answer, 403, "wrong-role")["detail"]
    assert lines(browsed) == []


def test_a_governor_is_told_so_on_the_page(browsed: School) -> None:
    page = browsed.browser("gail")[0].get("/filtering-log", params={"class": "RH"})

    assert page.status_code == 422
    assert "choose a wider one" in page.text
    assert "bet.test" not in page.text


def test_who_has_left_hides_nobody(browsed: School) -> None:
    for username in ("pim", "pip", "pod"):
        ended = browsed.as_("hedy").post(
            f"/api/v1/people/{browsed.person(username).id}/end", json={"reason": "left"}
        )
        assert ended.status_code == 200

    problem_of(browsed.as_("gail").get(URL, params={"class": "6A"}), 403, "wrong-role")


def test_a_reference_leads_to_one_person_and_is_a_reading_by_name(browsed: School) -> None:
    reference = rows(browsed, "cora")[1]["reference"]  # of Anna's row
    nobodys = rows(browsed, "cora")[-1]["reference"]

    problem_of(browsed.as_("gail").get(URL, params={"reference": reference}), 403, "wrong-role")
    problem_of(browsed.as_("cora").get(URL, params={"reference": reference}), 422, "bad-input")
    assert lines(browsed) == []
    assert len(rows(browsed, "gail", reference=nobodys)) == 1
    found = rows(browsed, "cora", reference=reference, purpose="she came with the code")
    assert [row["who"] for row in found] == ["Anna Akhtar"]
    assert [line["says"] for line in lines(browsed)] == [
        "Cora Clark (coordinator) looked at what a pupil of 6B browsed (1 row)."
    ]


def test_an_unblock_for_single_people_names_nobody_in_a_row(school: School) -> None:
    alone, whole_class = unblock_for(school, people=["anna"]), unblock_for(school, classes=["6B"])
    opened(school, "anna", alone, 1)
    opened(school, "anna", whole_class, 2)
    opened(school, "tess", whole_class, 3)  # the only teacher of that class

    for username in ("gail", "terry"):
        found = [(row["unblock_id"], row["rule"]) for row in rows(school, username)]
        assert found == [(None, None), (whole_class, f"unblock.{whole_class}"), (None, None)]
    problem_of(school.as_("gail").get(URL, params={"unblock": alone}), 403, "wrong-role")
    problem_of(school.as_("cora").get(URL, params={"unblock": alone}), 422, "bad-input")
    assert len(rows(school, "gail", unblock=whole_class)) == 1  # not that of its one teacher
    by_name = rows(school, "cora", unblock=alone, purpose="a report")
    assert [(row["who"], row["unblock_id"]) for row in by_name] == [("Anna Akhtar", alone)]


def test_a_group_of_few_does_not_tell_who_it_was(school: School) -> None:
    record(school, "gail", 1, filter_groups=["governors"], rule="access.video.governors", role="governor")
    record(school, "tess", 2, rule="access.video.staff")
    record(school, "anna", 3, filter_groups=["lower-ks2", "upper-ks2"])  # no other pupil of 6B is in both
    record(school, "rory", 4)  # all of RH are in that group

    found = [(row["who"], row["groups"], row["rule"]) for row in rows(school, "cora")]
    assert found == [
        ("a member of staff", [], None),
        ("a member of staff", [], None),
        ("a pupil of 6B", ["upper-ks2"], None),  # as of all others there
        ("a pupil of RH", ["reception-ks1"], "access.gambling.everyone"),
    ]


def a_log_row() -> LogRow:
    return LogRow(
        event_id="01" * 13, reference="ABC-DEF", at=NOON, kind="request", person_id=None, role="pupil",
        filter_groups=(), classes=("6A",), client_address=None, method=None, url=None, host="video.test",
        category="video", list_id=None, entry=None, verdict="block", reason="category-not-allowed", rule=None,
        unblock_id=None, policy_revision="r1", search_terms=None, page=True, keep="pupils", status=None,
        bytes_up=None, bytes_down=None, duration_ms=None, outcome=None,
    )  # fmt: skip


groups_of_pupils = st.lists(
    st.frozensets(st.sampled_from(("upper-ks2", "library", "sen")), min_size=1), min_size=5, max_size=5
)


@settings(max_examples=150, deadline=None)
@given(now=groups_of_pupils, then=groups_of_pupils, narrowed=st.sampled_from((None, "6A", "6B")))
def test_rows_of_a_class_are_alike_whatever_groups_its_pupils_are_and_were_in(
    now: list[frozenset[str]], then: list[frozenset[str]], narrowed: str | None
) -> None:
    people = [a_person(f"p{n}", tuple(groups), classes=("6A",)) for n, groups in enumerate(now)]
    past = frozenset(Recorded("pupil", groups, frozenset({"6A"})) for groups in then)
    veil = Veil(people, Narrowing(class_name=narrowed), {}, past)
    shown = [
        veil.over(replace(a_log_row(), filter_groups=tuple(groups), rule=f"access.video.{min(groups)}"))
        for groups in then
    ]

    assert len(set(shown)) == 1
    assert all(set(row.filter_groups) <= groups for row, groups in zip(shown, then, strict=True))


READERS = ("anna", "qui", "quo", "qux", "tess", "hedy", "gus", None)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    who=st.lists(st.sampled_from(READERS), min_size=1, max_size=8),
    wanted=st.sampled_from(
        ({"class": "6B"}, {"group": "upper-ks2"}, {"group": "staff"}, {"class": "6B", "reason": "suspended"})
    ),
    limit=st.integers(1, 3),
    reason=st.sampled_from(("suspended", "no-rule")),
)
def test_nothing_tells_whether_there_are_rows_that_are_left_out(
    school: School, who: list[str | None], wanted: dict[str, str], limit: int, reason: str
) -> None:
    made = [
        a_row(school.person(name) if name else None, NOON - timedelta(minutes=n), opened_in=1, reason=reason)
        for n, name in enumerate(who)
    ]
    store(school.desk.engine, made)
    seal_up_to(school.desk.engine, 1)
    gail = school.as_("gail")
    before = seen(gail, wanted, limit)
    shown = {row["id"] for page in before[0] for row in page["rows"]}
    if before[1] is not None:  # it was not refused
        remove(school, [row["event_id"] for row in made if row["event_id"] not in shown])
        assert seen(gail, wanted, limit) == before
    remove(school, [row["event_id"] for row in made])


def seen(reader: TestClient, wanted: dict[str, str], limit: int) -> tuple[list[Any], Any, Any, Any]:
    """All pages, and of an export its number of rows, the rows and what the change log says."""
    pages: list[Any] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        answer = reader.get(URL, params={**wanted, "limit": limit, **cursor})
        if answer.status_code == 403:
            return [], None, None, None
        pages.append(answer.json())
        cursor = {"cursor": pages[-1]["next"]} if pages[-1]["next"] else None
    export = reader.get(f"{URL}/export", params={**wanted, "format": "jsonl"})
    own = {"export_event": None, "export_mark": None}  # each export's own
    told = [{**json.loads(line), **own} for line in export.text.splitlines()]
    line = reader.get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    return pages, export.headers["export-rows"], told, line["detail"]


def remove(school: School, ids: list[str]) -> None:
    with writing(school.desk.engine) as conn:
        table = filtering_log.to_metadata(MetaData(), name=table_for(conn, NOON.date()))
        conn.execute(delete(table).where(table.c.event_id.in_(ids)))


def test_the_pages_of_a_class_do_not_stop_at_what_its_one_teacher_browsed(school: School) -> None:
    for minute, username in enumerate(("anna", "tess", "qui", "tess", "quo", "tess"), start=1):
        record(school, username, minute)
    pages = seen(school.as_("gail"), {"class": "6B"}, 1)[0]

    assert [[row["who"] for row in page["rows"]] for page in pages] == [["a pupil of 6B"]] * 3


def test_who_was_alone_in_a_group_then_is_not_found_by_it_now(school: School) -> None:
    """The register says that many are in it; the log, that one was."""
    record(school, "qui", 90)
    for minute, username in enumerate(("qui", "quo", "qux", "anna"), start=1):
        record(school, username, minute)
    gail, then = school.as_("gail"), {"group": "upper-ks2", "to": "2026-11-24T11:00:00Z"}

    problem_of(gail.get(URL, params=then), 403, "wrong-role")
    problem_of(gail.get(f"{URL}/export", params=then), 403, "wrong-role")
    problem_of(school.as_("cora").get(URL, params=then), 422, "bad-input")
    assert [row["who"] for row in rows(school, "cora", **then, purpose="a report")] == ["Qui Quick"]
    assert len(rows(school, "gail", group="upper-ks2", to="2026-11-24T12:00:00Z")) == 5
    assert rows(school, "gail", group="upper-ks2", to="2026-11-24T10:00:00Z") == []


@pytest.mark.parametrize(
    ("reason", "rule"), [("investigation", "investigation.c1"), ("isolated", "isolation.i1")]
)
def test_rows_of_a_case_say_so_and_not_of_which_case(school: School, reason: str, rule: str) -> None:
    """Whom a case is about may read this log too (S15); what was looked into is shown to have been (S175)."""
    record(school, "tess", 1, reason=reason, rule=rule)

    for reader in ("gail", "terry"):
        assert [(row["reason"], row["rule"]) for row in rows(school, reader)] == [(reason, None)]
    problem_of(school.as_("gail").get(URL, params={"reason": reason}), 403, "wrong-role")
    named = rows(school, "hedy", reason=reason, purpose="a case")
    assert [(row["reason"], row["rule"]) for row in named] == [(reason, rule)]


def test_who_was_suspended_is_not_found_by_the_reason(school: School) -> None:
    record(school, "anna", 1, reason="suspended", rule=None)
    record(school, "ben", 2, reason="category-not-allowed")
    told = [(row["who"], row["reason"]) for row in rows(school, "gail")]
    suspended = {"reason": "suspended"}

    assert told == [("a pupil of 6B", "about-the-person"), ("a pupil of 6A", "category-not-allowed")]
    problem_of(school.as_("gail").get(URL, params=suspended), 403, "wrong-role")
    by_name = rows(school, "cora", **suspended, purpose="a report")
    assert [(row["who"], row["reason"]) for row in by_name] == [("Anna Akhtar", "suspended")]
    assert [line["object"] for line in lines(school)] == [school.person("anna").id]


def test_where_many_were_suspended_no_row_says_of_which_class(school: School) -> None:
    for minute, username in enumerate(("anna", "ben", "pim", "pip"), start=1):
        record(school, username, minute, reason="suspended")
    record(school, "tess", 5, reason="suspended")  # the only one of the staff

    assert [row["who"] for row in rows(school, "gail", reason="suspended")] == ["a pupil"] * 4


def test_a_class_is_not_told_where_the_filter_leaves_few_of_it(school: School) -> None:
    """Four pupils of 6A and Anna alone of 6B were given something: a row that says 6B would be hers."""
    mixed = unblock_for(school, classes=["6A"], people=["anna"])
    opened(school, "anna", mixed, 1)
    opened(school, "ben", mixed, 2)

    assert [row["who"] for row in rows(school, "gail", unblock=mixed)] == ["a pupil", "a pupil of 6A"]


def test_a_look_by_name_says_who_was_looked_at(browsed: School) -> None:
    for wanted in ({"class": "RH"}, {"class": "6B"}, {"group": "staff"}, {"class": "Anna Akhtar"}, {}):
        rows(browsed, "hedy", names="yes", purpose="a review", **wanted)
    told = [(line["object"], line["says"]) for line in reversed(lines(browsed))]
    ids = {name: browsed.person(name).id for name in ("rory", "anna", "tess", "gail")}
    says = {
        ids["rory"]: "a pupil of RH", ids["anna"]: "a pupil of 6B", ids["tess"]: "Tess Taylor",
        ids["gail"]: "Gail Green",
    }  # fmt: skip
    abouts = [
        ids["rory"], *sorted((ids["anna"], ids["tess"])), *sorted((ids["tess"], ids["gail"])),
    ]  # fmt: skip

    assert told == [
        *((one, f"Hedy Hill (headteacher) looked at what {says[one]} browsed (1 row).") for one in abouts),
        ("everybody", "Hedy Hill (headteacher) looked at the filtering log with names (0 rows)."),
        ("everybody", "Hedy Hill (headteacher) looked at the filtering log with names (6 rows)."),
    ]


def test_a_page_that_shows_few_by_name_says_who(browsed: School) -> None:
    rows(
        browsed,
        "cora",
        names="yes",
        purpose="a review",
        to="2026-11-24T11:57:30Z",
        **{"from": "2026-11-24T11:56:30Z"},
    )

    assert [line["object"] for line in lines(browsed)] == [browsed.person("ben").id]


def test_whoever_asked_and_became_a_governor_sees_no_pupils_name(school: School) -> None:
    id_ = unblock_for(school, people=["anna"])
    with writing(school.desk.engine) as conn:
        change_person(
            conn, school.person("tess").id, role=Role.GOVERNOR, console_hash=HASHER.hash("x" * 12),
            console_changed_at=NOON, console_must_change=False,
        )  # fmt: skip

    assert school.as_("tess").get(f"/api/v1/unblocks/{id_}").json()["for"]["people"] == [
        {"id": None, "name": "a pupil of 6B"}
    ]
    assert "Anna" not in school.browser("tess")[0].get(f"/unblocks/{id_}").text
