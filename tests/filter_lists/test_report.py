"""Each line of a list is understood or skipped, once."""

from filter_lists.report import ReadReport, Why


def test_a_line_that_says_two_things_is_taken_back_once() -> None:
    report = ReadReport(lines=2, understood=2)
    for line in (1, 1, 2):
        report.at = line
        report.take_back(Why.EXCEPTION)
    assert (report.understood, report.skipped[Why.EXCEPTION].count, report.skipped[Why.EXCEPTION].line) == (
        0,
        2,
        1,
    )
