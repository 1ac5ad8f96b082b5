"""Which lists there are, how long and how old; what they say of a site; never an entry of illegal content."""

from tests.audit_api.listed import ListedSchool
from tests.audit_api.school import School, fields_of, problem_of


def test_the_lists_are_counted_and_not_read_out(school: School) -> None:
    answer = school.as_("gail").get("/api/v1/lists")

    assert answer.json()["generation"] == school.desk.lists().generation
    assert answer.json()["is_agreed"] is False
    assert "abuse.test" not in answer.text


def test_lists_that_are_damaged_are_told_and_no_others_take_their_place(listed: ListedSchool) -> None:
    folder = listed.desk.state / "lists" / listed.agreed.generation
    folder.rename(folder.with_name("away"))

    problem_of(listed.as_("gail").get("/api/v1/lists"), 503, "no-lists")
    problem_of(listed.as_("terry").get("/api/v1/lists/lookup", params={"url": "a.test"}), 503, "no-lists")
    assert "schoolgate_sessions" in listed.nobody().get("/metrics").text


def test_they_come_as_csv_as_well(school: School) -> None:
    answer = school.as_("gail").get("/api/v1/lists", headers={"Accept": "text/csv"})

    assert answer.text.startswith('"list_id","categories","format","licence"')


def test_without_a_licensed_list_that_is_what_it_says(school: School) -> None:
    told = school.as_("gail").get("/api/v1/lists").json()["illegal_content"]

    assert not any(each["installed"] for each in told)
    assert any("no licensed list installed" in each["says"] for each in told)


def test_what_the_lists_say_of_a_site_names_list_entry_and_generation(school: School) -> None:
    answer = school.as_("terry").get("/api/v1/lists/lookup", params={"url": "me:pw@www.BET.test:8443/odds"})

    assert answer.json()["generation"] == school.desk.lists().generation
    (found,) = answer.json()["listings"]
    assert (found["list_id"], found["category"], found["entry"]) == ("gambling-list", "gambling", "bet.test")


def test_no_entry_of_illegal_content_is_read_out(school: School) -> None:
    answer = school.as_("terry").get("/api/v1/lists/lookup", params={"url": "www.abuse.test"})

    assert [each["entry"] for each in answer.json()["listings"]] == [None]


def test_what_is_no_address_is_told(school: School) -> None:
    answer = school.as_("terry").get("/api/v1/lists/lookup", params={"url": "https://[::1"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"url"}
