"""How far a long task is."""

import io
from contextlib import redirect_stderr

from schoolgate.progress import Lines, shown_progress


def test_elsewhere_each_stage_is_a_line_and_so_is_each_tenth_of_it() -> None:
    said: list[str] = []
    lines = Lines(said.append)
    for done in range(0, 101, 4):
        lines.show("compiling", done, 100)
    lines.show("checking", 0, 0)
    lines.show("checking", 0, 0)

    assert said[0] == "compiling"
    assert said[-1] == "checking"
    assert "compiling: 52 of 100" in said
    assert len(said) == 12


def test_where_nobody_watches_lines_go_to_stderr() -> None:
    with redirect_stderr(io.StringIO()) as stderr, shown_progress(terminal=False) as show:
        show("fetching ut1", 0, 0)

    assert stderr.getvalue() == "fetching ut1\n"


def test_on_a_terminal_there_is_a_bar_that_goes_again() -> None:
    with redirect_stderr(io.StringIO()) as stderr, shown_progress(terminal=True) as show:
        show("fetching ut1", 0, 0)
        show("compiling", 1, 10)
        show("compiling", 10, 10)

    assert "compiling" not in stderr.getvalue().split("\n")[-1]
