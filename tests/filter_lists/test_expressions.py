"""All expressions at once, none forgotten, however many there are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.expressions import Expressions
from filter_lists.manifest import Pattern
from filter_lists.names import parse_url


def said(pattern: str, scope: str = "page") -> Pattern:
    return (pattern, scope, (("gambling", "bets", ""),))


def test_more_expressions_than_one_set_has_memory_for_are_all_found() -> None:
    expressions = Expressions([said(f"(^|[./])w{number}[a-z]*x{number}($|/)") for number in range(4000)])
    for number in (0, 1, 1999, 2000, 3999):
        found = list(expressions.find(parse_url(f"https://bet.example/w{number}zzx{number}/")))
        assert [each.entry for each in found] == [f"~(^|[./])w{number}[a-z]*x{number}($|/)"]


def test_no_expressions_at_all_are_none() -> None:
    assert not Expressions([])
    assert list(Expressions([]).find(parse_url("https://bet.example/"))) == []


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["odd", "bet", "x$", "^bet", "a.c"]), unique=True),
    st.text("abcdetox/", max_size=8),
)
def test_together_they_find_what_each_finds_alone(patterns: list[str], path: str) -> None:
    url = parse_url(f"https://bet.example/{path}")
    together = [each.entry for each in Expressions([said(pattern) for pattern in patterns]).find(url)]
    alone = [each.entry for pattern in patterns for each in Expressions([said(pattern)]).find(url)]
    assert together == alone
