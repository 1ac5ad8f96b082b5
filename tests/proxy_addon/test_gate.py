"""What pupils, staff and devices meet, through the real proxy and its real sockets."""

import json
import re
import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.doors import exchange, read_some
from tests.harness import Gate, a_gate, a_websocket, proxy_login, talk, until

SITES = {
    "bet.test": "gambling",
    "school.test": "education",
    "csa.test": "child-sexual-abuse",
    "sex.test": "pornography",
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites=SITES) as gate:
        yield gate


@pytest.fixture(autouse=True)
def _forget(gate: Gate) -> None:
    gate.origin.forget()


def test_an_allowed_site_is_passed_on(gate: Gate) -> None:
    for url in ("http://school.test/a", "https://school.test/a"):
        reply = gate.curl(url, user="anna")
        assert (reply.status, reply.text) == (200, "hello from school.test")


def test_a_blocked_site_is_not_contacted(gate: Gate) -> None:
    for url in ("http://bet.test/", "https://bet.test/"):
        reply = gate.curl(url, user="anna")
        assert reply.status == 403
        assert "You are not in trouble" in reply.text
    assert gate.origin.connections == 0


def test_a_blocked_site_over_https_shows_its_page_inside(gate: Gate) -> None:
    reply = gate.curl("https://bet.test/", user="anna")
    assert (reply.connect, reply.status) == (200, 403)


def test_staff_see_the_kind_of_site_and_pupils_do_not(gate: Gate) -> None:
    assert "gambling" in gate.curl("http://bet.test/", user="tess").text
    assert "gambling" not in gate.curl("http://bet.test/", user="anna").text


def test_illegal_content_gets_one_fixed_page_and_no_way_to_ask(gate: Gate) -> None:
    pages = [gate.curl("http://csa.test/", user=name).text for name in ("tess", "anna", "kim")]
    row = gate.last_row(reason="illegal")
    assert len({re.sub(r"<code>\w{3}-\w{3}</code>", "", page) for page in pages}) == 1
    assert "ask" not in pages[0]
    assert (row["host"], row["entry"], row["category"]) == (None, None, "child-sexual-abuse")
    assert row["url"].startswith("sealed:")


def test_the_reference_on_the_page_finds_the_row(gate: Gate) -> None:
    from audit_log.journal import reference_of

    page = gate.curl("http://bet.test/x", user="tess").text
    assert reference_of(gate.last_row(host="bet.test")["id"]) in page


def test_without_credentials_the_answer_is_407(gate: Gate) -> None:
    reply = gate.curl("http://school.test/")
    assert reply.status == 407
    assert 'Proxy-Authenticate: Basic realm="' in reply.head
    assert gate.curl("https://school.test/").connect == 407
    row = gate.last_row(reason="no-credentials", kind="request")
    assert (row["groups"], row["person"], row["status"]) == (["unidentified"], None, 407)
    assert gate.origin.connections == 0


def test_wrong_credentials_are_answered_like_none(gate: Gate) -> None:
    assert gate.curl("http://school.test/", user="anna", password="guess").status == 407
    assert gate.curl("http://school.test/", user="nobody").status == 407
    assert gate.last_row(reason="wrong-credentials")["person"] is None


def test_a_password_may_hold_colons_and_a_name_any_case(gate: Gate) -> None:
    assert gate.curl("http://school.test/", user="ANNA", password="pass:word").status == 200


def test_a_device_of_a_network_needs_no_login(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), source_address=("127.20.0.9", 0)) as tablet:
        tablet.settimeout(5)
        answer = exchange(tablet, b"GET http://school.test/ HTTP/1.1\r\nHost: school.test\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        answer = exchange(tablet, b"GET http://unlisted.test/ HTTP/1.1\r\nHost: unlisted.test\r\n\r\n")
        assert b"This is not for school" in answer
    row = gate.last_row(host="unlisted.test")
    assert (row["person"], row["role"], row["groups"]) == (None, None, ["reception-ks1"])


def test_credentials_from_a_network_are_checked_and_count(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), source_address=("127.20.0.9", 0)) as tablet:
        tablet.settimeout(5)
        head = b"GET http://unlisted.test/ HTTP/1.1\r\nHost: unlisted.test\r\n"
        assert exchange(tablet, head + proxy_login("anna") + b"\r\n").startswith(b"HTTP/1.1 200")
        assert exchange(tablet, head + proxy_login("anna", "no") + b"\r\n").startswith(b"HTTP/1.1 407")


