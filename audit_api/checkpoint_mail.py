"""The letter that carries a checkpoint: what happened since the last one, in plain English, and the proof.

No pupil's name stands in it, nothing of anybody's browsing, and no reason that somebody wrote: mail is read
in many places. Whoever wants those signs in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from audit_api import times
from audit_api.mail import Letter
from audit_api.names import Names
from audit_api.sentences import ODD, people_in, sentence
from audit_log.change_log import Entry, entries
from audit_log.checkpoint import Signed
from audit_log.tables import review
from change_control.log_reviews import Due, review_due
from filter_policy.model import Policy

ROLES = ("governor", "headteacher")
MOST_ENTRIES = 20_000  # that one letter counts
MOST_SENTENCES = 40
PAGE = 1000
COUNTED: Mapping[str, str] = {
    "school": "about the founding",
    "policy": "about the policy",
    "lists": "about the lists of sites",
    "unblock": "about sites for lessons",
    "opening": "about what staff opened for a class",
    "people": "about people in the register",
    "person": "about enrolments, suspensions and accounts",
    "password": "about passwords",
    "break-glass": "about the sealed envelope",
    "review": "of people who looked again at what one person did",
    "change-log": "of people who saw or reviewed this log",
    "filtering-log": "about the filtering log: looks, exports and sealed hours",
    "retention": "of what was removed because its time was over",
}
OTHERS = "about other things"
# What brought something into force, or touches this log itself.
IMPORTANT = frozenset(
    {
        *(f"{kind}:{act}" for kind in ("policy", "lists", "people") for act in ("approve", "tighten")),
        *("lists:confirm", "lists:rollback", "unblock:approve", "school:found"),
        *(f"break-glass:{act}" for act in ("propose", "approve", "use")),
        *("change-log:seen", "change-log:review", "change-log:restore"),
        *("change-text:erase", "journal:release"),
    }
)
CHECK = """\
Keep this letter, or the attached file, where the school's technicians have no access. It is the proof of
every entry before it: if somebody alters, removes or moves one later, no check will agree with these lines.

To check: sign in and open "Check it at home". That page saves the record for you, and a checker that needs
no network and trusts nobody: verify_changes.html or verify_changes.py. Give it the record and the attached
file. In more words: docs/verifying.md, which comes with the program.\
"""


def compose(  # noqa: PLR0917  # the connection and the instant stand first and last, as everywhere
    conn: Connection, policy: Policy, note: Signed, last_size: int | None, console: str, now: datetime
) -> Letter:
    """`last_size`: what the last letter told of; None for the first one."""
    parts = [
        _opening(policy, note, last_size),
        *_alarms(conn, policy, note, last_size, now),
        *_happened(conn, policy, note, last_size or 0),
        f"The signed checkpoint:\n\n{note.note}",
        CHECK,
        f"The whole log, with every reason: {console}/changes" if console else "",
    ]
    subject = f"[Schoolgate] {policy.school}: change log, {_entries(note.size)}"
    text = "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
    sendable = text.encode("utf-8", "replace").decode()  # a damaged line may hold what is no text
    return Letter(subject, sendable, {f"checkpoint-{note.size}.txt": note.note.encode()})


def _happened(conn: Connection, policy: Policy, note: Signed, begun: int) -> Iterator[str]:
    """The checkpoint goes out also where somebody has made lines unreadable."""
    after = max(min(begun, note.size), note.size - MOST_ENTRIES)
    try:
        since = list(_pages(conn, after, note.size))
        yield _counts(since, "since the last letter" if begun else "so far", after - begun)
        yield _important(conn, since, policy.timetable.zone)
    except ODD:
        yield "ALARM: what happened since cannot be told: entries cannot be read. Check the log at once."


def _pages(conn: Connection, after: int, size: int) -> Iterator[Entry]:
    while after < size:
        found = entries(conn, after=after, limit=min(PAGE, size - after))
        if not found:
            return
        yield from found
        after = found[-1].seq


def _opening(policy: Policy, note: Signed, last_size: int | None) -> str:
    signed = times.when(note.made_at, policy.timetable.zone)
    said = (
        f"The change log of the internet filter of {policy.school} has {_entries(note.size)}."
        f" The last checkpoint was signed {signed}."
    )
    if last_size is None:
        return f"{said}\nThis is the first letter of this kind from this server."
    return f"{said}\nThe last letter told of {_entries(last_size)}."


def _alarms(
    conn: Connection, policy: Policy, note: Signed, last_size: int | None, now: datetime
) -> Iterator[str]:
    if last_size is not None and last_size > note.size:
        yield (
            f"ALARM: the log has become shorter. It had {_entries(last_size)}, and has {note.size} now."
            " Tell the headteacher, and let nobody repair anything before a copy is put aside."
        )
    open_late = select(func.count()).where(review.c.done_at.is_(None), review.c.due_at <= now)
    if late := conn.scalar(open_late) or 0:
        one = late == 1
        yield (
            f"OVERDUE: {late} review{'' if one else 's'} of what one person did {'waits' if one else 'wait'}"
            " for somebody else to look at it."
        )
    due = review_due(conn, policy)
    if due.is_overdue(now):
        yield f"OVERDUE: {review_said(due, policy.timetable.zone)}"


def review_said(due: Due, zone: ZoneInfo) -> str:
    """When a governor last reviewed the log, and by when the next one should."""
    by = f"The next review was due by {times.day(due.at, zone)}."
    if due.last is None:
        return f"no governor has reviewed the change log yet. {by}"
    return (
        f"a governor last reviewed the change log on {times.day(due.last.at, zone)}, up to entry"
        f" {due.last.size}; {_entries(due.since)} after it unread. {by}"
    )


def _counts(since: Sequence[Entry], when: str, cut: int) -> str:
    if not since:
        return "Nothing has happened since."
    found = Counter(COUNTED.get(entry.event.partition(":")[0], OTHERS) for entry in since)
    by_number = sorted(found.items(), key=lambda kind: (-kind[1], kind[0]))
    more = f" (the {cut} before those are not counted here)" if cut > 0 else ""
    lines = [f"- {number} {what}" for what, number in by_number]
    return "\n".join([f"Entries {when}: {len(since)}{more}", *lines])


def _important(conn: Connection, since: Sequence[Entry], zone: ZoneInfo) -> str:
    told = [entry for entry in since if entry.event in IMPORTANT and not names_somebody(entry)]
    if not told:
        return ""
    shown = told[-MOST_SENTENCES:]
    names = Names.of(conn, _ids(shown), pupils=False)
    lines = [f"{each.seq}. {times.when(each.at, zone)}: {sentence(each, names, zone)}" for each in shown]
    if more := len(told) - len(shown):
        lines.insert(0, f"({more} more before these: see the change log.)")
    return "\n".join(["Above all:", *lines])


def names_somebody(entry: Entry) -> bool:
    """A site opened for one child would say what that child looks at: only counted."""
    detail: Mapping[str, Any] = entry.detail
    return entry.event.startswith("unblock:") and bool(detail.get("people"))


def _ids(shown: Iterable[Entry]) -> Iterator[str]:
    for entry in shown:
        yield from people_in(entry)


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
