"""One site to a line: domains, URLs without scheme, addresses."""

from collections.abc import Iterable, Iterator

from filter_lists.entry import Entry
from filter_lists.readers.lines import entry_of_text, one_a_line, without_hash
from filter_lists.report import ReadOptions, ReadReport

SLASHES = ("// ", "//\t")


def read_plain(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """One host, address, `host/path` or `host/path?query` to a line; `# comment` on its own or after a blank.

    `.bet.example` and `*.bet.example`, as other filters write it, are `bet.example` and all below.
    A line that begins with `// ` is a comment too.
    """
    return one_a_line(lines, report, lambda text, note: entry_of_text(text, options, note), _without_comment)


def _without_comment(text: str) -> str:
    return "" if text == "//" or text.startswith(SLASHES) else without_hash(text)
