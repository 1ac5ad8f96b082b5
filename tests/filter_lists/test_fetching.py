"""A list is fetched whole, within every limit, or there is a sentence why not."""

import hashlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from filter_lists.credentials import Credentials
from filter_lists.fetching import Asking, Fetched, FetchError, Known, NotModified, fetch, require_public
from filter_lists.lists_model import Limits
from tests.filter_lists.list_server import ListServer, a_list_server, answer

LIST = b"bet.example\nodds.example\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ListServer]:
    with a_list_server(tmp_path) as running:
        yield running


def get(
    server: ListServer,
    url: str,
    limits: Limits = Limits(1000, 20),  # noqa: B008  # frozen
    known: Known = Known(),  # noqa: B008  # a frozen value
    credentials: Credentials | None = None,
) -> tuple[Fetched | NotModified, bytes]:
    into = io.BytesIO()
    return fetch(url, into, Asking(limits, known, credentials, server.ca)), into.getvalue()


def test_a_list_comes_byte_for_byte_with_what_its_server_says_of_it(server: ListServer) -> None:
    url = server.put("/list", LIST, etag='"one"', last_modified="Mon, 02 Feb 2026 10:00:00 GMT")
    answered, content = get(server, url)
    assert content == LIST
    assert answered == Fetched(
        hashlib.sha256(LIST).hexdigest(), len(LIST), Known('"one"', "Mon, 02 Feb 2026 10:00:00 GMT")
    )


def test_the_server_is_told_what_we_have_and_sends_it_once(server: ListServer) -> None:
    url = server.put("/list", LIST, etag='"one"')
    assert get(server, url, known=Known('"one"')) == (NotModified(), b"")
    assert get(server, url, known=Known('"none"'))[1] == LIST
    dated = server.put("/dated", LIST, last_modified="Mon, 02 Feb 2026 10:00:00 GMT")
    assert get(server, dated, known=Known(last_modified="Mon, 02 Feb 2026 10:00:00 GMT"))[0] == NotModified()


def test_nothing_is_told_of_us_but_our_name(server: ListServer) -> None:
    get(server, server.put("/list", LIST, Set_Cookie="who=us; Path=/"))
    get(server, server.put("/list", LIST))
    for headers in server.headers("/list"):
        assert headers["user-agent"] == "Schoolgate"
        assert not {"cookie", "authorization", "referer"} & headers.keys()
        assert headers["accept-encoding"] == "identity"


def test_redirects_are_followed_without_the_cookies_that_are_set_on_the_way(server: ListServer) -> None:
    server.put("/list", LIST)
    server.answer("/second", 302, Location="/list", Set_Cookie="a=b; Path=/")
    url = server.answer("/first", 301, Location=f"{server.address}/second")
    assert get(server, url)[1] == LIST
    assert "cookie" not in server.headers("/list")[0]


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("/loop", "more than 5 times"),
        ("", "more than 5 times"),
        ("http://lists.example/list", "not https"),
        ("ftp://lists.example/list", "not https"),
        ("https://me:owls@lists.example/list", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://[bad/", "not https"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_a_failure(server: ListServer, location: str, says: str) -> None:
    url = server.answer("/loop", 302, Location=location)
    with pytest.raises(FetchError, match=says) as caught:
        get(server, url)
    assert "owls" not in str(caught.value)
    assert len(server.seen) <= 6


def test_where_a_redirect_leads_is_told_by_the_address_that_was_connected_to(tmp_path: Path) -> None:
    """Whatever its name is: who owns a name decides where it leads."""
    with a_list_server(tmp_path, tls=False) as server:
        url = server.put("/list", LIST)
        with (
            httpx2.Client(trust_env=False) as client,
            client.stream("GET", url) as response,
            pytest.raises(FetchError, match="within a network"),
        ):
            require_public(response)


def test_a_redirect_into_the_network_by_a_literal_is_a_failure_from_this_machine_too(
    server: ListServer,
) -> None:
    url = server.answer("/away", 302, Location="https://192.168.1.1/list")
    with pytest.raises(FetchError, match="within a network"):
        get(server, url)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", LIST), "broke off"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbet.\r\n",), "broke off"),
        ((b"HTTP/1.1 200 OK\r\nContent-Len",), "broke off"),
        ((b"",), "broke off"),
        ((b"this is not HTTP\r\n\r\n",), "broke off"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 900\r\n\r\n", LIST), "broke off"),
    ],
)
def test_a_list_that_does_not_come_whole_is_a_failure(
    server: ListServer, words: tuple[bytes, ...], says: str
) -> None:
    with pytest.raises(FetchError, match=says):
        get(server, server.say("/list", *words))


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, {}), (500, {}), (204, {}), (206, {}), (304, {}), (200, {"Content-Encoding": "br"})],
)
def test_any_other_answer_is_a_failure(server: ListServer, status: int, headers: dict[str, str]) -> None:
    with pytest.raises(FetchError, match=str(status) if status != 200 else "encoded as 'br'"):
        get(server, server.answer("/list", status, **headers))