def test_each_plain_request_is_judged_by_its_own_credentials(gate: Gate) -> None:
    head = b"GET http://sex.test/ HTTP/1.1\r\nHost: sex.test\r\n"
    fine = b"GET http://school.test/ HTTP/1.1\r\nHost: school.test\r\n"
    answers = [fine + proxy_login("tess") + b"\r\n", fine + b"\r\n", head + proxy_login("anna") + b"\r\n"]
    with gate.connect() as client:
        client.settimeout(5)
        statuses = [exchange(client, each).split(b" ")[1] for each in answers]
    assert statuses == [b"200", b"407", b"403"]


def test_a_tunnel_keeps_the_identity_of_its_connect(gate: Gate) -> None:
    with gate.tls("bet.test", user="anna") as secure:
        request = b"GET / HTTP/1.1\r\nHost: bet.test\r\n" + proxy_login("tess") + b"\r\n"
        assert exchange(secure, request).startswith(b"HTTP/1.1 403")
    assert gate.last_row(kind="request", host="bet.test")["person"] == "p_anna"


def test_nothing_about_the_way_here_reaches_the_site(gate: Gate) -> None:
    claims = ("X-Forwarded-For: 10.0.0.1", "Via: 1.1 x", "Forwarded: for=1", "X-Forwarded-Host: bet.test")
    gate.curl("http://school.test/echo", *(part for claim in claims for part in ("-H", claim)), user="anna")
    (seen,) = gate.origin.seen
    assert not {"x-forwarded-for", "via", "forwarded", "x-forwarded-host"} & seen.fields.keys()
    assert not {"proxy-authorization", "proxy-connection"} & seen.fields.keys()


def test_the_site_is_asked_for_by_its_canonical_name(gate: Gate) -> None:
    raw = b"GET http://SCHOOL.test./a HTTP/1.1\r\nHost: SCHOOL.test.\r\n" + proxy_login("anna") + b"\r\n"
    assert gate.raw(raw).startswith(b"HTTP/1.1 200")
    assert gate.origin.hosts() == ["school.test"]


def test_no_other_way_to_the_site_is_advertised(gate: Gate) -> None:
    assert "alt-svc" not in gate.curl("https://school.test/", user="anna").head.lower()


def test_a_tunnel_must_hold_tls(gate: Gate) -> None:
    status, client = gate.tunnel("school.test")
    with client:
        client.settimeout(5)
        assert exchange(client, b"SSH-2.0-OpenSSH_9.9\r\n") == b""
    assert status == 200
    row = gate.last_row(kind="tunnel")
    assert (row["reason"], row["host"], row["person"]) == ("not-tls", "school.test", "p_anna")
    assert gate.origin.connections == 0


def test_a_client_that_does_not_trust_the_school_leaves_a_row(gate: Gate) -> None:
    _, client = gate.tunnel("school.test")
    with client, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(client, server_hostname="school.test")
    row = gate.last_row(kind="handshake")
    assert (row["reason"], row["host"]) == ("tls-failed", "school.test")
    assert gate.last_row(kind="connect", host="school.test")["decrypted"] is False


def test_a_tunnel_that_was_looked_into_says_so(gate: Gate) -> None:
    gate.curl("https://looked.allowed.test/", user="anna")
    row = gate.last_row(kind="connect", host="looked.allowed.test")
    assert (row["decrypted"], row["outcome"], row["url"]) == (True, "done", "looked.allowed.test:443")


def test_only_ports_of_the_policy_get_a_tunnel(gate: Gate) -> None:
    status, client = gate.tunnel("school.test", 22)
    client.close()
    assert status == 403
    assert gate.last_row(kind="connect")["reason"] == "port"


def test_the_tls_name_must_be_the_connect_name(gate: Gate) -> None:
    with gate.tls("school.test", sni="other.test") as secure:
        answer = exchange(secure, b"GET / HTTP/1.1\r\nHost: school.test\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 421")
    with gate.tls("school.test", sni="bet.test") as secure:
        answer = exchange(secure, b"GET / HTTP/1.1\r\nHost: school.test\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403")
    assert gate.last_row(kind="request")["host"] == "bet.test"
    assert gate.origin.connections == 0


def test_the_host_field_must_be_the_target(gate: Gate) -> None:
    login = proxy_login("anna")
    raw = b"GET http://school.test/ HTTP/1.1\r\nHost: other.test\r\n" + login + b"\r\n"
    assert gate.raw(raw).startswith(b"HTTP/1.1 400")
    raw = b"GET http://school.test/ HTTP/1.1\r\nHost: bet.test\r\n" + login + b"\r\n"
    assert gate.raw(raw).startswith(b"HTTP/1.1 403")
    assert gate.origin.connections == 0


