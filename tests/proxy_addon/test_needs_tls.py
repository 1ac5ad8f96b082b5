"""Passwords of those who may open things for others: over TLS, or from this very machine, or not at all."""

import base64
import ssl
from collections.abc import Iterator, Sequence

import pytest

from filter_policy.bundle import Account, Bundle
from filter_policy.model import Reason, Role
from proxy_addon.guessing import HASTY, Guessing
from proxy_addon.identify import NotIdentified, Withheld, parse_basic
from proxy_addon.needs_tls import SafeKeeping
from tests.builders import a_person, a_policy
from tests.doors import FAR, exchange, read_head
from tests.harness import Gate, a_gate, an_account, proxy_login

TECH = a_person("terry", groups=("staff",), role=Role.TECHNICIAN)
PEOPLE = (TECH, a_person("anna"), a_person("tess", groups=("staff",), role=Role.STAFF))
BUNDLE = Bundle(a_policy(), "", "", {one.username: Account(one, "hash") for one in PEOPLE})


def keep_safe(
    credentials: Sequence[bytes], address: str, secure: bool, bundle: Bundle, book: Guessing | None = None
) -> Sequence[bytes]:
    return SafeKeeping(book or Guessing(), lambda: 0.0)(credentials, address, secure, bundle)


def login(username: str) -> Sequence[bytes]:
    return [b"Basic " + base64.b64encode(f"{username}:secret".encode())]


def test_an_approver_is_refused_on_a_plain_connection_from_elsewhere() -> None:
    for spelt in ("terry", "TERRY", " terry "):
        with pytest.raises(Withheld) as caught:
            keep_safe(login(spelt), "10.0.0.5", False, BUNDLE)
        assert (caught.value.reason, caught.value.page) == (Reason.NEEDS_TLS, "needs-tls")


@pytest.mark.parametrize(
    ("address", "secure"),
    [
        ("10.0.0.5", True),
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_over_tls_and_on_this_machine_the_password_is_looked_at(address: str, secure: bool) -> None:
    keep_safe(login("terry"), address, secure, BUNDLE)


@pytest.mark.parametrize("username", ["anna", "tess", "nobody"])
def test_others_sign_in_as_before(username: str) -> None:
    keep_safe(login(username), "10.0.0.5", False, BUNDLE)
    keep_safe([], "10.0.0.5", False, BUNDLE)


def test_what_cannot_be_read_is_refused_as_ever() -> None:
    for credentials in ([b"Basic !!!"], [*login("anna"), *login("terry")]):
        with pytest.raises(NotIdentified):
            keep_safe(credentials, "10.0.0.5", False, BUNDLE)


def test_each_name_that_is_told_apart_counts_once_as_a_guess_of_that_device() -> None:
    book = Guessing()
    for _ in range(5):
        with pytest.raises(Withheld):
            keep_safe(login("terry"), "10.0.0.5", False, BUNDLE, book)

    assert book.failed("terry", "10.0.0.5", 0.0) == 1
    assert book.failed("terry", "10.0.0.6", 0.0) == 0
    assert book.wait("terry", "10.0.0.5", 0.0) == 0  # over TLS the owner goes on there


def test_a_device_that_guesses_is_not_told_whose_names_these_are() -> None:
    book = Guessing()
    for number in range(HASTY):
        book.begin(f"name{number}", "10.0.0.5", 0.0)
    looked_at = keep_safe(login("terry"), "10.0.0.5", False, BUNDLE, book)

    name, password = parse_basic(looked_at)
    assert password == "secret"
    assert name not in BUNDLE.accounts
    assert keep_safe(login("tess"), "10.0.0.5", False, BUNDLE, book) == login("tess")
    with pytest.raises(Withheld):
        keep_safe(login("terry"), "10.0.0.6", False, BUNDLE, book)


# -- through a real gate, from another machine


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    accounts = [an_account(person) for person in PEOPLE]
    with a_gate(sites={"allowed.test": "education"}, accounts=accounts) as running:
        yield running


def ask(gate: Gate, user: str, password: str, *, tls: bool, connect: bool = False) -> bytes:
    line = b"CONNECT allowed.test:443" if connect else b"GET http://allowed.test/"
    head = line + b" HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n"
    client = gate.connect(FAR)
    if tls:
        context = ssl.create_default_context(cafile=str(gate.ca))
        client = context.wrap_socket(client, server_hostname="127.0.0.1")
    with client:
        return exchange(client, head + proxy_login(user, password) + b"\r\n")


@pytest.mark.parametrize("password", ["pass:word", "wrong"])
@pytest.mark.parametrize("connect", [False, True])
def test_it_is_refused_before_the_password_is_looked_at(gate: Gate, password: str, connect: bool) -> None:
    answer = ask(gate, "terry", password, tls=False, connect=connect)
    assert b"Proxy-Authenticate" not in answer
    if connect:  # it is told inside (test_told_inside.py): browsers show no page beside a tunnel
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"protected address" in answer
    row = gate.last_row(reason="needs-tls", kind="connect" if connect else "request")
    assert (row["verdict"], row["person"], row["status"]) == ("block", None, 200 if connect else 403)


def test_over_https_the_page_says_which_address_to_use(gate: Gate) -> None:
    with gate.connect(FAR) as client:
        head = b"CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n"
        client.sendall(head + proxy_login("terry") + b"\r\n")
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
        context = ssl.create_default_context(cafile=str(gate.ca))
        with context.wrap_socket(client, server_hostname="allowed.test") as inside:
            answer = exchange(inside, b"GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"protected address" in answer
    row = gate.last_row(reason="needs-tls", kind="request", host="allowed.test")
    assert (row["verdict"], row["person"], row["status"]) == ("block", None, 403)


def test_over_tls_it_is_looked_at(gate: Gate) -> None:
    assert b" 407 " in ask(gate, "terry", "wrong", tls=True).partition(b"\r\n")[0]
    assert b" 200 " in ask(gate, "terry", "pass:word", tls=True).partition(b"\r\n")[0]
    assert ask(gate, "terry", "pass:word", tls=True, connect=True).startswith(b"HTTP/1.1 200 ")
    # ... and what was found right there opens nothing on a plain one:
    assert ask(gate, "terry", "pass:word", tls=False).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("user", ["anna", "tess"])
def test_pupils_and_teachers_may_come_either_way(gate: Gate, user: str) -> None:
    for tls in (False, True):
        assert ask(gate, user, "pass:word", tls=tls).startswith(b"HTTP/1.1 200 ")


def test_a_guessing_device_is_asked_again_whatever_the_name() -> None:
    accounts = [an_account(one) for one in PEOPLE]
    with a_gate(sites={"allowed.test": "education"}, accounts=accounts) as gate:
        assert ask(gate, "terry", "wrong", tls=False).startswith(b"HTTP/1.1 403 ")
        for number in range(HASTY):
            ask(gate, f"name{number}", "wrong", tls=False)
        answers = {ask(gate, user, "wrong", tls=False).partition(b"\r\n")[0] for user in ("nobody", "terry")}
        assert len(answers) == 1
        assert b" 407 " in answers.pop()
