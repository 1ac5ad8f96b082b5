"""A text is read to its end whatever is wrong with it, and each fault has its line."""

from hypothesis import given
from hypothesis import strategies as st

from filter_lists.lists_fields import Fields


def test_faults_come_in_the_order_of_their_lines() -> None:
    fields = Fields("a.yaml")
    rows = fields.mapping(fields.document("one: [1]\ntwo: x\nthree: y\n"), "the file", ("one", "three"))
    fields.value(rows["three"], "three", int)
    fields.value(rows["one"], "one", str)
    assert fields.faults == [
        "a.yaml:1: one: is no text; allowed: a text",
        "a.yaml:2: the file.two: 'two'; allowed: one, three",
        "a.yaml:3: three: 'y'; allowed: invalid literal for int() with base 10: 'y'",
    ]


def test_a_value_is_shown_as_it_may_be_shown() -> None:
    fields = Fields("a.yaml")
    rows = fields.mapping(fields.document("secret: eleven-grey-owls\nlong: " + "x" * 500), "the file")
    fields.value(rows["secret"], "secret", int, lambda _: "(not shown)")
    fields.value(rows["long"], "long", int)
    assert "owls" not in fields.faults[0].partition("allowed")[0]
    assert len(fields.faults[1].partition("; allowed")[0]) < 120


def test_one_text_or_several_are_a_row_of_values() -> None:
    fields = Fields("a.yaml")
    rows = fields.mapping(fields.document("one: 1\nsome: [1, 2]\nnone: []\nbad: [1, x, [2]]"), "the file")
    assert [fields.values(rows[name], name, int) for name in ("one", "some")] == [(1,), (1, 2)]
    assert fields.faults == []
    assert (fields.values(rows["none"], "none", int), fields.values(rows["bad"], "bad", int)) == ((), (1,))
    assert len(fields.faults) == 3


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"\n\t #,?%@\0\x85\u2028é"), max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    fields = Fields("a.yaml")
    for name, node in fields.mapping(fields.document(text), "the file").items():
        fields.values(node, name, str)
    assert all(fault.startswith("a.yaml:") for fault in fields.faults)
