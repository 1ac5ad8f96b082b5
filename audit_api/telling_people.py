"""Those who must know at once: the headteacher, the coordinator and the governors of `notify` in the policy.

The addresses are in the policy, which two people agree on: whoever could change them alone could hide what
he did. A mail that does not go is logged, and stops nothing; the next checkpoint by mail tells it once more.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

from audit_api.mail import Letter, MailError, send
from audit_log.db import reading
from change_control.in_force import parsed_policy
from filter_policy.model import Policy

if TYPE_CHECKING:
    from audit_api.window import Window

AT_ONCE = ("headteacher", "coordinator", "governor")

log = structlog.get_logger()


def tell_at_once(window: "Window", about: str, text: str) -> None:
    """Returns at once and never raises. `about` becomes the subject; no pupil's name belongs in either."""
    try:
        window.mailing.submit(_tell, window, about, text)
    except RuntimeError:  # this process is ending
        log.error("people.telling_failed", why="the server is stopping")


def heard_and_unheard(window: "Window", policy: Policy) -> tuple[list[str], list[str]]:
    """Which of those roles a mail would reach, and which not: those see it in the console alone."""
    heard = [role for role in AT_ONCE if window.ways.mail is not None and policy.notify.get(role)]
    return heard, [role for role in AT_ONCE if role not in heard]


def addresses(policy: Policy, roles: Iterable[str]) -> list[str]:
    """Each once, in the order of the roles."""
    return list(dict.fromkeys(each for role in roles for each in policy.notify.get(role, ())))


def _tell(window: "Window", about: str, text: str) -> None:
    try:
        with reading(window.desk.engine) as conn:
            policy = parsed_policy(conn)
        told, failed = _send(window, policy, about, text)
    except MailError as error:
        log.error("people.telling_failed", why=str(error))
    except Exception as error:  # noqa: BLE001  # what people are told of is done already, and must stay done
        log.error("people.telling_failed", why=type(error).__name__)
    else:
        if failed:
            log.error("people.telling_failed", why=", ".join(sorted(set(failed))), people=len(failed))
        if told:
            log.info("people.told", people=told)


def _send(window: "Window", policy: Policy, about: str, text: str) -> tuple[int, list[str]]:
    """How many were told, and why others were not."""
    to = addresses(policy, AT_ONCE)
    if window.ways.mail is None:
        raise MailError("no mail server is set: mail_host in school.yaml")
    if not to:
        raise MailError("the policy names no address: notify")
    letter = Letter(f"[Schoolgate] {about}", f"{text.strip()}\n\n{_foot(window, policy)}")
    refused = send(window.ways.mail, letter, to, window.clock())
    return len(to) - len(refused), list(refused.values())


def _foot(window: "Window", policy: Policy) -> str:
    whom = "the headteacher, the coordinator and the governors"
    where = f"\n{window.ways.console}/" if window.ways.console else ""
    return f"-- \nSent by the filter of {policy.school} to {whom}.{where}\n"
