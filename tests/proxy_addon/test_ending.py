"""Time ends things, and so does a change of what is allowed: on what is open already, within moments."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.builders import NOON, POLICY, a_person, an_unblock
from tests.doors import exchange, read_head
from tests.harness import Gate, Reply, a_gate, a_websocket, an_account, everybody, proxy_login, talk, until

ENDS = NOON + timedelta(hours=1)
SECOND = timedelta(seconds=1)
MOMENT = 2.0  # on a busy machine; what is promised is a second


@pytest.fixture
def gate() -> Iterator[Gate]:
    """bet.test is unblocked for 6B, where anna is, until 13:00."""
    with a_gate(sites={"bet.test": "gambling", "quiz.test": "games-educational"}) as gate:
        gate.publish(unblocks=[an_unblock("bet.test")])
        assert until(lambda: gate.curl("http://bet.test/", user="anna").status, lambda s: s == 200) == 200
        yield gate


def a_download(gate: Gate, host: str = "bet.test") -> socket.socket:
    client = gate.connect()
    client.sendall(f"GET http://{host}/drip/100000 HTTP/1.1\r\nHost: {host}\r\n".encode())
    client.sendall(proxy_login("anna") + b"\r\n")
    assert b" 200 " in read_head(client)
    assert client.recv(1)
    return client


def seconds_until_closed(client: socket.socket) -> float:
    begun = time.monotonic()
    client.settimeout(15)
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return 99.0
    except OSError:
        pass
    return time.monotonic() - begun


def test_an_unblock_ends_to_the_second(gate: Gate) -> None:
    gate.set_clock(ENDS - SECOND)
    assert gate.curl("http://bet.test/", user="anna").status == 200
    gate.set_clock(ENDS)
    assert gate.curl("http://bet.test/", user="anna").status == 403


def test_an_unblock_is_for_its_class_alone(gate: Gate) -> None:
    assert gate.curl("http://bet.test/", user="ben").status == 403


def test_an_unblock_ends_on_a_connection_that_is_open(gate: Gate) -> None:
    request = b"GET http://bet.test/ HTTP/1.1\r\nHost: bet.test\r\n" + proxy_login("anna") + b"\r\n"
    with gate.connect() as client:
        client.settimeout(5)
        gate.set_clock(ENDS - SECOND)
        assert exchange(client, request).startswith(b"HTTP/1.1 200")
        gate.set_clock(ENDS)
        assert exchange(client, request).startswith(b"HTTP/1.1 403")


def test_an_unblock_ends_inside_a_tunnel_that_is_open(gate: Gate) -> None:
    request = b"GET / HTTP/1.1\r\nHost: bet.test\r\n\r\n"
    with gate.tls("bet.test") as secure:
        gate.set_clock(ENDS - SECOND)
        assert exchange(secure, request).startswith(b"HTTP/1.1 200")
        gate.set_clock(ENDS)
        assert exchange(secure, request).startswith(b"HTTP/1.1 403")


def test_a_download_is_cut_when_its_time_is_over(gate: Gate) -> None:
    with a_download(gate) as client:
        gate.set_clock(ENDS)
        assert seconds_until_closed(client) < MOMENT
    row = gate.last_row(url="http://bet.test/drip/100000")
    assert (row["outcome"], row["status"], row["verdict"]) == ("cut", 200, "allow")
    sent = gate.origin.sent
    time.sleep(0.3)
    assert gate.origin.sent - sent < 3  # the site is cut off as well


def test_a_download_over_https_is_cut_when_its_time_is_over(gate: Gate) -> None:
    with gate.tls("bet.test") as secure:
        secure.sendall(b"GET /drip/100000 HTTP/1.1\r\nHost: bet.test\r\n\r\n")
        assert b" 200 " in read_head(secure)
        gate.set_clock(ENDS)
        assert seconds_until_closed(secure) < MOMENT


@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_is_cut_when_its_time_is_over(secure: bool, gate: Gate) -> None:
    with a_websocket(gate, "bet.test", secure=secure) as client:
        assert talk(client, b"one") == b"one"
        gate.set_clock(ENDS)
        assert seconds_until_closed(client) < MOMENT
    assert gate.last_row(kind="websocket")["outcome"] == "cut"


def test_a_period_of_the_timetable_ends_what_is_open(gate: Gate) -> None:
    with a_download(gate, "quiz.test") as client:
        gate.set_clock(NOON + timedelta(minutes=59, seconds=59))
        time.sleep(0.5)
        client.settimeout(2)
        assert client.recv(10)
        gate.set_clock(NOON + timedelta(hours=1))
        assert seconds_until_closed(client) < MOMENT


def test_what_is_allowed_on_other_grounds_goes_on(gate: Gate) -> None:
    gate.publish(
        unblocks=[an_unblock("bet.test"), an_unblock("bet.test", id="u2", ends_at=ENDS + 60 * SECOND)]
    )
    time.sleep(1)
    with a_download(gate) as client:
        gate.set_clock(ENDS)
        time.sleep(1)
        client.settimeout(2)
        assert client.recv(10)


def test_a_revoked_unblock_cuts_what_is_open(gate: Gate) -> None:
    with a_download(gate) as client:
        gate.publish(unblocks=[])
        assert seconds_until_closed(client) < 2 * MOMENT
    assert gate.curl("http://bet.test/", user="anna").status == 403


def test_a_new_policy_cuts_what_it_does_not_allow(gate: Gate) -> None:
    with a_websocket(gate, "allowed.test") as client:
        block = "sites:\n  - {block: [allowed.test], for: everyone, reason: new}\n"
        gate.publish(policy_text=gate.policy_text.replace("sites:\n", block))
        assert seconds_until_closed(client) < 2 * MOMENT


def test_what_is_blocked_while_a_password_is_checked_stays_blocked(gate: Gate) -> None:
    """The answer is that of the policy in force when the request goes out, not when it came."""
    replies: list[Reply] = []
    ask = threading.Thread(target=lambda: replies.append(gate.curl("http://bet.test/late", user="anna")))
    with gate.failing("identify", "slow"):
        ask.start()
        time.sleep(0.3)
        gate.publish(unblocks=[])
        ask.join()
    assert replies[0].status == 403
    assert "http://bet.test/late" not in [row["url"] for row in gate.rows() if row["verdict"] == "allow"]


def test_who_leaves_while_a_password_is_checked_leaves_an_ended_row(gate: Gate) -> None:
    with gate.failing("identify", "slow"):
        with gate.connect() as client:
            client.sendall(b"GET http://allowed.test/gone HTTP/1.1\r\nHost: allowed.test\r\n")
            client.sendall(proxy_login("anna") + b"\r\n")
            time.sleep(0.3)
        row = gate.last_row(url="http://allowed.test/gone")
    assert row["outcome"] == "failed"
    assert "/gone" not in [seen.path for seen in gate.origin.seen]


def test_a_bundle_that_changes_nothing_cuts_nothing(gate: Gate) -> None:
    with a_download(gate) as client:
        gate.publish(accounts=[*everybody(), an_account(a_person("new"))])
        time.sleep(1.2)
        client.settimeout(2)
        assert client.recv(10)


def test_a_person_who_is_suspended_is_cut_off(gate: Gate) -> None:
    with a_download(gate) as client:
        others = [account for account in gate.accounts if account.person.username != "anna"]
        anna = a_person("anna", classes=("6B",), suspended_from=NOON)
        gate.publish(accounts=[*others, an_account(anna)])
        assert seconds_until_closed(client) < 2 * MOMENT


def test_a_changed_password_ends_what_the_old_one_opened(gate: Gate) -> None:
    with gate.tls("allowed.test") as secure:
        assert exchange(secure, b"GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n").startswith(b"HTTP/1.1 200")
        others = [account for account in gate.accounts if account.person.username != "anna"]
        gate.publish(accounts=[*others, an_account(a_person("anna"), "another")])
        assert seconds_until_closed(secure) < 2 * MOMENT
    assert gate.curl("http://allowed.test/", user="anna").status == 407
    assert gate.curl("http://allowed.test/", user="anna", password="another").status == 200


def test_the_clock_never_goes_back(gate: Gate) -> None:
    gate.set_clock(ENDS)
    assert gate.curl("http://bet.test/", user="anna").status == 403
    gate.set_clock(NOON)
    assert gate.curl("http://bet.test/", user="anna").status == 403


def test_the_policy_of_these_tests_opens_games_at_lunch() -> None:
    assert 'lunch:   {days: [mon, tue, wed, thu, fri], from: "12:00", to: "13:00"}' in POLICY


SHUT = "sites:\n  - {block: [allowed.test], for: everyone, reason: new}\n"


@pytest.mark.parametrize("path", ["/drip/100000", "/slow/30", "/bytes/400000000"])
def test_what_is_cut_as_its_site_is_shut_says_so_and_what_its_client_had_seen(path: str, gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(f"GET http://allowed.test{path} HTTP/1.1\r\nHost: allowed.test\r\n".encode())
        client.sendall(proxy_login("anna") + b"\r\n")
        assert b" 200 " in read_head(client)
        gate.publish(policy_text=gate.policy_text.replace("sites:\n", SHUT))
        until(lambda: gate.said().count("connection.cut"), lambda count: count > 0)
    row = gate.last_row(url=f"http://allowed.test{path}")
    assert (row["verdict"], row["outcome"], row["status"]) == ("allow", "cut", 200)


def test_what_is_cut_before_its_site_has_answered_has_no_status() -> None:
    """Not 502: nothing failed, and nobody was told so."""
    with socket.create_server(("127.0.0.1", 0)) as silent, a_gate(egress=[silent.getsockname()]) as gate:
        gate.set_names({"silent.allowed.test": [silent.getsockname()]})
        with gate.connect() as client:
            client.sendall(b"GET http://silent.allowed.test/ HTTP/1.1\r\nHost: silent.allowed.test\r\n")
            client.sendall(proxy_login("anna") + b"\r\n")
            site, _ = silent.accept()
            assert site.recv(65536)
            gate.publish(policy_text=gate.policy_text.replace("sites:\n", SHUT))
            assert seconds_until_closed(client) < 5 * MOMENT
            site.close()
        row = gate.last_row(host="silent.allowed.test")
    assert (row["verdict"], row["outcome"], row["status"]) == ("allow", "cut", None)


def test_each_request_of_a_busy_connection_is_answered_or_cut(gate: Gate) -> None:
    """However the shutting of a site and the answers of that site fall together."""
    login = proxy_login("anna")
    answered = 0
    with gate.connect() as client:
        client.settimeout(20)
        gate.publish(policy_text=gate.policy_text.replace("sites:\n", SHUT))
        for number in range(5000):
            try:
                client.sendall(f"GET http://allowed.test/busy/{number} HTTP/1.1\r\n".encode())
                client.sendall(b"Host: allowed.test\r\n" + login + b"\r\n")
                head = read_head(client)
                if b" 403 " in head or not client.recv(65536):
                    break
            except OSError:
                break
            if b" 200 " not in head:
                break
            answered += 1
    rows = gate.wait_rows(lambda rows: all(row.get("ended") for row in rows))
    busy = [row for row in rows if "/busy/" in str(row["url"])]
    ends = [row["outcome"] for row in busy if row["verdict"] == "allow"]
    assert ends.count("done") == answered
    assert set(ends[answered:]) <= {"cut"}
