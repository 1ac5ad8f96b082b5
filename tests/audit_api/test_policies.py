"""The policy as people read it: the school's own table, and what a proposal changes."""

from audit_api.policies import difference, table
from tests.builders import a_policy


def test_the_table_is_the_schools_own() -> None:
    rows = {row.category: row for row in table(a_policy())}

    assert rows["gambling"].who == (("everyone", "not allowed"),)
    assert rows["social-media"].who == (
        ("everyone", "not allowed"),
        ("staff", "selected users (communications)"),
    )
    assert rows["pornography"].note == "locked: no lesson opens it"
    assert rows["gambling"].source == "A363"


def test_a_difference_shows_what_goes_and_what_comes() -> None:
    old, new = "a\nb\nc\n", "a\nB\nc\n"

    assert list(difference(old, new)) == [
        ("at", "…"), ("same", " a"), ("minus", "-b"), ("plus", "+B"), ("same", " c"),
    ]  # fmt: skip
    assert list(difference(old, old)) == []


def test_lines_that_look_like_the_head_of_a_difference_are_shown() -> None:
    assert ("plus", "+++ x") in list(difference("a", "a\n++ x"))