@pytest.mark.parametrize("head", [b"Content-Length: 5000", b"Transfer-Encoding: chunked", b"X-Nothing: 1"])
def test_a_list_that_is_too_large_is_cut_off_whatever_its_head_says(server: ListServer, head: bytes) -> None:
    chunk = b"a" * 1024
    if b"chunked" in head:
        chunk = b"400\r\n" + chunk + b"\r\n"
    url = server.say("/list", b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n", *[chunk] * 10_000)
    with pytest.raises(FetchError, match="larger than 1 kB"):
        get(server, url)


def test_a_list_that_is_as_large_as_it_may_be_is_taken(server: ListServer) -> None:
    assert get(server, server.put("/list", b"a" * 1000))[1] == b"a" * 1000


@pytest.mark.parametrize("words", [[b"HTTP/1.1 200 OK\r\n\r\n"] + [b"a"] * 500, [b"H"] + [b"T"] * 500])
def test_a_byte_at_a_time_does_not_outlast_the_limit(server: ListServer, words: list[bytes]) -> None:
    """Each byte would come within any patience between two of them, in the head as well as in the list."""
    ended = threading.Event()
    url = server.say("/list", *words, wait=lambda: ended.wait(0.05))
    try:
        with pytest.raises(FetchError, match="longer than 1 seconds"):
            get(server, url, Limits(1000, 1))
    finally:
        ended.set()


def test_a_server_that_says_nothing_does_not_outlast_the_limit(server: ListServer) -> None:
    ended = threading.Event()
    url = server.say("/list", b"", wait=lambda: ended.wait(30))
    try:
        with pytest.raises(FetchError, match="longer than 1 seconds"):
            get(server, url, Limits(1000, 1))
    finally:
        ended.set()


def test_a_server_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    with a_list_server(tmp_path) as server:
        url = server.put("/list", LIST)
    with pytest.raises(FetchError, match="cannot be reached"):
        get(server, url)


def test_a_server_that_nobody_vouches_for_is_a_failure(server: ListServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    url = server.put("/list", LIST)
    with a_list_server(tmp_path / "other") as other, pytest.raises(FetchError, match="CERTIFICATE_VERIFY"):
        get(other, url)
    with pytest.raises(FetchError, match="cannot be reached"):  # it is localhost, and not this
        get(server, url.replace("localhost", "127.0.0.1"))
    assert server.seen == []


def test_plain_http_is_for_this_machine_alone(tmp_path: Path) -> None:
    with a_list_server(tmp_path, tls=False, address="127.0.0.2") as server:
        assert get(server, server.put("/list", LIST))[1] == LIST
    with pytest.raises(ValueError, match="https"):
        get(server, "http://lists.example/list")


def test_no_proxy_of_the_environment_is_asked(server: ListServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.9:9")
    assert get(server, server.put("/list", LIST))[1] == LIST


def test_a_school_with_an_authority_of_its_own_can_name_it(
    server: ListServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, ca = server.put("/list", LIST), str(server.ca)
    server.ca = None
    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY"):
        get(server, url)
    monkeypatch.setenv("SSL_CERT_FILE", ca)
    assert get(server, url)[1] == LIST


def test_credentials_go_to_their_server_and_to_no_other(server: ListServer, tmp_path: Path) -> None:
    port = int(server.address.rpartition(":")[2])
    secret = Credentials(("https", "localhost", port), "Authorization", "Bearer owls")
    with a_list_server(tmp_path, tls=False) as other:
        other.put("/list", LIST)
        server.answer("/away", 302, Location=f"{other.address}/list")
        server.put("/list", LIST)
        get(server, f"{server.address}/list", credentials=secret)
        get(server, f"{server.address}/away", credentials=secret)
    assert [each.get("authorization") for _, each in server.seen] == ["Bearer owls", "Bearer owls"]
    assert "authorization" not in other.headers("/list")[0]
    assert "owls" not in repr(secret)


def test_a_tag_that_is_no_tag_is_forgotten(server: ListServer) -> None:
    answered, _ = get(server, server.put("/list", LIST, etag='"' + "x" * 600 + '"', last_modified="today"))
    assert isinstance(answered, Fetched)
    assert answered.known == Known("", "today")


def test_how_far_it_is_is_told(server: ListServer) -> None:
    told: list[tuple[str, int, int]] = []
    url = server.put("/list", b"a" * 100_000)
    fetch(
        url,
        io.BytesIO(),
        Asking(Limits(), Known(), None, server.ca, lambda *each: told.append(each), "fetching a"),
    )
    assert told[-1] == ("fetching a", 100_000, 100_000)


def test_each_request_is_answered_by_what_was_put(server: ListServer) -> None:
    """The server of these tests itself: an address that it does not know is 404."""
    server.pages["/x"] = lambda request: answer(request, 418)
    for path, status in (("/x", "418"), ("/y", "404")):
        with pytest.raises(FetchError, match=status):
            get(server, server.address + path)
