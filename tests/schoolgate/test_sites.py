"""The example sites, asked directly."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect

from schoolgate.demo.authority import ExampleAuthority
from schoolgate.demo.sites import ExampleSites, Page

PAGES = {"bets.test": Page("Bets & more", "Words.", "gambling"), "news.test": Page("News", "Words.")}


@pytest.fixture(scope="module")
def authority() -> ExampleAuthority:
    return ExampleAuthority()


@pytest.fixture(scope="module")
def sites(authority: ExampleAuthority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSites]:
    folder: Path = tmp_path_factory.mktemp("sites")
    serving = ExampleSites(PAGES, authority.write_site(PAGES, folder))
    serving.start()
    yield serving
    serving.stop()


@pytest.fixture
def client(sites: ExampleSites) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{sites.ports[0]}", headers={"Host": "bets.test"}) as made:
        yield made


def trusting(authority: ExampleAuthority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.certificate.decode())


def test_each_host_has_a_page_that_says_what_kind_it_is(client: httpx2.Client) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert "Bets &amp; more" in page.text
    assert "gambling" in page.text
    assert "on no list" in client.get("/", headers={"Host": "news.test"}).text


def test_a_host_that_is_no_example_has_none(client: httpx2.Client) -> None:
    assert client.get("/", headers={"Host": "other.test"}).status_code == 404


def test_nothing_on_a_page_comes_from_outside(client: httpx2.Client) -> None:
    assert "http" not in client.get("/").text.replace("/download?", "")


def websocket(sites: ExampleSites, tls: ssl.SSLContext | None = None) -> ClientConnection:
    """The name in the URL, the address of the example sites."""
    port = sites.ports[1 if tls else 0]
    wire = socket.create_connection(("127.0.0.1", port), timeout=10)
    return connect(f"{'wss' if tls else 'ws'}://news.test:{port}/ws", sock=wire, ssl=tls)


def test_https_holds_against_the_example_authority_and_no_other(
    sites: ExampleSites, authority: ExampleAuthority
) -> None:
    with websocket(sites, trusting(authority)) as secured:
        secured.send("hello")
        assert secured.recv() == "hello"
    with pytest.raises(ssl.SSLCertVerificationError):
        websocket(sites, trusting(ExampleAuthority()))


def test_a_download_is_as_long_as_asked_and_streamed(client: httpx2.Client) -> None:
    assert len(client.get("/download?bytes=300000").content) == 300000

    begun = time.monotonic()
    with client.stream("GET", "/download?bytes=100&slow=30") as slow:
        first = next(slow.iter_raw())
    assert first
    assert time.monotonic() - begun < 25


def test_a_download_that_makes_no_sense_is_refused(client: httpx2.Client) -> None:
    for query in ("bytes=x", "bytes=-1", "bytes=5&slow=-1", "bytes=5&slow=nan", "bytes=99999999999"):
        assert client.get(f"/download?{query}").status_code == 400


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_websocket_echoes_messages_of_every_length(sites: ExampleSites, size: int) -> None:
    with websocket(sites) as echoing:
        echoing.send(b"x" * size)
        assert echoing.recv() == b"x" * size
        assert echoing.ping().wait(10)


def test_ws_without_a_handshake_is_told_so(client: httpx2.Client) -> None:
    assert client.get("/ws").status_code == 426


def test_a_site_knows_how_often_it_was_asked(client: httpx2.Client) -> None:
    before = client.get("/seen").json()["seen"]

    client.post("/", content=b"12345")

    assert client.get("/seen").json() == {"host": "bets.test", "seen": before + 1}


def test_a_post_is_read_whole(client: httpx2.Client) -> None:
    assert json.loads(client.post("/", content=b"x" * 200_000).text) == {"received": 200_000}
