"""A week of plausible browsing at the example school: each request decided as the gate would have.

The rows go through the journal, and the real recorder moves them: there is no other way into the log.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from audit_log.db import reading
from audit_log.journal import Journal, new_event_id
from audit_log.people import Registered, people
from change_control.in_force import policy_in_force
from filter_lists.names import Url
from filter_policy.bundle import revision_of
from filter_policy.decide import decide
from filter_policy.model import Decision, Policy, Request, Role
from filter_policy.parse import parse_policy
from proxy_addon.records import Happening, Row, Rows
from schoolgate.demo.past_changes import Past, Week

GATE = "last-week"
SEED = 20260901  # the same week every time
Visit = tuple[Registered, datetime, Url]
VISITS = {Role.PUPIL: 14, Role.STAFF: 12, Role.TECHNICIAN: 9, Role.COORDINATOR: 7, Role.HEADTEACHER: 6}
LESSON = "racism-history.test"
OFTEN = ("school-books.test", "search.test", "films.test", "sums.test", "news.test")
# What a school day brings besides; mostly shut, sometimes by the clock.
SELDOM = (
    *("games.test", "games.test", "chat.test", "friends.test", "shop.test", "robot.test", "files.test"),
    *("bets.test", LESSON, "proxyhole.test", "violence.test", "adult.test", "malware.test"),
)
PATHS = ("/", "/", "/index", "/pictures", "/reading/week-3", "/volcanoes", "/about", "/search")
ONE_IN = 6


def write_past_requests(past: Past) -> int:
    """How many rows. Nothing of them is later than now."""
    state = past.school.desk.state
    journal = Journal(state / "journal", GATE)
    try:
        rows = sorted(_rows(past), key=lambda row: str(row["at"]))
        for row in rows:
            journal.note(row)
    finally:
        journal.close()
    return len(rows)


def _rows(past: Past) -> Iterator[Row]:
    chance = random.Random(SEED)  # noqa: S311  # invents a week, guards nothing
    policy, register = _then(past)
    write = Rows(GATE)
    for person, at, url in [*_days(past.week, register, chance), *_lessons(past, register)]:
        if at < past.week.now:
            listings = tuple(past.school.desk.lists().lookup(url))
            decision = decide(Request(person.person, url, listings), policy, at)
            address = f"10.20.1.{10 + register.index(person)}"
            what = Happening(_id(at), at, "request", person.person, address, "GET", url)
            yield _answered(write.whole(what, decision, policy, 200), decision, chance)


def _days(week: Week, register: Sequence[Registered], chance: random.Random) -> Iterator[Visit]:
    for day in week.days:
        for person in register:
            for _ in range(VISITS.get(person.role, 3)):
                yield person, _moment(week, day, person, chance), _anywhere(person, chance)


def _lessons(past: Past, register: Sequence[Registered]) -> Iterator[Visit]:
    """A class goes where its teacher had asked it might."""
    for unblock in past.unblocks():
        for number, person in enumerate(p for p in register if unblock.classes & set(p.classes)):
            for minutes in (5, 17, 40):
                at = unblock.starts_at + timedelta(minutes=minutes, seconds=13 * number)
                yield person, at, Url("https", unblock.sites[0].host, 443, "/")


def _answered(row: Row, decision: Decision, chance: random.Random) -> Row:
    size, ms = chance.randint(900, 400_000), chance.randint(20, 900)
    return {**row, "status": 403} if decision.is_block else {**row, "down": size, "ms": ms}


def _id(at: datetime) -> str:
    return new_event_id(int(at.timestamp() * 1_000_000_000))


def _anywhere(person: Registered, chance: random.Random) -> Url:
    host = chance.choice(SELDOM if chance.randrange(ONE_IN) == 0 else OFTEN)
    if host == LESSON and "6B" not in person.classes:
        host = "news.test"
    return Url("https", host, 443, chance.choice(PATHS))


def _then(past: Past) -> tuple[Policy, Sequence[Registered]]:
    """The policy with all that was open at any time of the week: `decide` goes by each one's own times."""
    desk = past.school.desk
    with reading(desk.engine) as conn:
        text = policy_in_force(conn)[0]
        register = people(conn)
    policy = parse_policy(text, revision_of(text, desk.lists().generation))
    return replace(policy, unblocks=past.unblocks(), openings=tuple(past.openings)), register


def _moment(week: Week, day: date, person: Registered, chance: random.Random) -> datetime:
    first, last = (9 * 60, 15 * 60 + 15) if person.role is Role.PUPIL else (8 * 60, 17 * 60)
    minutes = chance.randint(first, last)
    within = timedelta(milliseconds=chance.randint(0, 59_999))
    return week.on(day, minutes // 60, minutes % 60) + within
