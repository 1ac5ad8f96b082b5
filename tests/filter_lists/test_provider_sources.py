"""However a list is handed over, it comes whole and within its limits, or not at all."""

import hashlib
import io
from pathlib import Path

import pytest

from filter_lists.fetching import Asking, Fetched, FetchError, Known
from filter_lists.lists_model import STARTER, Limits, ListConfig
from filter_lists.provider_sources import FileProvider, HttpProvider, provider_of

CONTENT = b"bad.test/a\n" * 20_000


def test_a_file_is_handed_over_whole(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(CONTENT)
    into = io.BytesIO()

    got = FileProvider("iwf", tmp_path / "list").fetch(into, Asking(Limits(), Known()))

    assert into.getvalue() == CONTENT
    assert got == Fetched(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), Known())


def test_a_file_that_is_too_large_or_missing_is_not(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(CONTENT)

    with pytest.raises(FetchError, match="larger than"):
        FileProvider("iwf", tmp_path / "list").fetch(
            io.BytesIO(), Asking(Limits(bytes=len(CONTENT) - 1), Known())
        )
    with pytest.raises(FetchError, match="cannot be read"):
        FileProvider("iwf", tmp_path / "other").fetch(io.BytesIO(), Asking(Limits(), Known()))


def test_the_made_up_list_is_a_file_like_any() -> None:
    config = ListConfig("t", "starter:illegal-test.txt", "plain", STARTER / "illegal-test.txt", sealed=True)
    into = io.BytesIO()

    provider_of(config).fetch(into, Asking(Limits(), Known()))

    assert b"schoolgate-check.test/illegal/page" in into.getvalue()


def test_what_has_an_address_is_fetched_from_there() -> None:
    config = ListConfig("u", "https://lists.example/urls", "plain", None, sealed=True, provider="iwf")

    assert provider_of(config) == HttpProvider("iwf", "https://lists.example/urls")
