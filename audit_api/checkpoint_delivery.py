"""Checkpoints out of this server: each morning, and at once when the sealed envelope was used.

Each way in a thread of its own, since a share or a mail server that hangs must hold up nothing. What does not
arrive is tried again each hour, and after 26 hours every page, the figures and doctor say so.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from audit_api.checkpoint_mail import ROLES, compose
from audit_api.mail import Letter, MailError, send
from audit_api.telling_people import addresses
from audit_api.window import Window
from audit_log.change_log import entries
from audit_log.checkpoint import Signed
from audit_log.db import reading
from change_control.checkpoint_delivery import (
    FOLDER,
    MAIL,
    WAYS,
    Delivery,
    DeliveryError,
    deliveries,
    is_due,
    is_overdue,
    keep_delivery,
    known_here,
    last_occasion,
    newest_checkpoint,
    write_to_folder,
)
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from filter_policy.model import Policy

log = structlog.get_logger()


class Delivering:
    """For one way, or for all. Remembers who has had today's letter: a retry troubles nobody twice."""

    def __init__(self, window: Window, only: tuple[str, ...] = WAYS) -> None:
        self._window = window
        self._only = only
        self._had: tuple[datetime, set[str]] | None = None

    def look(self, now: datetime) -> None:
        """Never raises: the next look may succeed."""
        try:
            self._look(now)
        except ChangeError as error:
            log.info("upkeep.nothing_to_do", why=error.says)
        except SQLAlchemyError as error:
            log.error("upkeep.failed", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001  # and no traceback: its locals hold addresses
            log.error("checkpoint.delivery_failed", error=type(error).__name__)

    def _look(self, now: datetime) -> None:
        engine = self._window.desk.engine
        with reading(engine) as conn:
            policy, known = parsed_policy(conn), deliveries(conn)
            occasion = last_occasion(conn, policy.timetable.zone, now)
        for way in ways_of(self._window, policy):
            last = known.get(way)
            if way not in self._only or not is_due(last, occasion, now):
                continue
            done = self._deliver(way, policy, last, occasion, now)
            keep_delivery(engine, done)
            if done.fault is None:
                log.info("checkpoint.delivered", way=way, size=done.size)
            else:
                log.error("checkpoint.delivery_failed", way=way, why=done.fault)

    def _deliver(
        self, way: str, policy: Policy, last: Delivery | None, occasion: datetime, now: datetime
    ) -> Delivery:
        before = last or Delivery(way, 0, None, now)
        acts: dict[str, Callable[[], int]] = {
            FOLDER: lambda: self._to_folder(policy, now),
            MAIL: lambda: self._by_mail(policy, last, occasion, now),
        }
        try:
            size = acts[way]()
        except (DeliveryError, MailError) as error:
            return replace(before, tried_at=now, fault=str(error))
        return Delivery(way, size, now, now)

    def _to_folder(self, policy: Policy, now: datetime) -> int:
        folder = self._window.ways.folder
        assert folder is not None  # noqa: S101  # else it is no way; for the type checker
        with reading(self._window.desk.engine) as conn:
            note = _required(conn, self._window)
            day = now.astimezone(policy.timetable.zone).date().isoformat()
            known = known_here(conn, self._window.desk.key.public_key())
            write_to_folder(folder, note, day, known, is_ours=folder.is_relative_to(self._window.desk.state))
        return note.size

    def _by_mail(self, policy: Policy, last: Delivery | None, occasion: datetime, now: datetime) -> int:
        window = self._window
        with reading(window.desk.engine) as conn:
            note = _required(conn, window)
            sent = last.size if last is not None and last.at is not None else None
            letter = compose(conn, policy, note, sent, window.ways.console, now)
        self._send(letter, addresses(policy, ROLES), occasion, now)
        return note.size

    def _send(self, letter: Letter, to: list[str], occasion: datetime, now: datetime) -> None:
        """Raises MailError where somebody has not had it."""
        server = self._window.ways.mail
        assert server is not None  # noqa: S101  # as above
        if self._had is None or self._had[0] != occasion:
            self._had = (occasion, set())
        had = self._had[1]
        waiting = [address for address in to if address not in had]
        refused = send(server, letter, waiting, now) if waiting else {}
        had.update(address for address in waiting if address not in refused)
        if refused:
            why = ", ".join(sorted(set(refused.values())))
            raise MailError(f"{len(refused)} of {len(to)} addresses did not take it: {why}")


def _required(conn: Connection, window: Window) -> Signed:
    note = newest_checkpoint(conn, window.desk)
    if note is None:
        raise DeliveryError("no checkpoint was signed yet")
    return note


def ways_of(window: Window, policy: Policy) -> Iterator[str]:
    """Those that are set up: a folder, and a mail server with somebody to tell."""
    if window.ways.folder is not None:
        yield FOLDER
    if window.ways.mail is not None and addresses(policy, ROLES):
        yield MAIL


def overdue_ways(
    window: Window, conn: Connection, policy: Policy, now: datetime
) -> dict[str, Delivery | None]:
    """By way, those by which nothing has arrived for too long."""
    known = deliveries(conn)
    first = next(iter(entries(conn, after=0, limit=1)), None)
    since = first.at if first is not None else now
    ways = ways_of(window, policy)
    return {way: known.get(way) for way in ways if is_overdue(known.get(way), since, now)}
