"""The school's case system is told when a case opens and when it moves (F22), by the address that two people
agreed on in the policy.

It learns the case's id, kind, lane, state and when: never of whom it is, nor who reported. A case about a
member of staff, or from which somebody was left out, is never told: who reads the other system is not known
here. Each message is signed with a secret of this server, is sent until it is taken, in order, and no change
waits for it.
"""

import http.client
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hmac import digest
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection, func, select

from audit_api.mail import Ways
from audit_api.window import Window
from audit_log.db import reading
from audit_log.incident_fold import FoldError, fold
from audit_log.incident_model import Incident
from audit_log.incident_rows import is_text, raw, rows
from audit_log.incidents import entries_of
from audit_log.seal import stamp
from audit_log.tables import incident_entry
from change_control.errors import ChangeError
from change_control.file_lock import holding
from change_control.in_force import parsed_policy

KEPT = "webhook.json"  # in the state folder: how far it was told
LOCK = "webhook.lock"
TIMEOUT = 10.0  # seconds, for each step
MOST_AT_ONCE = 100  # lines of cases
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
LATE = timedelta(hours=1)
NO_SECRET = "this server has no webhook_secret to sign with"  # noqa: S105  # says that there is none

log = structlog.get_logger()


class WebhookError(Exception):
    """It was not taken; the message says why, and nothing of what was answered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Up to which line it was told; since when nothing is taken, and why."""

    seq: int
    failing_since: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    seq: int
    body: bytes


class Calling:
    """Remembers when to try again; how far it was told is on the disk."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._wait = FIRST_WAIT
        self._again_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Never raises: the next look may succeed."""
        if self._again_at is not None and now < self._again_at <= now + LONGEST_WAIT:
            return
        try:
            self._look(now)
        except ChangeError as error:
            log.info("upkeep.nothing_to_do", why=error.says)
        except Exception as error:  # noqa: BLE001  # and no traceback: its locals hold the secret
            log.error("webhook.failed", error=type(error).__name__)

    def _look(self, now: datetime) -> None:
        desk = self._window.desk
        with reading(desk.engine) as conn:
            url = parsed_policy(conn).incidents.webhook
        if not url:
            (desk.state / KEPT).unlink(missing_ok=True)
            return
        with holding(desk.state / LOCK):  # another process may tell it too
            self._tell(url, now)

    def _tell(self, url: str, now: datetime) -> None:
        """What was before it was agreed on is not told."""
        desk, ways = self._window.desk, self._window.ways
        with reading(desk.engine) as conn:
            newest = conn.scalar(select(func.max(incident_entry.c.seq))) or 0
            begun = progress(desk.state) or Progress(newest)
            if begun.seq > newest:  # an older database was put back
                begun = Progress(newest)
            upto, waiting = _waiting(conn, begun.seq)
        try:
            for each in waiting:
                deliver(url, ways, each, now)
                begun = Progress(each.seq)
                _keep(desk.state, begun)
        except WebhookError as error:
            self._failed(begun, str(error), now)
        else:
            self._wait, self._again_at = FIRST_WAIT, None
            _keep(desk.state, Progress(max(upto, begun.seq)))

    def _failed(self, before: Progress, why: str, now: datetime) -> None:
        _keep(
            self._window.desk.state,
            replace(before, failing_since=before.failing_since or stamp(now), why=why),
        )
        self._again_at, self._wait = now + self._wait, min(2 * self._wait, LONGEST_WAIT)
        log.error("webhook.failed", why=why)


def _waiting(conn: Connection, seq: int) -> tuple[int, list[Message]]:
    """Up to which line was looked, and what of it there is to tell."""
    line = incident_entry.c
    asked = select(*raw(conn, line.seq, line.incident_id)).where(line.seq > seq)
    found = rows(conn, asked.order_by(line.seq).limit(MOST_AT_ONCE))
    messages = (_message(conn, row.seq, row.incident_id) for row in found)
    return found[-1].seq if found else seq, [each for each in messages if each is not None]


def _message(conn: Connection, seq: int, incident_id: object) -> Message | None:
    if not is_text(incident_id):
        return None
    try:
        entries = [each for each in entries_of(conn, incident_id) if each.seq <= seq]
        after = fold(entries)
        before = fold(entries[:-1]) if len(entries) > 1 else None
    except FoldError:  # `verify` names it
        return None
    if not _may_be_told(after) or (before is not None and _told(before) == _told(after)):
        return None
    body = {**_told(after), "id": after.id, "at": stamp(after.changed_at)}
    return Message(seq, json.dumps(body, sort_keys=True).encode())


def _may_be_told(case: Incident) -> bool:
    return not case.restricted and not case.excluded and not case.erased


def _told(case: Incident) -> dict[str, str]:
    return {"kind": case.kind, "lane": case.lane, "state": case.state} if _may_be_told(case) else {}


def deliver(url: str, ways: Ways, message: Message, now: datetime) -> None:
    """Raises WebhookError. No redirect is followed, no proxy is asked, no cookie is kept."""
    if not ways.webhook_secret:
        raise WebhookError(NO_SECRET)
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        raise WebhookError("the address is not https")
    link = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=_trusted(ways))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        link.request("POST", path, message.body, dict(_headers(ways.webhook_secret, message, now)))
        status = link.getresponse().status
    except ssl.SSLError as error:
        raise WebhookError("its certificate is not trusted, or it speaks no TLS") from error
    except TimeoutError as error:
        raise WebhookError("it did not answer in time") from error
    except (OSError, http.client.HTTPException) as error:
        raise WebhookError("it cannot be reached, or broke off") from error
    finally:
        link.close()
    if 300 <= status < 400:
        raise WebhookError(f"it leads elsewhere ({status}), where nobody agreed to")
    if not 200 <= status < 300:
        raise WebhookError(f"it answered {status}")
    log.info("webhook.delivered", seq=message.seq)


def _trusted(ways: Ways) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ways.webhook_ca)
    except OSError as error:
        raise WebhookError("the authorities of webhook_ca cannot be read") from error


def _headers(secret: str, message: Message, now: datetime) -> Iterator[tuple[str, str]]:
    """The signature is of the time, a dot and the body, so that no message can be sent again years later."""
    at = str(int(now.timestamp()))
    yield "Content-Type", "application/json"
    yield "User-Agent", "Schoolgate"
    yield "Schoolgate-Delivery", str(message.seq)  # the same when it is sent again
    yield "Schoolgate-Timestamp", at
    yield "Schoolgate-Signature", f"sha256={signature(secret, at, message.body)}"


def signature(secret: str, at: str, body: bytes) -> str:
    return digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()


def progress(state: Path) -> Progress | None:
    """None: nothing was told yet. What somebody made unreadable begins anew."""
    try:
        found = json.loads((state / KEPT).read_text(encoding="utf-8"))
        return Progress(int(found["seq"]), found["failing_since"], str(found["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(state: Path, new: Progress) -> None:
    if progress(state) != new:
        beside = state / f".{KEPT}"
        beside.write_text(json.dumps(asdict(new)), encoding="utf-8")
        os.replace(beside, state / KEPT)


def late(window: Window, url: str, now: datetime) -> str | None:
    """Why the case system has learnt nothing for long; None: it has, or none is meant to."""
    if not url:
        return None
    if not window.ways.webhook_secret:
        return NO_SECRET
    found = progress(window.desk.state)
    if found is None or found.failing_since is None:
        return None
    try:
        since = datetime.fromisoformat(found.failing_since)
    except ValueError:
        return found.why
    return found.why if now - since > LATE else None
