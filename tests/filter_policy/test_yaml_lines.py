"""Plain values and the line of each; whatever is no plain YAML is refused, with its line."""

from datetime import date

import pytest

from filter_policy.yaml_lines import DEEPEST, YamlFault, load_with_lines

TEXT = """\
# a comment
school:
  name: Oak
  terms:
    - [2026-09-02,
       2026-10-23]
    - [7, true, null]
7: x
"""


def test_values_are_plain_and_each_word_is_one() -> None:
    found, _ = load_with_lines(TEXT)

    terms = [[date(2026, 9, 2), date(2026, 10, 23)], [7, True, None]]
    assert found == {"school": {"name": "Oak", "terms": terms}, "7": "x"}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("school",), 2),
        (("school", "name"), 3),
        (("school", "terms"), 4),
        (("school", "terms", 0), 5),
        (("school", "terms", 0, 1), 6),
        (("school", "terms", 1, 2), 7),
        (("7",), 8),
        ((), 2),
    ],
)
def test_each_value_knows_the_line_where_it_begins(path: tuple[str | int, ...], line: int) -> None:
    assert load_with_lines(TEXT)[1].of(path) == line


def test_what_is_missing_has_the_line_of_what_it_is_missing_from() -> None:
    _, lines = load_with_lines(TEXT)

    assert lines.of(("school", "terms", 0, "first", "day")) == 5
    assert lines.of(("school", "colour")) == 2
    assert lines.of(("nothing", "at", "all")) == 2


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n"])
def test_a_file_that_says_nothing_holds_nothing_from_its_first_line(text: str) -> None:
    found, lines = load_with_lines(text)

    assert found is None
    assert lines.of(("school", "name")) == 1


def test_a_word_that_stands_twice_is_told_with_its_second_line() -> None:
    found, lines = load_with_lines("a: 1\nb: {c: 1,\n  c: 2}\na: 3\n")

    assert found == {"a": 3, "b": {"c": 2}}
    assert lines.repeated == [(3, "c"), (4, "a")]


def deep(rows: int) -> str:
    return f"a: 1\nb: {'[' * rows}{']' * rows}\n"


def test_rows_within_rows_are_read_to_the_depth_that_is_told() -> None:
    assert load_with_lines(deep(DEEPEST - 1))[0]  # the file itself is the first
    with pytest.raises(YamlFault, match=r"^2: rows within rows, more than 20 deep$"):
        load_with_lines(deep(DEEPEST))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: &x [1]\nc: *x\n", 3, "aliases (*name) are not read here"),
        ("a: 1\nb: !!str 2\n", 2, "tags (!!name) are not read here"),
        ("a: 1\nb: !!map {}\n", 2, "tags (!!name) are not read here"),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("a: [1,\n  2\nb: 3\n", 3, "did not find expected ',' or ']'"),
        ("a: 1\nterms: [2026-13-01]\n", 2, "month must be in 1..12"),
        ("a: 1\n\nday: 2026-02-30\n", 3, "day is out of range for month"),
        ("a: \0\n", 1, "not YAML: ReaderError"),
        ("a: \ud800\n", 1, "not YAML: UnicodeEncodeError"),
    ],
)
def test_what_is_not_read_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(YamlFault) as error:
        load_with_lines(text)

    assert (error.value.line, error.value.why[: len(why)]) == (line, why)
    assert str(error.value) == f"{line}: {error.value.why}"
