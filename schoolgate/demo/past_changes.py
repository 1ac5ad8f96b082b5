"""What the example school asked, agreed on and declined in the week before today, each in its own hour.

Written through change control with the clock of then, so that the change log holds it as it would have been.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from audit_log.db import reading
from change_control import proposals
from change_control.in_force import policy_in_force
from change_control.openings import open_for_class
from change_control.proposal import Proposal
from change_control.tightening import suspend
from filter_lists.names import parse_site
from filter_policy.life_cycle import State
from filter_policy.model import Opening, Unblock
from schoolgate.demo.founding import School

SITE_RULE = '  - {block: [school-books.test/teachers], for: pupils, reason: "answers to the tests"}\n'
NO_GAMES = "games:              {source: A362, everyone: not_allowed}"
SOME_GAMES = (
    "games:              {source: A362, everyone: not_allowed, upper-ks2: {at_certain_times: [lunch]}}"
)
POSTERS = "racism-history.test"
SCHOOL_DAYS = 5  # Monday is 0


@dataclass(frozen=True, slots=True)
class Week:
    """The school days of the last week and today, oldest first, in the school's own time."""

    days: tuple[date, ...]
    zone: ZoneInfo
    now: datetime

    @classmethod
    def before(cls, now: datetime, zone: ZoneInfo) -> "Week":
        today = now.astimezone(zone).date()
        days = [today - timedelta(days=back) for back in range(7, -1, -1)]
        return cls(tuple(day for day in days if day.weekday() < SCHOOL_DAYS), zone, now)

    def at(self, back: int, hour: int, minute: int = 0) -> datetime:
        """`back` school days before the last one; a negative one is still to come."""
        if back >= 0:
            return self.on(self.days[-1 - back], hour, minute)
        day = self.now.astimezone(self.zone).date()
        for _ in range(-back):
            day += timedelta(days=1 if day.weekday() < SCHOOL_DAYS - 1 else 7 - day.weekday())
        return self.on(day, hour, minute)

    def on(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)


@dataclass(slots=True)
class Past:
    """The changes as they come about."""

    school: School
    week: Week
    made: dict[str, Proposal] = field(default_factory=dict)
    openings: list[Opening] = field(default_factory=list)

    def unblocks(self) -> tuple[Unblock, ...]:
        """What was open, for as long as it was."""
        return tuple(
            _unblock(one)
            for one in self.made.values()
            if one.kind == "unblock" and one.state in (State.APPROVED, State.REVOKED)
        )


Act = Callable[[datetime], object]
Step = tuple[datetime, Act]
Hours = tuple[datetime, datetime]


def write_past_changes(school: School, week: Week) -> Past:
    """In the order of the clock; what has not come yet is left out."""
    past = Past(school, week)
    for at, act in sorted([*_policy_steps(past), *_lesson_steps(past)], key=lambda step: step[0]):
        if at < week.now:
            act(at)
    return past


def _policy_steps(past: Past) -> list[Step]:
    """One change that was agreed on, and one that was not."""
    begun = past.school.person(past.school.founders[0]).created_at
    why = "The answers to our tests stand in an allowed site"
    no = "The written policy says no (A362)"
    return [
        (
            begun + timedelta(hours=3),
            _propose(past, "answers", "tess", lambda text: text + SITE_RULE, why=why),
        ),
        (begun + timedelta(hours=4), _decide(past, "answers", "cora", proposals.approve, why="quite right")),
        (
            begun + timedelta(hours=4, minutes=30),
            _propose(past, "games", "cora", _some_games, why="Year 6 asked"),
        ),
        (begun + timedelta(hours=5), _decide(past, "games", "hilda", proposals.decline, why=no)),
    ]


def _no_answers(text: str) -> str:
    return text + SITE_RULE


def _some_games(text: str) -> str:
    return text.replace(NO_GAMES, SOME_GAMES)