def test_a_request_that_cannot_be_read_leaves_a_row(gate: Gate) -> None:
    assert gate.raw(b"GET http://a b/ HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    row = gate.last_row(kind="unparsed")
    assert (row["reason"], row["url"], row["status"]) == ("bad-request", None, 400)


def test_a_request_with_two_lengths_leaves_a_row(gate: Gate) -> None:
    raw = b"POST http://school.test/ HTTP/1.1\r\nHost: school.test\r\nContent-Length: 1\r\n"
    answer = gate.raw(raw + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert gate.wait_rows(lambda rows: rows[-1]["reason"] == "bad-request")
    assert gate.origin.connections == 0


def test_a_site_that_does_not_answer_gets_our_page(gate: Gate) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = unused.getsockname()
        gate.set_names({"nobody.test:80": [gate.origin.http], "away.test": []})
        reply = gate.curl("http://away.test/", user="anna")
    assert address
    assert reply.status == 502
    assert "mitmproxy" not in reply.text + reply.head
    assert "Reference" not in reply.text
    row = gate.last_row(host="away.test")
    assert (row["reason"], row["verdict"], row["status"]) == ("unreachable", "allow", 502)


def test_a_site_without_a_good_certificate_is_not_passed_on(gate: Gate) -> None:
    reply = gate.curl("https://nocert.test/", user="anna")
    assert reply.status == 502
    assert "You did nothing wrong" in reply.text
    assert "this code" not in reply.text  # no search for a code finds what was let by
    row = gate.last_row(host="nocert.test", kind="request")
    assert row["status"] == 502
    assert row["outcome"].startswith("tls-")


def test_a_script_gets_json_and_an_image_a_small_picture(gate: Gate) -> None:
    reply = gate.curl("http://bet.test/api", "-H", "Sec-Fetch-Dest: empty", user="anna")
    assert json.loads(reply.text)["blocked"] is True
    reply = gate.curl("http://bet.test/a.png", "-H", "Accept: image/avif,*/*", user="anna")
    assert reply.body.startswith(b"<svg")
    assert reply.status == 403


@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_has_a_row_of_its_own(secure: bool, gate: Gate) -> None:
    with a_websocket(gate, "allowed.test", secure=secure) as client:
        assert talk(client, b"hello") == b"hello"
        client.sendall(b"\x88\x80\0\0\0\0")
        read_some(client)
    scheme = "https" if secure else "http"
    row = gate.last_row(kind="websocket", url=f"{scheme}://allowed.test/ws")
    assert (row["status"], row["person"], row["up"], row["down"]) == (101, "p_anna", 5, 5)
    assert gate.last_row(kind="request", status=101)["outcome"] == "done"


def test_every_request_leaves_exactly_one_row(gate: Gate) -> None:
    before = len(gate.rows())
    for url in ("http://school.test/1", "http://bet.test/2", "http://away.test/3"):
        gate.curl(url, user="anna")
    gate.curl("http://school.test/4")
    rows = until(gate.rows, lambda rows: len(rows) >= before + 4 and all(row.get("ended") for row in rows))
    assert [row["kind"] for row in rows[before:]] == ["request"] * 4


def test_the_row_says_who_what_and_why(gate: Gate) -> None:
    gate.curl("http://school.test/a/b?secret=1", user="anna")
    row = gate.last_row(host="school.test", url="http://school.test/a/b")
    assert row["person"] == "p_anna"
    assert (row["groups"], row["classes"], row["role"]) == (["upper-ks2"], ["6B"], "pupil")
    assert (row["address"], row["method"], row["status"], row["down"]) == ("127.0.0.1", "GET", 200, 22)
    assert (row["category"], row["list"], row["entry"]) == ("education", "education-list", "school.test")
    assert len(row["revision"]) == 64
    assert "secret" not in json.dumps(gate.rows())


def test_of_adults_only_the_host_is_kept(gate: Gate) -> None:
    gate.curl("http://school.test/a/b", user="tess")
    assert gate.last_row(person="p_tess", host="school.test")["url"] == "http://school.test/"


def test_no_password_is_written_anywhere(gate: Gate) -> None:
    gate.curl("http://school.test/", user="anna", password="h0rse:battery")
    written = json.dumps(gate.rows()) + gate.said()
    assert "h0rse" not in written
    assert "pass:word" not in written
