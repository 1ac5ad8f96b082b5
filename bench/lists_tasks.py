"""What `bench.lists` asks of fresh processes: each does one thing and prints one line of JSON.

python -m bench.lists_tasks NAME FOLDER
"""

import gc
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.lists_shares import TABLE, sources_in
from bench.real_lists import popular_hosts, rows_in, sources
from filter_lists.compiler import compile_index
from filter_lists.index import Index
from filter_lists.names import NameFault, Url, parse_url
from filter_lists.sources import ListSource

ROUNDS = 5
URLS = "urls.txt"
PRIVATE = re.compile(r"^Private_(?:Clean|Dirty):\s+(\d+) kB$", re.MULTILINE)


def lists_in(folder: Path) -> list[ListSource]:
    """Those of a share; else all there are."""
    return sources_in(folder) if (folder / TABLE).is_file() else sources(folder / "ut1")


def index_in(folder: Path) -> Path:
    return next(path for path in (folder / "index").iterdir() if len(path.name) == 64)


def traffic() -> Iterator[str]:
    """Real requests; and one for each popular host."""
    for row in rows_in("dev/traffic/urls-labelled.tsv"):
        yield row["url"]
    for host in popular_hosts():
        yield f"https://{host}/"


def parsed(texts: Iterable[str]) -> Iterator[Url]:
    for text in texts:
        try:
            yield parse_url(text)
        except NameFault:
            continue


def build(folder: Path) -> dict[str, float]:
    compile_index(lists_in(folder), folder / "index")
    return {}


def start(folder: Path) -> dict[str, float]:
    """Seconds until the first answer."""
    path = index_in(folder)
    begun = time.perf_counter()
    Index.open(path).lookup(Url("https", "bet.example", 443))
    return {"seconds": time.perf_counter() - begun}


def look_up(folder: Path) -> dict[str, float]:
    """Lookups a CPU-second, with list and entry: of URLs that are canonical already, and of text."""
    index, texts = Index.open(index_in(folder)), list(traffic())
    urls = list(parsed(texts))

    def ready() -> int:
        return sum(1 for url in urls if index.lookup(url))

    def from_text() -> int:
        return sum(1 for url in parsed(texts) if index.lookup(url))

    return {
        "names": len(index),
        "hits": ready(),
        "asked": len(urls),
        "ready": len(urls) / _best(ready),
        "from text": len(texts) / _best(from_text),
    }


def _best(work: Callable[[], int]) -> float:
    """CPU seconds of the best of a few rounds: what others do on this machine only ever adds."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def write_urls(folder: Path) -> None:
    """For those who must not keep anything of it in memory."""
    (folder / URLS).write_text("".join(f"{url}\n" for url in traffic()), "utf-8")


def read_urls(folder: Path) -> Iterator[Url]:
    with (folder / URLS).open(encoding="utf-8") as file:
        yield from parsed(line.rstrip("\n") for line in file)


def hold(folder: Path) -> dict[str, float]:
    """Stay, with every page of the map in use that traffic needs, until standard input ends."""
    index = Index.open(index_in(folder))
    print(json.dumps({"hits": sum(1 for url in read_urls(folder) if index.lookup(url))}), flush=True)
    sys.stdin.read()
    return {}


def private(folder: Path) -> dict[str, float]:
    """MB that an index and much traffic add to a process, of what it shares with nobody.

    Traffic has gone by once before, so that what reading it takes is there already.
    """
    asked = sum(1 for _ in read_urls(folder))
    gc.collect()
    before = _private()
    index = Index.open(index_in(folder))
    opened = _private()
    for url in read_urls(folder):
        index.lookup(url)
    return {"asked": asked, "opened": opened - before, "used": _private() - before}


def _private() -> float:
    return sum(int(kb) for kb in PRIVATE.findall(Path("/proc/self/smaps_rollup").read_text())) / 1024


def differences(folder: Path) -> dict[str, float]:
    """In how many answers the index and the oracle differ."""
    from tests.filter_lists.oracle import Oracle, difference

    index, oracle = Index.open(index_in(folder)), Oracle(lists_in(folder))
    probes = [row["url"] for row in rows_in("dev/probes/ut1_domain_probes.tsv")]
    urls = list(parsed((*traffic(), *probes)))
    wrong = sum(1 for url in urls if difference(index, oracle, url))
    return {"hosts": len(oracle.facts), "asked": len(urls), "wrong": wrong}


TASKS: dict[str, Callable[[Path], dict[str, float]]] = {
    "build": build,
    "start": start,
    "look-up": look_up,
    "hold": hold,
    "private": private,
    "differences": differences,
}


def main() -> int:
    told = TASKS[sys.argv[1]](Path(sys.argv[2]))
    if told:
        print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
