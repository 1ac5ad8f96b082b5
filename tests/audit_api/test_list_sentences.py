"""Lists that change are named, with how much of them went and came."""

import pytest

from audit_api.list_sentences import lists_told


def change(name: str, before: int, after: int, opened: int, shut: int) -> dict[str, object]:
    return {"list_id": name, "before": before, "after": after, "opened": opened, "shut": shut}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([change("ut1", 90, 85, 10, 5)], "the list ut1 (10 entries gone, 5 come)"),
        ([change("ut1", 9, 8, 1, 0), change("ut1", 5, 9, 0, 4)], "the list ut1 (1 entry gone, 4 come)"),
        ([change("new", 0, 1, 0, 1)], "the list new comes (1 entry)"),
        ([change("old", 1200, 0, 1200, 0)], "the list old goes (1,200 entries)"),
        ([], "no entry comes or goes"),
    ],
)
def test_a_list_that_changes_is_named(changes: list[dict[str, object]], says: str) -> None:
    assert lists_told({"changes": changes}) == says


def test_of_very_many_lists_the_first_are_named() -> None:
    said = lists_told({"changes": [change(f"list-{number:02}", 9, 8, 1, 0) for number in range(15)]})

    assert (said.count("the list list-"), said.endswith(" and 3 more lists")) == (12, True)
