"""A list can be gone through again, line by line as it came."""

from hypothesis import given
from hypothesis import strategies as st

from filter_lists.readers.twice import kept


@given(lines=st.lists(st.binary(max_size=20) | st.binary(max_size=3).map(lambda unit: unit * 30_000)))
def test_lines_come_again_as_they_came_as_often_as_asked_for(lines: list[bytes]) -> None:
    with kept(iter(lines), b"mark") as (again, marked):
        assert list(again()) == list(again()) == lines
        assert marked is any(b"mark" in line for line in lines)


def test_a_pass_that_is_left_early_does_not_spoil_the_next() -> None:
    lines = [b"%d\n" % number for number in range(100_000)]
    with kept(lines, b"99999") as (again, marked):
        first = again()
        assert [next(first) for _ in range(5)] == lines[:5]
        first.close()  # type: ignore[attr-defined]  # it is a generator
        assert list(again()) == lines
        assert marked
