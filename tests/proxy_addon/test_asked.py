"""One site per request: every name on it in canonical form, and all of them the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Headers, Request

from filter_lists.names import Url
from filter_policy.readings import readings
from proxy_addon import asked
from proxy_addon.asked import (
    Asked,
    BadRequest,
    Tunnelled,
    must_agree,
    prepare,
    read_head,
    read_request,
)


def a_request(
    url: str = "http://a.test/x", *fields: tuple[str, str], host: str | None = None, http2: bool = False
) -> Request:
    request = Request.make("GET", url)
    request.data.headers = Headers([(b"Host", (host or url.split("/")[2]).encode())])
    for name, value in fields:
        request.headers.add(name, value)
    if http2:
        request.data.http_version = b"HTTP/2.0"
        request.data.authority = request.data.headers["host"].encode()
        request.data.headers = Headers([field for field in request.headers.fields if field[0] != b"Host"])
    return request


def read(request: Request, tunnel: Tunnelled | None = None) -> Asked:
    return read_request(request, read_head(request.headers.fields), tunnel)


def sent(request: Request) -> dict[str, str]:
    """The fields that go out."""
    head = read_head(request.headers.fields)
    prepare(request, head, read_request(request, head, None))
    return {name.decode().lower(): value.decode() for name, value in request.headers.fields}


def test_a_request_names_one_site() -> None:
    request = read(a_request("http://A.test./b?c=d", host="a.TEST"))
    assert request.url == Url("http", "a.test", 80, "/b", "c=d")
    assert request.names == (request.url,)
    must_agree(request.names, in_tunnel=False)


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "0177.0.0.1", "127.0.0.1."])
def test_an_address_is_read_in_its_usual_form(host: str) -> None:
    assert read(a_request(f"http://{host}/")).url.host == "127.0.0.1"


@pytest.mark.parametrize("host", ["b.test", "a.test:8080", "a.test.b.test"])
def test_another_host_field_is_another_name(host: str) -> None:
    request = read(a_request("http://a.test/x", host=host))
    assert len(request.names) == 2
    with pytest.raises(BadRequest) as caught:
        must_agree(request.names, in_tunnel=False)
    assert caught.value.status == 400


def test_in_a_tunnel_the_disagreement_is_a_misdirected_request() -> None:
    request = read(a_request("https://a.test/x"), Tunnelled("a.test", 443, sni="b.test"))
    assert [name.host for name in request.names] == ["a.test", "b.test"]
    with pytest.raises(BadRequest) as caught:
        must_agree(request.names, in_tunnel=True)
    assert caught.value.status == 421


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a.test, b.test",
        "a test",
        "user@a.test",
        "a.test:",
        "a.test:+80",
        "a.test:99999x",
        "a%65.test",
        "[::1",
    ],
)
def test_a_host_field_that_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(BadRequest):
        read(a_request("http://a.test/", host=host or " "))


def test_two_host_fields_are_one_too_many() -> None:
    with pytest.raises(BadRequest):
        read(a_request("http://a.test/", ("Host", "a.test")))


def test_http_1_0_may_leave_its_host_out_and_gets_one() -> None:
    request = a_request("http://a.test/")
    request.data.http_version = b"HTTP/1.0"
    request.data.headers = Headers()
    assert sent(request) == {"host": "a.test"}
    request.data.http_version = b"HTTP/1.1"
    request.data.headers = Headers()
    with pytest.raises(BadRequest):
        read(request)


def test_over_http_2_the_authority_is_the_name() -> None:
    assert read(a_request("https://a.test/", http2=True), Tunnelled("a.test", 443)).names[0].host == "a.test"
    request = a_request("https://a.test/", http2=True)
    request.headers["host"] = "b.test"
    assert len(read(request, Tunnelled("a.test", 443)).names) == 2


def test_what_only_a_proxy_may_say_is_not_passed_on() -> None:
    claims = [(name.decode(), "x") for name in asked.STRIPPED]
    assert sent(a_request("http://a.test/", *claims, ("Accept", "*/*"))) == {
        "host": "a.test",
        "accept": "*/*",
    }


def test_a_connection_field_names_nothing_else() -> None:
    assert "connection" not in sent(a_request("http://a.test/", ("Connection", "close, Host")))
    assert sent(a_request("http://a.test/", ("Connection", "keep-alive")))["connection"] == "keep-alive"


def test_only_websockets_may_upgrade() -> None:
    websocket = [("Upgrade", "WebSocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    assert read(a_request("http://a.test/", *websocket)).websocket
    assert sent(a_request("http://a.test/", *websocket))["upgrade"] == "WebSocket"
    assert "upgrade" not in sent(a_request("http://a.test/", ("Upgrade", "h2c"), ("Connection", "Upgrade")))
    for upgrade in ("tunnel/1", "H2C, websocket"):
        with pytest.raises(BadRequest):
            read(a_request("http://a.test/", ("Upgrade", upgrade)))
    with pytest.raises(BadRequest):
        read(a_request("http://a.test/", ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "8")))


@pytest.mark.parametrize("path", ["/a//../games", "//x/%2E.;a/y", "/a//b/c/..", "/a///%2e%2e"])
def test_a_path_that_goes_back_over_two_slashes_is_refused(path: str) -> None:
    """Some servers take the two for one before they go back."""
    with pytest.raises(BadRequest):
        read(a_request(f"http://a.test{path}"))


@pytest.mark.parametrize("path", ["//games", "/a/../b//c", "/a//b/...", "/a//b?c=/../d", "/a//..b"])
def test_other_paths_with_two_slashes_are_read(path: str) -> None:
    assert read(a_request(f"http://a.test{path}")).url.host == "a.test"


def test_a_body_of_impossible_length_is_refused() -> None:
    with pytest.raises(BadRequest):
        read(a_request("http://a.test/", ("Content-Length", "9" * 20)))


def test_a_tunnel_is_for_the_name_of_its_host_field() -> None:
    request = Request.make("CONNECT", "http://a.test:443/")
    request.data.headers = Headers([(b"Host", b"a.test:443")])
    assert asked.read_connect(request, read_head(request.headers.fields))[:2] == ("a.test", 443)
    request.data.headers = Headers([(b"Host", b"b.test:443")])
    assert len(asked.read_connect(request, read_head(request.headers.fields))[2]) == 2


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_host_makes_it_crash(host: str, field: str) -> None:
    request = a_request("http://a.test/")
    request.data.host = host
    request.data.headers = Headers([(b"Host", field.encode("utf-8", "replace"))])
    try:
        found = read(request)
    except BadRequest:
        return
    assert all(name.host == name.host.lower() and "@" not in name.host for name in found.names)


@given(st.binary(max_size=40))
def test_no_path_makes_it_crash(path: bytes) -> None:
    request = a_request("http://a.test/")
    request.data.path = b"/" + path
    try:
        found = read(request)
    except BadRequest:
        return
    assert found.url.path.startswith("/")
    assert readings(found.url)
