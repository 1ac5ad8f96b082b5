"""Mail to people outside the server: plain text, each recipient alone, and never past a certificate that
is not trusted. What a mail server answers may repeat an address, so only its number is told on.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

TIMEOUT = 10.0  # seconds, for each step
SAYS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "the mail server refused the user name and password"),
    (smtplib.SMTPNotSupportedError, "the mail server does not offer what mail_tls or mail_user asks for"),
    (smtplib.SMTPServerDisconnected, "the mail server broke off"),
    (TimeoutError, "the mail server did not answer in time"),
)


class MailError(Exception):
    """The mail server took nothing; the message says why, without an address."""


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    sender: str
    tls: str = "starttls"  # none | starttls | tls
    user: str = ""
    password: str = field(default="", repr=False)
    trusted: Path | None = None  # authorities for its certificate; None: those of this machine


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ways:
    """How what must be known outside leaves this server."""

    folder: Path | None = None  # None: no checkpoint is written to a folder
    mail: MailServer | None = None
    console: str = ""  # where people reach the console
    webhook_secret: str = field(default="", repr=False)  # signs what the school's case system is told
    webhook_ca: Path | None = None  # authorities for its certificate; None: those of this machine


def send(server: MailServer, letter: Letter, addresses: Iterable[str], at: datetime) -> dict[str, str]:
    """Who did not get it, and why. Raises MailError where nobody could."""
    to = list(dict.fromkeys(addresses))
    refused: dict[str, str] = {}
    done = 0
    try:
        with _connected(server) as smtp:
            for address in to:
                if why := _one(smtp, server, letter, address, at):
                    refused[address] = why
                done += 1
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if not done:
            raise MailError(says(error)) from None  # the cause may hold an address
        refused.update(dict.fromkeys(to[done:], says(error)))
    return refused


def _connected(server: MailServer) -> smtplib.SMTP:
    name = socket.gethostname() or "localhost"  # smtplib would ask the network for it
    if server.tls == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, name, timeout=TIMEOUT, context=_context(server)
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, name, timeout=TIMEOUT)
    try:
        if server.tls == "starttls":
            smtp.starttls(context=_context(server))  # raises where it is not offered
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _context(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.trusted)


def _one(smtp: smtplib.SMTP, server: MailServer, letter: Letter, address: str, at: datetime) -> str | None:
    """Why this one was not taken. A connection that ends is for the caller."""
    try:
        smtp.send_message(message(server, letter, address, at), server.sender, [address])
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException as error:
        return says(error)
    return None


def message(server: MailServer, letter: Letter, address: str, at: datetime) -> EmailMessage:
    """To one address; nobody learns who else was told."""
    made = EmailMessage(policy=SMTP)
    made["From"] = server.sender
    made["To"] = address
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(at)
    made["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    for name, content in letter.files.items():  # as bytes: no line end of a signed text may change
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


def says(error: Exception) -> str:
    """In words of ours alone."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return f"the mail server refused the address ({', '.join(map(str, codes))})"
    for kind, told in SAYS:
        if isinstance(error, kind):
            return told
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted: {error.verify_message}"
    why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return f"the mail server cannot be reached: {why}"
