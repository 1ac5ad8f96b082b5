"""The change log seen and reviewed over the API and on its page, by those who oversee."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import text

from audit_log.checkpoint import checkpoints, read_note
from audit_log.db import reading, writing
from tests.audit_api.school import FOUNDED, School, all_pages, fields_of, problem_of
from tests.audit_api.test_changes import drop_guards
from tests.audit_api.test_console import visible

SEEN, REVIEWS = "/api/v1/changes/seen", "/api/v1/changes/reviews"


def newest(school: School) -> tuple[int, str]:
    """The size and the root of the last checkpoint."""
    with reading(school.desk.engine) as conn:
        note = read_note(checkpoints(conn, limit=1)[0].note)
    return note.size, base64.b64encode(note.root).decode()


def test_a_governor_co_signs_what_she_holds(school: School) -> None:
    size, root = newest(school)
    made = school.as_("gail").post(SEEN, json={"size": size, "root": root})

    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["size"], told["root"], told["by"]["name"], told["role"]) == (
        size,
        root,
        "Gail Green",
        "governor",
    )
    (row,) = school.as_("terry").get(SEEN).json()["rows"]
    assert row == told
    assert school.events()[-1] == "change-log:seen"
    (line,) = school.as_("gail").get("/api/v1/changes", params={"limit": 1}).json()["rows"]
    seen = f"has seen the change log up to entry {size}, and holds its checkpoint."
    assert line["says"] == f"Gail Green (governor) {seen}"


def test_a_review_is_told_with_its_note_and_puts_the_next_one_off(school: School) -> None:
    size, _ = newest(school)
    before = school.as_("gail").get(f"{REVIEWS}/due").json()
    assert (before["last"], before["overdue"], before["entries_since"]) == (None, False, size)

    school.as_("gail").post(REVIEWS, json={"size": size, "note": "All reasons make sense."})
    after = school.as_("cora").get(f"{REVIEWS}/due").json()
    assert (after["last"]["size"], after["last"]["note"]) == (size, "All reasons make sense.")
    assert (after["due_at"], after["entries_since"]) == ("2027-02-24T12:00:00Z", 1)
    assert "reviewed the change log up to entry" in school.as_("gail").get("/api/v1/changes").text


def test_reviews_come_page_by_page(school: School) -> None:
    size, _ = newest(school)
    for who in ("gail", "hedy", "cora", "terry"):
        assert school.as_(who).post(REVIEWS, json={"size": size, "note": who}).status_code == 201

    assert [row["note"] for row in all_pages(school.as_("gail"), REVIEWS, limit=2)] == [
        "terry", "cora", "hedy", "gail",
    ]  # fmt: skip
    sheet = school.as_("gail").get(REVIEWS, headers={"Accept": "text/csv"}).text
    assert sheet.splitlines()[0].count(",") >= 5


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"size": True}, "size"), ({"size": "7"}, "size"), ({"size": 0}, "size"), ({}, "size"),
        ({"size": 2**31}, "size"), ({"size": 9999}, "size"),
        ({"size": 1, "root": "x" * 65}, "root"), ({"size": 1, "who": "me"}, "who"),
    ],
)  # fmt: skip
def test_what_cannot_be_signed_names_its_field(school: School, body: dict[str, object], field: str) -> None:
    assert field in fields_of(problem_of(school.as_("gail").post(SEEN, json=body), 422, "bad-input"))


def test_a_root_that_differs_is_told_as_what_it_is(school: School) -> None:
    size, root = newest(school)
    other = ("A" if root[0] != "A" else "B") + root[1:]
    body = problem_of(school.as_("gail").post(SEEN, json={"size": size, "root": other}), 422, "bad-input")

    assert "written anew" in fields_of(body)["root"]


# On the page


def test_the_page_says_up_to_where_it_was_reviewed_and_how_much_came_since(school: School) -> None:
    size, _ = newest(school)
    browser, csrf = school.browser("gail")
    assert "No governor has reviewed it yet." in visible(browser.get("/changes").text)

    led = browser.post("/changes/reviews", data={"csrf": csrf, "review_size": str(size), "note": "Fine."})
    assert (led.status_code, led.headers["location"]) == (303, "/changes?done=reviewed")
    page = visible(browser.get("/changes?done=reviewed").text)
    assert (
        f"Reviewed up to entry {size} by Gail Green on Tue 24 Nov 2026, 12:00; 1 entry after it unread. The"
        in page
    )
    assert "The next review is due by Wednesday 24 February 2027." in page
    assert "Reviewed up to here by Gail Green" in page
    assert "Note: “Fine.”" in page
    assert page.index(f"up to entry {size}.") < page.index("Reviewed up to here")


def test_what_was_seen_is_signed_from_the_page(school: School) -> None:
    size, root = newest(school)
    browser, csrf = school.browser("hedy")
    led = browser.post("/changes/seen", data={"csrf": csrf, "seen_size": f" {size} ", "root": f"{root}\n"})

    assert led.headers["location"] == "/changes?done=seen"
    assert f"Seen up to entry {size} by Hedy Hill" in visible(browser.get("/changes").text)


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/changes/seen", {"seen_size": "9999"}, "the change log has"),
        ("/changes/seen", {"seen_size": "many"}, "the number of entries"),
        ("/changes/seen", {"seen_size": "1", "root": "x" * 65}, "at most 64 characters"),
        ("/changes/seen", {"seen_size": "1", "root": "x"}, "written anew"),
        ("/changes/reviews", {"review_size": "", "note": "kept"}, "the number of entries"),
        ("/changes/reviews", {"review_size": "1", "note": " "}, "what you found"),
        ("/changes/reviews", {"review_size": "1", "note": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_form_at_fault_is_shown_again_with_what_is_wrong(
    school: School, path: str, form: dict[str, str], said: str
) -> None:
    browser, csrf = school.browser("gail")
    answer = browser.post(path, data={"csrf": csrf, **form})

    assert answer.status_code == 422
    assert said in visible(answer.text)
    assert "Is the record whole? Yes." in visible(answer.text)


def test_a_form_of_another_site_signs_nothing(school: School) -> None:
    browser, _ = school.browser("gail")
    size, _ = newest(school)

    assert browser.post("/changes/seen", data={"csrf": "x", "seen_size": str(size)}).status_code == 403
    assert "change-log:seen" not in school.events()


def test_an_overdue_review_is_told_on_the_first_page_and_in_the_figures(school: School) -> None:
    school.clock.now = FOUNDED + timedelta(days=92)
    home = visible(school.browser("terry")[0].get("/").text)
    assert "No governor has reviewed the change log yet." in home
    assert "schoolgate_change_log_review_overdue 1" in school.nobody().get("/metrics").text
    assert "reviewed the change log" not in visible(school.browser("sam")[0].get("/").text)

    size, _ = newest(school)
    school.as_("gail").post(REVIEWS, json={"size": size, "note": "Read."})
    assert "schoolgate_change_log_review_overdue 0" in school.nobody().get("/metrics").text
    assert "reviewed the change log" not in visible(school.browser("terry")[0].get("/").text)


def test_the_page_leads_on_only_to_what_this_reader_may_open(school: School) -> None:
    page = school.browser("gail")[0].get("/changes").text
    for href in ("/verify", "/reviews", "/rights"):
        there = school.browser("gail")[0].get(href).status_code == 200
        assert (f'<a href="{href}">' in page.partition("</nav>")[2]) == there


def test_rows_that_were_made_unreadable_hide_nothing_else(school: School) -> None:
    size, _ = newest(school)
    school.as_("gail").post(SEEN, json={"size": size})
    school.as_("gail").post(REVIEWS, json={"size": size, "note": "Read."})
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE log_review SET at = 'soon', size = 'x', kind = kind"))
        conn.execute(text("INSERT INTO delivery VALUES ('folder', 'x', 'never', 'soon', 7)"))
        conn.execute(text("INSERT INTO delivery VALUES ('mail', 1, NULL, '2026-11-24 12:00:00', x'ff')"))

    page = school.browser("gail")[0].get("/changes")
    assert page.status_code == 200
    assert "Is the record whole? No." in visible(page.text)
    assert school.browser("gail")[0].get("/").status_code == 200
    assert school.nobody().get("/metrics").status_code == 200
    problem_of(school.as_("gail").get(SEEN), 500, "not-whole")