def _lesson_steps(past: Past) -> list[Step]:
    """Each: when, and who asked for or decided what."""
    at, approve, decline = past.week.at, proposals.approve, proposals.decline
    ask, decide = partial(_ask, past), partial(_decide, past)
    return [
        (at(4, 9, 5), ask("history", "mary", site=POSTERS, class_="6B", hours=(at(3, 10), at(3, 11)),
                          subject="History", why="Posters of the 1930s, as sources")),
        (at(4, 12, 30), decide("history", "tess", approve, why="seen it; a good use of it")),
        (at(4, 15, 40), ask("chance", "liam", site="bets.test", class_="6A", hours=(at(2, 11), at(2, 12)),
                            subject="Maths", why="Odds and chance")),
        (at(3, 8, 45), decide("chance", "cora", decline, why="Other sites on chance take no bets")),
        (at(3, 13, 20), ask("letters", "nora", site="chat.test", class_="3A", hours=(at(2, 9), at(0, 15)),
                            subject="English", why="Letters to our partner school")),
        (at(3, 15, 30), decide("letters", "hilda", approve, why="agreed with the partner school")),
        (at(2, 10), _open(past, "nora", "3A", 45, why="Finding out about otters")),
        (at(3, 11, 0), partial(proposals.lapse_due, past.school.desk)),  # the lesson is over
        (at(2, 14, 5), decide("letters", "cora", proposals.revoke, why="Strangers can write there too")),
        (at(1, 11, 50), _suspend(past, "dev", until=at(0, 8), who="cora", why="Lent his password")),
        (at(1, 14), ask("adverts", "mary", site="shop.test", class_="6B", hours=(at(0, 10), at(0, 11)),
                        subject="Citizenship", why="How adverts work")),
        (at(1, 15, 45), decide("adverts", "mary", proposals.withdraw, why="found it in a book")),
        (at(1, 16), ask("films", "liam", site="films.test", class_="6A", hours=(at(-1, 12), at(-1, 13)),
                        subject="Science", why="The water cycle, in the lunch club")),
        (at(1, 16, 30), decide("films", "tess", approve, why="only for the club")),
        (past.week.now - timedelta(minutes=40),
         ask("waiting", "mary", site=POSTERS, class_="6B", hours=(at(-1, 10), at(-1, 11)),
             subject="History", why="Second part of the lesson on propaganda")),
    ]  # fmt: skip


def _propose(past: Past, key: str, who: str, change: Callable[[str], str], *, why: str) -> Act:
    def act(at: datetime) -> None:
        desk = past.school.desk
        with reading(desk.engine) as conn:
            text = policy_in_force(conn)[0]
        past.made[key] = proposals.propose_policy(desk, past.school.actor(who), change(text), why, at)

    return act


def _ask(
    past: Past, key: str, who: str, *, site: str, class_: str, hours: Hours, subject: str, why: str
) -> Act:
    raw = {
        "sites": [site],
        "for": {"classes": [class_], "filter_groups": [], "people": []},
        "starts_at": hours[0].isoformat(),
        "ends_at": hours[1].isoformat(),
        "subject": subject,
        "reason": why,
    }

    def act(at: datetime) -> None:
        past.made[key] = proposals.propose_unblock(past.school.desk, past.school.actor(who), raw, at)

    return act


def _decide(past: Past, key: str, who: str, verb: Callable[..., Proposal], *, why: str) -> Act:
    def act(at: datetime) -> None:
        school = past.school
        past.made[key] = verb(school.desk, school.actor(who), past.made[key].id, why, at)

    return act


def _open(past: Past, who: str, class_: str, minutes: int, *, why: str) -> Act:
    def act(at: datetime) -> None:
        school = past.school
        past.openings.append(open_for_class(school.desk, school.actor(who), class_, minutes, why, at))

    return act


def _suspend(past: Past, whom: str, *, until: datetime, who: str, why: str) -> Act:
    def act(at: datetime) -> None:
        school = past.school
        suspend(school.desk, school.actor(who), school.person(whom).id, until, why, at)

    return act


def _unblock(one: Proposal) -> Unblock:
    starts_at, ends_at = one.starts_at, one.ended_at or one.ends_at
    if starts_at is None or ends_at is None:
        raise ValueError(f"{one.kind} {one.id} has no times")
    return Unblock(
        one.id, tuple(parse_site(site) for site in one.sites), starts_at, ends_at, frozenset(one.classes)
    )
