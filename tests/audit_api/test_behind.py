"""What is told of a line from the lines that it answers."""

from sqlalchemy import event, update

from audit_log.db import writing
from audit_log.tables import change_text
from change_control.openings import close_opening, open_for_class
from tests.audit_api.school import School, an_ask
from tests.audit_api.test_policy_effects import STRICTER, agreed, proposed

URL = "/api/v1/changes"


def asked_and_agreed(school: School, reason: str = "fine by me") -> str:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={"reason": reason})
    return str(made["id"])


def says(school: School, username: str = "gail") -> str:
    return str(school.as_(username).get(URL, params={"limit": 1}).json()["rows"][0]["says"])


def test_an_approval_says_who_asked_and_why_and_what_was_remarked(school: School) -> None:
    asked_and_agreed(school)

    assert says(school) == (
        "Terry Tyler (technician) approved the request of Tess Taylor (staff) to open racism-history.test for"
        f" class 6B, Tuesday 24 November 2026, 13:00 to 14:00, because “{an_ask()['reason']}”."
        " Remark: “fine by me”."
    )


def test_a_reason_that_was_erased_is_told_as_erased(school: School) -> None:
    asked_and_agreed(school)
    with writing(school.desk.engine) as conn:
        conn.execute(update(change_text).where(change_text.c.field == "reason").values(text=None))

    assert ", because a reason that was erased by law. Remark: a reason that was" in says(school)
    assert "fine by me" not in says(school)


def test_shutting_again_names_the_class_that_had_it(school: School) -> None:
    tess = school.actor("tess")
    made = open_for_class(school.desk, tess, "6B", 45, "research", school.clock.now)
    entry = len(school.events())
    close_opening(school.desk, tess, made.id, school.clock.now)

    assert says(school) == f"Tess Taylor (staff) shut again what class 6B had been given (entry {entry})."


def test_a_stricter_policy_says_how_many_rows_change_and_links_to_them(school: School) -> None:
    agreed(school)
    made = proposed(school, STRICTER)

    assert says(school).startswith("Terry Tyler (technician) made the policy stricter (1 row changes).")
    page = school.browser("gail")[0].get("/changes").text
    assert f'href="/policy/proposals/{made["id"]}"' in page


def test_a_review_shows_what_was_done_and_leads_to_it(school: School) -> None:
    agreed(school)
    made = proposed(school, STRICTER)
    review = school.as_("gail").get("/api/v1/reviews").json()["rows"][0]
    one = school.as_("gail").get(f"/api/v1/reviews/{review['id']}").json()
    page = school.browser("gail")[0].get(f"/reviews/{review['id']}").text

    assert one["link"] == f"/policy/proposals/{made['id']}"
    assert len(one["what"]) == 1
    assert one["what"][0].partition(":")[0] in page
    assert f'href="/changes?cursor={review["about"] + 1}#entry-{review["about"]}"' in page


def test_the_change_log_has_the_sealed_data_beneath_each_line(school: School) -> None:
    asked_and_agreed(school)
    row = school.as_("gail").get(URL, params={"limit": 1}).json()["rows"][0]
    page = school.browser("gail")[0].get("/changes").text

    assert row["leaf"] in page
    assert f'href="/unblocks/{row["object"]}"' in page
    assert "&#34;proposed_by&#34;" in page


def test_a_page_takes_as_many_queries_with_many_lines_as_with_few(school: School) -> None:
    counted: list[str] = []
    event.listen(school.desk.engine, "before_cursor_execute", lambda *told: counted.append(told[2]))
    numbers = []
    for _ in range(2):
        asked_and_agreed(school)
        school.clock.forward(minutes=1)
        counted.clear()
        says_all = school.as_("gail").get(URL).json()["rows"]
        numbers.append(len(counted))

    assert len(says_all) > 4
    assert numbers[0] == numbers[1]
