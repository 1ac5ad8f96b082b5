"""How long a decision takes: lookup in the compiled lists, then `decide`. In microseconds.

python -m bench.decide
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from filter_lists.ensure import ensure_index
from filter_lists.index import Index
from filter_lists.names import parse_url
from filter_policy.decide import decide
from filter_policy.model import Person, Policy, Request, Role
from filter_policy.parse import parse_policy

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 40_000
URLS = (
    "https://school-books.test/page", "https://www.bbc.co.uk/bitesize", "https://bets.test/",
    "https://sums.test/play/7", "https://films.test/watch?v=1", "https://nothing-known.test/a/b",
    "https://www.wikipedia.org/wiki/Roman_Britain", "https://friends.test/",
)  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        index = ensure_index(ROOT / "config" / "lists.yaml", Path(state))
        policy = parse_policy((ROOT / "config" / "policy.yaml").read_text(), "bench")
        figures = sorted(_measure(index, policy))
    p50, p99 = figures[len(figures) // 2] / 1000, figures[len(figures) * 99 // 100] / 1000
    print(
        f"decide + lookup: p50 {p50:.1f} us, p99 {p99:.1f} us over {len(figures)} decisions (goal p50 < 30)"
    )


def _measure(index: Index, policy: Policy) -> list[int]:
    pupil = Person("p1", "pupil", Role.PUPIL, ("upper-ks2",), ("6B",))
    now = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    urls = [parse_url(url) for url in URLS]
    figures = []
    for i in range(ROUNDS):
        url = urls[i % len(urls)]
        begun = time.perf_counter_ns()
        decide(Request(pupil, url, index.lookup(url)), policy, now)
        figures.append(time.perf_counter_ns() - begun)
    return figures


if __name__ == "__main__":
    main()
