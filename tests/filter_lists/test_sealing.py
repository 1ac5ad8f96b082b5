"""What nobody may read is never on our disk as it came, from the first byte to the index."""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filter_lists.generations import open_generation
from filter_lists.listing import Listing
from filter_lists.lists_config import parse_lists
from filter_lists.names import parse_url
from filter_lists.orders import Order, Outcome
from filter_lists.sealed_key import ensure_key, key_path
from filter_lists.sealing import sealed
from filter_lists.source_store import SourceStore
from filter_lists.updating import run
from filter_lists.vouching import RefusedError
from tests.filter_lists.list_server import ListServer, a_list_server

MONDAY = datetime(2027, 3, 1, 6, tzinfo=UTC)
CONTENT = b"made-up-abuse.test/gallery\nmade-up-abuse-two.test\nhttps://made-up-abuse.test/watch?v=1\n"
SECRET = b"made-up-abuse"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ListServer]:
    with a_list_server(tmp_path) as running:
        yield running


def a_text(source: str) -> str:
    return (
        f"lists:\n  abuse: {{source: '{source}', format: plain, category: abuse, sealed: true}}\n"
        "  bets: {source: 'starter:gambling.txt', format: plain, category: gambling}\n"
    )


def update(folder: Path, server: ListServer, source: str, now: datetime = MONDAY) -> Outcome:
    state = folder / "state"
    state.mkdir(exist_ok=True)
    return run(Order(a_text(source), folder, state, None, None, now, server.ca))


def found(folder: Path, outcome: Outcome, url: str) -> tuple[Listing, ...]:
    assert outcome.generation is not None, outcome.faults
    return open_generation(folder / "state", outcome.generation).lookup(parse_url(url))


def everything_kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file())


ZIPPED = gzip.compress(CONTENT, mtime=0)


@pytest.mark.parametrize("content", [CONTENT, ZIPPED, CONTENT.replace(b"\n", b"\r\n")])
def test_a_sealed_list_is_fetched_and_answers_and_lies_nowhere(
    tmp_path: Path, server: ListServer, content: bytes
) -> None:
    outcome = update(tmp_path, server, server.put("/abuse", content, etag='"one"'))

    assert [each.result for each in outcome.lists] == ["fetched", "local"]
    assert found(tmp_path, outcome, "http://made-up-abuse.test/gallery/1") == (
        Listing("abuse", "abuse", "(not shown)"),
    )
    assert found(tmp_path, outcome, "http://made-up-abuse.test/other") == ()
    kept = everything_kept(tmp_path)
    assert SECRET not in kept
    assert SECRET[::-1] not in kept
    assert b"abuse" in kept


def test_the_same_sealed_list_is_asked_for_by_its_tag_and_is_the_same_generation(
    tmp_path: Path, server: ListServer
) -> None:
    url = server.put("/abuse", CONTENT, etag='"one"')
    first = update(tmp_path, server, url)
    later = update(tmp_path, server, url, MONDAY + timedelta(weeks=1))
    server.put("/abuse", b"".join(reversed(CONTENT.splitlines(keepends=True))), etag='"two"')
    again = update(tmp_path, server, url, MONDAY + timedelta(weeks=2))
    assert [each.lists[0].result for each in (first, later, again)] == ["fetched", "unchanged", "unchanged"]
    assert first.generation == later.generation == again.generation


def test_a_sealed_list_that_is_none_leaves_the_old_one(tmp_path: Path, server: ListServer) -> None:
    url = server.put("/abuse", CONTENT)
    first = update(tmp_path, server, url)
    for number, content in enumerate((b"made-up-abuse and more\n", b"", b"<html>", b"\x1f\x8b\x08broken"), 1):
        server.put("/abuse", content)
        outcome = update(tmp_path, server, url, MONDAY + timedelta(weeks=number))
        assert (outcome.lists[0].result, outcome.generation) == ("failed", first.generation)
        assert SECRET not in json.dumps(outcome.to_json()).encode()


def test_a_list_beside_lists_yaml_is_sealed_as_it_is_read(tmp_path: Path, server: ListServer) -> None:
    (tmp_path / "abuse.txt").write_bytes(CONTENT)
    first = update(tmp_path, server, "abuse.txt")
    assert found(tmp_path, first, "http://made-up-abuse-two.test/")
    assert SECRET not in everything_kept(tmp_path)

    (tmp_path / "abuse.txt").write_bytes(CONTENT + b"made-up-abuse-three.test\n")
    second = update(tmp_path, server, "abuse.txt", MONDAY + timedelta(hours=1))
    assert found(tmp_path, second, "http://made-up-abuse-three.test/")
    (tmp_path / "abuse.txt").write_bytes(b"\n")
    third = update(tmp_path, server, "abuse.txt", MONDAY + timedelta(hours=2))
    assert third.faults == ("lists.yaml:2: lists.abuse: not one line is understood as an entry",)
    record = SourceStore(tmp_path / "state").record(parse_lists(a_text("abuse.txt"), tmp_path).lists[0])
    assert (record.failures, record.fetched_at) == (1, MONDAY + timedelta(hours=1))


def test_a_sealed_file_is_as_old_as_its_last_change(tmp_path: Path, server: ListServer) -> None:
    (tmp_path / "abuse.txt").write_bytes(CONTENT)
    store, config = SourceStore(tmp_path / "state"), parse_lists(a_text("abuse.txt"), tmp_path).lists[0]
    for changed in (MONDAY, MONDAY + timedelta(days=1)):
        os.utime(tmp_path / "abuse.txt", (changed.timestamp(), changed.timestamp()))
        update(tmp_path, server, "abuse.txt")
        assert store.record(config).checked_at == changed


def test_lines_that_are_not_understood_are_counted_since_nobody_can_look(
    tmp_path: Path, server: ListServer
) -> None:
    outcome = update(tmp_path, server, server.put("/abuse", CONTENT + b"*bad*\nco.uk\n"))
    assert outcome.lists[0].why == "2 of 5 lines were not understood"


def test_without_its_key_nothing_is_sealed_anew(tmp_path: Path, server: ListServer) -> None:
    """Another key would turn every hash that there is into noise."""
    url = server.put("/abuse", CONTENT)
    first = update(tmp_path, server, url)
    key_path(tmp_path / "state").unlink()
    server.put("/abuse", CONTENT + b"made-up-abuse-three.test\n")

    outcome = update(tmp_path, server, url, MONDAY + timedelta(weeks=1))

    assert outcome.generation is None
    assert "illegal.key" in " ".join((*outcome.faults, outcome.lists[0].why if outcome.lists else ""))
    assert not key_path(tmp_path / "state").exists()
    assert first.generation


def test_a_list_without_an_entry_cannot_be_sealed(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="not one line"):
        sealed(b"# nothing\n", ensure_key(tmp_path))
