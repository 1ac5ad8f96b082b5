"""Mail to people outside: one letter each, TLS that is checked, and faults that name no address."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from audit_api.mail import Letter, MailError, MailServer, send
from schoolgate.demo.authority import ExampleAuthority
from tests.audit_api.mailed import HOST, PASSWORD, SENDER, USER, Mailbox, a_mail_server
from tests.builders import NOON

LETTER = Letter("Change log — 207 entries", "Whole.\n", {"checkpoint-207.txt": b"a\nb\n"})
TO = ["gail@home.test", "hedy@school.test"]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A mail server's certificate for "localhost", and the authority that signed it."""
    folder, authority = tmp_path_factory.mktemp("mail"), ExampleAuthority()
    (folder / "ca.pem").write_bytes(authority.certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.write_site(["localhost"], folder))
    return context, folder / "ca.pem"


@contextmanager
def with_tls(
    mailbox: Mailbox, certified: tuple[ssl.SSLContext, Path], *, from_the_start: bool = False
) -> Iterator[MailServer]:
    context, authority = certified
    with a_mail_server(mailbox, tls=context, from_the_start=from_the_start) as server:
        ours = replace(server, host="localhost", tls="tls", trusted=authority)
        yield ours if from_the_start else replace(ours, tls="starttls", user=USER, password=PASSWORD)


def why_not(server: MailServer, to: list[str] = TO) -> str:
    with pytest.raises(MailError) as raised:
        send(server, LETTER, to, NOON)
    said = str(raised.value)
    assert "@" not in said
    return said


def test_each_gets_a_letter_that_names_nobody_else() -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as server:
        assert send(server, LETTER, [*TO, TO[0]], NOON) == {}

    assert mailbox.told == TO
    for (to, letter), address in zip(mailbox.letters, TO, strict=True):
        assert (to, letter["To"], letter["From"]) == ([address], address, SENDER)
        assert letter["Subject"] == "Change log — 207 entries"
        assert letter["Date"].datetime == NOON
        assert letter["Auto-Submitted"] == "auto-generated"
        (attached,) = letter.iter_attachments()
        assert (attached.get_filename(), attached.get_content()) == ("checkpoint-207.txt", b"a\nb\n")
    assert mailbox.text() == "Whole.\n"


def test_a_subject_of_many_lines_becomes_one() -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as server:
        send(server, Letter("St Mary\r\nBcc: all@school.test", "x"), TO[:1], NOON)

    assert mailbox.letters[0][1]["Subject"] == "St Mary Bcc: all@school.test"
    assert mailbox.letters[0][1]["Bcc"] is None


def test_a_refused_address_is_said_by_its_number_alone_and_the_others_are_told() -> None:
    mailbox = Mailbox({TO[0]: f"550 5.1.1 <{TO[0]}> unknown"})
    with a_mail_server(mailbox) as server:
        refused = send(server, LETTER, TO, NOON)

    assert refused == {TO[0]: "the mail server refused the address (550)"}
    assert mailbox.told == [TO[1]]


def test_a_letter_is_sent_over_starttls_by_whoever_may(
    certified: tuple[ssl.SSLContext, Path],
) -> None:
    mailbox = Mailbox()
    with with_tls(mailbox, certified) as server:
        assert send(server, LETTER, TO, NOON) == {}
        assert why_not(replace(server, password="x")) == "the mail server refused the user name and password"
        assert "does not offer" in why_not(replace(server, tls="none"))  # nor is a password sent in the clear

    assert mailbox.told == TO
    assert mailbox.signed_in == [True, True]


def test_a_letter_is_sent_over_tls_from_the_start(certified: tuple[ssl.SSLContext, Path]) -> None:
    mailbox = Mailbox()
    with with_tls(mailbox, certified, from_the_start=True) as server:
        assert send(server, LETTER, TO, NOON) == {}

    assert mailbox.told == TO


# aiosmtpd leaves a stream open when the handshake breaks
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("from_the_start", [False, True])
def test_a_certificate_that_is_not_trusted_ends_it(
    certified: tuple[ssl.SSLContext, Path], *, from_the_start: bool
) -> None:
    mailbox = Mailbox()
    with with_tls(mailbox, certified, from_the_start=from_the_start) as server:
        assert "certificate is not trusted" in why_not(replace(server, trusted=None))
        assert "certificate is not trusted" in why_not(replace(server, host=HOST))  # it is for another name

    assert mailbox.told == []


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as server:
        assert "does not offer what mail_tls" in why_not(replace(server, tls="starttls"))

    assert mailbox.told == []


def test_a_server_that_is_away_is_told() -> None:
    with a_mail_server(Mailbox()) as server:
        pass
    assert why_not(server) == "the mail server cannot be reached: Connection refused"


def answering_one(listening: socket.socket) -> Thread:
    """Takes one letter, and hangs up at the next."""

    def run() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 mail.test\r\n")
            answers = {b"EHLO": b"250 mail.test", b"MAIL": b"250 OK", b"RCPT": b"250 OK", b"DATA": b"354 go"}
            while line := lines.readline():
                if line[:4].upper() in answers:
                    lines.write(answers[line[:4].upper()] + b"\r\n")
                elif line == b".\r\n":
                    lines.write(b"250 OK\r\n")
                    return

    thread = Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_a_server_that_breaks_off_after_one_letter_leaves_the_others_untold() -> None:
    with socket.create_server((HOST, 0)) as listening:
        server = MailServer(HOST, listening.getsockname()[1], SENDER, "none")
        thread = answering_one(listening)
        refused = send(server, LETTER, TO, NOON)
        thread.join(10)

    assert refused == {TO[1]: "the mail server broke off"}


def test_an_authority_that_is_not_there_is_told(certified: tuple[ssl.SSLContext, Path]) -> None:
    with with_tls(Mailbox(), certified) as server:
        said = why_not(replace(server, trusted=Path("/nowhere/ca.pem")))
    assert said == "the mail server cannot be reached: No such file or directory"
