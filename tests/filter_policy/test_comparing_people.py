"""What a change of somebody's classes and groups opens, and how it is told."""

import pytest

from filter_policy.cells import Who
from filter_policy.comparing import MOST_OF_ONE, Comparison, Example, compare, compare_people
from filter_policy.model import Person
from filter_policy.parse import parse_policy
from tests.builders import POLICY, a_person, a_policy, a_teacher

AMY, TESS = a_person("amy", classes=("6A",)), a_teacher()
LEO = a_person("leo", ("lower-ks2",), classes=("6A",))
SETS = [("gambling", "video")]


def change(before: Person, after: Person, *more: Who) -> Comparison:
    return compare_people(a_policy(), [Who(before, after, "somebody"), *more], SETS)


def test_who_stays_as_he_is_finds_nothing_more_open() -> None:
    found = change(AMY, AMY)

    assert (found.more_open, found.less_open, found.opens, found.shuts, found.hides) == (0, 0, (), (), ())
    assert found.is_whole
    assert not found.loosening


@pytest.mark.parametrize(
    ("before", "after", "example"),
    [
        (
            AMY,
            a_person("amy", classes=("6B",)),
            Example(
                "somebody", "sites of discrimination", "at any time", "with an unblock for 6B",
                "block (category-not-allowed)", "allow (unblock)",
                ("access.discrimination.everyone", "unblock.unblock"),
            ),
        ),
        (
            a_person(groups=("reception-ks1",)),
            a_person(groups=("upper-ks2",)),
            Example(
                "somebody", "sites on no list", "at any time", "",
                "block (unlisted-not-allowed)", "allow (unlisted-allowed)",
                ("filter_groups.reception-ks1.unlisted", "filter_groups.upper-ks2.unlisted"),
            ),
        ),
        (
            TESS,
            a_person("tess"),
            Example(
                "somebody", "sites of discrimination", "at any time", "with an unblock for upper-ks2",
                "block (category-not-allowed)", "allow (unblock)",
                ("access.discrimination.everyone", "unblock.unblock"),
            ),
        ),
        (
            LEO,
            a_person("leo", ("lower-ks2",), classes=("6A", "6B")),
            Example(
                "somebody", "sites on no list", "at any time", "opened by staff for 6B",
                "block (needs-staff-permission)", "allow (unlisted-allowed)",
                ("filter_groups.lower-ks2.unlisted", "filter_groups.lower-ks2.unlisted"),
            ),
        ),
    ],
)  # fmt: skip
def test_whatever_opens_for_somebody_is_told_and_the_way_back_shuts_as_much(
    before: Person, after: Person, example: Example
) -> None:
    there, back = change(before, after), change(after, before)

    assert there.loosening
    assert there.opens[0] == example
    assert len(there.opens) == MOST_OF_ONE
    assert (there.more_open, there.less_open) == (back.less_open, back.more_open)
    assert (there.cells, there.asked) == (back.cells, back.asked)
    assert len(back.shuts) == MOST_OF_ONE
    first = back.shuts[0]
    assert (first.before, first.after, first.rules) == (example.after, example.before, example.rules[::-1])


def test_two_people_are_counted_and_told_as_two_and_the_same_twice_as_one() -> None:
    other = a_person("amy", classes=("6B",))
    one = change(AMY, other)
    both = change(AMY, other, Who(AMY, other, "another"), Who(AMY, other, "somebody"))

    assert (both.more_open, both.less_open) == (2 * one.more_open, 2 * one.less_open)
    assert (both.cells, both.asked) == (2 * one.cells, 2 * one.asked)
    assert [each.who for each in both.opens] == ["somebody"] * MOST_OF_ONE + ["another"] * MOST_OF_ONE


def test_a_class_and_a_group_less_shut_what_is_opened_in_their_name() -> None:
    found = change(a_person(groups=("upper-ks2", "lower-ks2"), classes=("6A",)), a_person())

    assert (found.more_open, found.loosening) == (0, False)
    assert {each.how for each in found.shuts} <= {"with an unblock for 6A", "with an unblock for lower-ks2"}
    assert found.less_open > 0


def test_a_policy_that_opens_a_kind_is_told_by_what_it_opens() -> None:
    new = POLICY.replace("{source: A363, everyone: not_allowed}", "{source: A363, everyone: allowed}")
    found = compare(parse_policy(POLICY), parse_policy(new), [], [])

    assert (found.less_open, found.shuts, found.hides, found.is_whole) == (0, (), (), True)
    assert {each.what for each in found.opens} == {"sites of gambling"}
    assert {(each.before, each.after) for each in found.opens} == {
        ("block (category-not-allowed)", "allow (category-allowed)")
    }
    assert found.opens[0].rules == ("access.gambling.everyone", "access.gambling.everyone")
