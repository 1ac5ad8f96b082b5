"""Which lists there are and how long; never an entry."""

from tests.audit_api.school import School


def test_the_lists_are_counted_and_not_read_out(school: School) -> None:
    answer = school.as_("gail").get("/api/v1/lists")

    assert answer.json()["generation"] == school.desk.lists().generation
    assert "abuse.test" not in answer.text


def test_they_come_as_csv_as_well(school: School) -> None:
    answer = school.as_("gail").get("/api/v1/lists", headers={"Accept": "text/csv"})

    assert answer.text.startswith('"list_id","category","format","entries"')
