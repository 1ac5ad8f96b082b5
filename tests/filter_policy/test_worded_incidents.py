"""A change of what the school says of incidents is told in words, whatever part of it changes."""

import pytest

from filter_policy.comparing import compare
from filter_policy.parse import parse_policy
from filter_policy.worded import worded
from tests.builders import POLICY

OF_INCIDENTS = (
    ("report_minutes: 61", "incidents: reported at once means within: 60 minutes -> 61 minutes"),
    ("repeated_blocks: {times: 21}", "incidents: blocked tries that report themselves: 20 within 10 minutes"
     " -> 21 within 10 minutes"),
    ("tasks: {parents: 1}", "incidents: days until overdue, informing parents: none -> 1"),
    ("letters: {parents: Dear}", "incidents: letter to parents: none -> Dear"),
    ("webhook: https://a.test/", "incidents: told to a case system at: none -> https://a.test/"),
    ("sanctions: {A1: [a, b]}", "incidents: sanctions of A1: none -> a; b"),
)  # fmt: skip


@pytest.mark.parametrize(("row", "says"), OF_INCIDENTS)
def test_each_change_is_said_and_takes_two_people_both_ways(row: str, says: str) -> None:
    old, new = parse_policy(POLICY), parse_policy(f"{POLICY}incidents: {{{row}}}\n")

    assert [(each.section, each.says) for each in worded(old, new)] == [("incidents", says)]
    for one, other in ((old, new), (new, old)):
        assert compare(one, other, (), ()).hides == ("incidents",)


def test_what_only_names_the_usual_changes_nothing() -> None:
    same = parse_policy(POLICY + "incidents: {report_minutes: 60}\n")
    assert not worded(parse_policy(POLICY), same)
    assert not compare(parse_policy(POLICY), same, (), ()).loosening
