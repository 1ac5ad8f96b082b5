"""Header fields tell of ways round the filter; an answer that is one goes no further."""

from collections.abc import Iterator

import pytest

from proxy_addon.asked import read_head
from proxy_addon.signs import sign_of_answer, signs_of
from tests.builders import POLICY
from tests.harness import Gate, a_gate

MESSAGE = b"\0\0\x81\x80\0\x01\0\0\0\0\0\0"
CIRCUMVENTION = "  circumvention: {everyone: not_allowed, locked: true, staff: allowed}\n"


def signs(path: str, **fields: str) -> tuple[str, ...]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return signs_of(read_head(pairs).noted, path.encode())


@pytest.mark.parametrize(
    ("path", "fields", "sign"),
    [
        ("/x", {"Accept": "application/dns-message"}, "dns-over-https"),
        ("/x", {"Accept": "text/html, Application/DNS-Message;q=0.1"}, "dns-over-https"),
        ("/x", {"Content-Type": "application/dns-message"}, "dns-over-https"),
        ("/x", {"Content-Type": "application/oblivious-dns-message"}, "dns-over-https"),
        ("/x?name=a.test", {"Accept": "application/dns-json"}, "dns-over-https"),
        ("/DNS-query", {"Content-Length": "30"}, "dns-over-https"),
        ("/x/dns-query/?y", {"Transfer-Encoding": "chunked"}, "dns-over-https"),
        ("/x", {"X-Bare-URL": "https://a.test/"}, "web-proxy"),
        ("/x", {"x-bare-host": "a.test"}, "web-proxy"),
        ("/wisp/", {"Upgrade": "websocket"}, "tunnel"),
        ("/wisp/room/1", {"Upgrade": "websocket"}, "tunnel"),
        ("/wisp//", {"Upgrade": "websocket"}, "tunnel"),
        ("/x/%77isp/?y", {"Upgrade": "websocket"}, "tunnel"),
        ("/x/../Wisp", {"Upgrade": "websocket"}, "tunnel"),
        ("/meek/", {"Upgrade": "websocket"}, "tunnel"),
        ("/a/ws-tunnel?to=a.test:22", {"Upgrade": "websocket"}, "tunnel"),
        ("/x", {"Upgrade": "websocket", "Sec-WebSocket-Protocol": "chat, wisp-v1"}, "tunnel"),
        ("/x", {"Upgrade": "websocket", "Sec-WebSocket-Protocol": "chisel-v3"}, "tunnel"),
        (
            "/v1/events",
            {"Upgrade": "websocket", "Sec-WebSocket-Protocol": "v1, authorization.bearer.ey"},
            "tunnel",
        ),
    ],
)
def test_a_field_tells_of_a_way_round(path: str, fields: dict[str, str], sign: str) -> None:
    assert signs(path, **fields) == (sign,)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/", {"Accept": "text/html,application/xhtml+xml", "User_Agent": "x"}),
        ("/dns", {"Accept": "application/json", "Content-Type": "application/json"}),
        ("/x", {"Accept": "application/dns-json"}),
        ("/dns-query", {"Accept": "*/*"}),
        ("/x?y=/dns-query", {"Content-Length": "30"}),
        ("/chat", {"Upgrade": "websocket", "Sec-WebSocket-Protocol": "graphql-ws"}),
        ("/wisp/", {"Accept": "*/*"}),
        ("/conditions/xray/", {"Accept": "*/*"}),
        ("/wispy", {"Upgrade": "websocket"}),
        ("/events", {"Upgrade": "websocket"}),
    ],
)
def test_usual_fields_tell_of_nothing(path: str, fields: dict[str, str]) -> None:
    assert signs(path, **fields) == ()


def test_an_answer_with_names_is_told_by_its_type() -> None:
    assert sign_of_answer([(b"Content-Type", b" application/DNS-message; x=y")]) == "dns-over-https"
    assert sign_of_answer([(b"content-type", b"application/dns-json; charset=utf-8")]) == "dns-over-https"
    assert sign_of_answer([(b"Content-Type", b"application/json")]) is None
    assert sign_of_answer([(b"Content-Type", b"text/html"), (b"X", b"application/dns-message")]) is None


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    policy = POLICY.replace("access:\n", f"access:\n{CIRCUMVENTION}")
    with a_gate(policy, sites={"school.test": "education"}) as gate:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: 12\r\n\r\n"
        gate.origin.answers["/quiet"] = head + MESSAGE
        yield gate


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    if "gate" in request.fixturenames:
        gate: Gate = request.getfixturevalue("gate")
        gate.origin.forget()


def test_a_question_for_a_name_goes_nowhere_whatever_the_site(gate: Gate) -> None:
    reply = gate.curl("https://school.test/x", "-H", "Accept: application/dns-message", user="anna")

    assert reply.status == 403
    assert gate.origin.connections == 0
    row = gate.last_row(kind="request", verdict="block")
    assert (row["reason"], row["category"], row["entry"]) == ("locked", "circumvention", "dns-over-https")


def test_who_may_by_the_policy_is_let_by(gate: Gate) -> None:
    reply = gate.curl("https://school.test/quiet", "-H", "Accept: application/dns-message", user="tess")

    assert (reply.status, reply.body) == (200, MESSAGE)


@pytest.mark.parametrize("url", ["http://school.test/quiet", "https://school.test/quiet"])
def test_an_answer_with_names_is_cut_and_recorded(gate: Gate, url: str) -> None:
    reply = gate.curl(url, user="anna")

    assert reply.status == 403
    assert MESSAGE not in reply.body
    row = gate.last_row(kind="event", verdict="block")
    assert (row["category"], row["entry"], row["rule"]) == (
        "circumvention",
        "dns-over-https",
        "access.circumvention.everyone",
    )
