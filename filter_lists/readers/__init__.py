"""What a list file says. Every line is understood, or counted with its reason and a line number.

A reader never repeats a line, since the list may be one that nobody should read (invariant 3).
"""

from filter_lists.readers.hosts import read_hosts
from filter_lists.readers.plain import read_plain
from filter_lists.report import Reader

READERS: dict[str, Reader] = {"plain": read_plain, "hosts": read_hosts}
