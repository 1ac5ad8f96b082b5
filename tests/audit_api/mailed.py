"""A real mail server on loopback, which keeps what it was given and refuses whom it is told to."""

import ssl
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from audit_api.mail import MailServer

HOST = "127.0.0.1"
SENDER = "filter@school.example"
USER, PASSWORD = "filter", "tells-them-all"


@dataclass
class Mailbox:
    refuses: dict[str, str] = field(default_factory=dict)  # address: the answer it gets
    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # the name and order that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=default)
        self.letters.append((list(envelope.rcpt_tos), letter))
        self.signed_in.append(bool(session.authenticated))
        return "250 OK"

    @property
    def told(self) -> list[str]:
        """Whom, in the order in which they were told."""
        return [address for to, _ in self.letters for address in to]

    def text(self, number: int = -1) -> str:
        body = self.letters[number][1].get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


class _Controller(Controller):
    """On any free port, which it tries itself once it knows it."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has types for some


@contextmanager
def a_mail_server(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, from_the_start: bool = False
) -> Iterator[MailServer]:
    """With `tls`: spoken from the start, or wanted by STARTTLS, and then also who sends."""
    asks: dict[str, Any] = {}
    if tls is not None and not from_the_start:
        asks = {"tls_context": tls, "require_starttls": True}
        asks |= {"auth_required": True, "authenticator": _authenticator}
    controller = _Controller(
        mailbox, HOST, 0, server_hostname="mail.test", ssl_context=tls if from_the_start else None,
        **asks,
    )  # fmt: skip
    controller.start()
    try:
        yield MailServer(HOST, controller.port, SENDER, "none")
    finally:
        controller.stop()


def _authenticator(*given: Any) -> AuthResult:
    data = given[-1]
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)
