"""As a helper of Squid would: a URL and more to a line on standard input, an answer to each.

python -m bench.lists_answer FOLDER
"""

import sys
from pathlib import Path

from filter_lists.index import Index
from filter_lists.names import NameFault, parse_url


def main() -> None:
    look_up, write = Index.open(Path(sys.argv[1])).lookup, sys.stdout.write
    for line in sys.stdin:
        try:
            found = look_up(parse_url(line.partition(" ")[0]))
        except NameFault:
            write("BH\n")
            continue
        if found:
            first = found[0]
            write(f"OK {first.category} {first.list_id} {first.entry}\n")
        else:
            write("ERR\n")


if __name__ == "__main__":
    main()
