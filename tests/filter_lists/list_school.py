"""A school with lists: a folder with lists.yaml, the state beside it, and a server on loopback."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filter_lists.generations import open_generation
from filter_lists.lists_config import parse_lists
from filter_lists.names import parse_url
from filter_lists.orders import Order, Outcome
from filter_lists.source_store import Record, SourceStore
from filter_lists.updating import run
from tests.filter_lists.list_server import ListServer

MONDAY = datetime(2027, 3, 1, 6, tzinfo=UTC)


@dataclass
class School:
    """`lists` are rows of lists.yaml."""

    folder: Path
    server: ListServer
    lists: dict[str, str] = field(default_factory=dict)
    checks: str = "{}"
    now: datetime = MONDAY

    @property
    def text(self) -> str:
        rows = "".join(f"  {list_id}: {{{row}}}\n" for list_id, row in self.lists.items())
        return f"lists:\n{rows}checks: {self.checks}\n"

    @property
    def store(self) -> SourceStore:
        return SourceStore(self.folder / "state")

    def order(self, fetch: tuple[str, ...] | None = None, base: str | None = None) -> Order:
        return Order(self.text, self.folder, self.folder / "state", fetch, base, self.now, self.server.ca)

    def update(self, fetch: tuple[str, ...] | None = None, base: str | None = None) -> Outcome:
        return run(self.order(fetch, base))

    def feed(self, list_id: str, content: bytes | str, more: str = "", **headers: str) -> None:
        """A list on the server, in the category `gambling`, fetched every day."""
        url = self.server.put(f"/{list_id}", content, **headers)
        self.lists[list_id] = f"source: '{url}', format: plain, category: gambling, every: 1 day{more}"

    def record(self, list_id: str) -> Record:
        config = parse_lists(self.text, self.folder).get(list_id)
        assert config is not None
        return self.store.record(config)

    def lists_of(self, generation: str | None, url: str) -> list[str]:
        assert generation is not None
        index = open_generation(self.folder / "state", generation)
        return [hit.list_id for hit in index.lookup(parse_url(url))]


def results(outcome: Outcome) -> dict[str, str]:
    return {each.list_id: each.result for each in outcome.lists}
