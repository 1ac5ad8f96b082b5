"""Which indexes lead to what is sought, and what they answer by themselves."""

from audit_log.search_filter import Filter, Sought
from audit_log.search_paths import every_row, paths_of


def paths(whos: tuple[int, ...] | None = None, **what: object) -> dict[str, int]:
    """The indexes, and how many streams each has."""
    of = Sought(Filter(**what), whos)  # type: ignore[arg-type]  # each test says what it asks for
    return {path.index: len(path.streams) for path in paths_of(of)}


def test_each_thing_asked_for_is_a_path_of_its_own() -> None:
    assert paths((3, 4), class_name="6B", category="news", person_id="p_anna") == {
        "person": 1,
        "who": 2,
        "category": 2,
    }


def test_what_people_look_through_has_shorter_paths() -> None:
    assert paths((3,), class_name="6B", category="news", verdict="block") == {
        "shown_who": 1,
        "shown_category": 1,
    }


def test_what_most_rows_have_is_no_path() -> None:
    assert paths(reason="category-allowed", kind="request", verdict="allow") == {}
    assert every_row(Sought(Filter())).index == "at"
    assert every_row(Sought(Filter(pages_only=True))).index == "shown"


def test_a_reference_is_looked_up_and_nothing_else() -> None:
    assert paths((3,), class_name="6B", reference="000-001") == {"reference": 1}
