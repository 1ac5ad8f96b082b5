"""Incidents as a reader may see them: those that they deal with, and of no other that there is one.

A program with a token never sees a case about a member of staff, whoever made the token (S15).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit_api.incident_shapes import (
    ActedOut,
    CaseKindOut,
    CaseOut,
    KindsOut,
    OpenIn,
    QueueOut,
    StepIn,
    WaitingStepOut,
    WaitingTaskOut,
    WantedCases,
    WholeCaseOut,
)
from audit_api.incident_views import Seer, is_overdue, people_of
from audit_api.incident_words import OUTCOME_WORDS, RESPONSE_WORDS, task_words
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.rows import Cursor, read_cursor, write_cursor
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.incident_fold import FoldError
from audit_log.incident_model import LAPSES, Incident, IncidentState
from audit_log.incidents import asked_of_closed, incident_ids, incident_of, readable
from audit_log.people import people, person_by_id, person_by_username
from change_control import incidents as verbs
from change_control.incident_followups import task_kinds
from change_control.incident_kinds import ABOUT, actions, kinds
from change_control.incident_referral_codes import CODES
from change_control.incident_rights import View, view_of
from change_control.incident_tasks import tasks_waiting
from change_control.incidents import Told
from filter_policy.model import Role

CHUNK = 200  # cases looked through at a time, for those that are this reader's
MOST_OPEN = 2000


def is_theirs(visit: Visit, case: Incident) -> bool:
    was_about_staff = case.restricted or (case.erased and case.kind not in kinds())  # or may have been
    if was_about_staff and visit.reader.token_id:
        return False
    if was_about_staff and not case.restricted and visit.reader.role != Role.HEADTEACHER:
        return False
    return view_of(case, verbs.looker(visit.reader.actor)) is View.ALL


def case_of(visit: Visit, id_: str) -> Incident:
    """Raises Problem not-found, in the same words for what is not there and what is not theirs."""
    try:
        with reading(visit.desk.engine) as conn:
            found = incident_of(conn, id_)
    except FoldError:
        raise Problem("not-whole" if _hears_of_damage(visit) else "not-found") from None
    if found is None or not is_theirs(visit, found):
        raise Problem("not-found")
    return found


def _hears_of_damage(visit: Visit) -> bool:
    """What cannot be read may be about staff."""
    return visit.reader.role == Role.HEADTEACHER and not visit.reader.token_id


def one(visit: Visit, id_: str) -> WholeCaseOut:
    case = case_of(visit, id_)
    return seer(visit, [case]).whole(case)


def seer(visit: Visit, cases: Iterable[Incident]) -> Seer:
    with reading(visit.desk.engine) as conn:
        names = Names.of(conn, people_of(cases), pupils=True)
    return Seer(verbs.looker(visit.reader.actor), visit.now, names)


def page_of(visit: Visit, asked: WantedCases) -> tuple[list[CaseOut], str | None]:
    """Newest first. The next page begins after the last row that is shown: it tells of no other."""
    with reading(visit.desk.engine) as conn:
        person = person_id(conn, asked.person, "person") if asked.person else None
        seen = _seen(conn, visit, asked, person, read_cursor(asked.cursor))
        found = [case for case, _ in zip(seen, range(asked.limit + 1), strict=False)]
    shown = found[: asked.limit]
    next_ = (shown[-1].opened_at, shown[-1].id) if len(found) > asked.limit else None
    by = seer(visit, shown)
    return [by.case(each) for each in shown], write_cursor(next_)


def _seen(
    conn: Connection, visit: Visit, asked: WantedCases, person: str | None, after: Cursor | None
) -> Iterator[Incident]:
    is_open = None if asked.open is None else asked.open == "yes"
    while True:
        ids = incident_ids(
            conn, CHUNK, after, state=asked.state, kind=asked.kind, person=person, is_open=is_open
        )
        found, _ = readable(conn, [id_ for _, id_ in ids])
        yield from (case for case in found if is_theirs(visit, case))
        if len(ids) < CHUNK:
            return
        after = ids[-1]


def person_id(conn: Connection, said: str, field: str) -> str:
    """Of a user name, an id, or a whole name as it is on the register. Raises Problem."""
    wanted = said.strip()
    found = person_by_username(conn, wanted) or person_by_id(conn, wanted)
    if found is not None:
        return found.id
    named = [each for each in people(conn) if each.name.casefold() == wanted.casefold()]
    if len(named) != 1:
        many = "several people have that name; give the user name"
        raise Problem(
            "bad-input",
            errors={field: many if named else "nobody of that user name or name is on the register"},
        )
    return named[0].id


def person_or_none(visit: Visit, said: str | None) -> str | None:
    if not (said or "").strip():
        return None
    with reading(visit.desk.engine) as conn:
        return person_id(conn, said or "", "person")


def open_theirs(visit: Visit) -> tuple[list[Incident], int]:
    """All that are not closed, the oldest first; and how many cannot be read."""
    with reading(visit.desk.engine) as conn:
        ids = incident_ids(conn, MOST_OPEN, is_open=True)
        found, odd = readable(conn, [id_ for _, id_ in reversed(ids)])
    unreadable = len(odd) if _hears_of_damage(visit) else 0
    return [case for case in found if is_theirs(visit, case)], unreadable


def _asked_of(visit: Visit, cases: list[Incident]) -> list[Incident]:
    """Of closed cases too a step may wait: to open one again, to let a device on again."""
    with reading(visit.desk.engine) as conn:
        closed = asked_of_closed(conn, visit.now - LAPSES)
    known = {case.id for case in cases}
    return [*cases, *(case for case in closed if case.id not in known and is_theirs(visit, case))]


def _gravest_first(cases: Iterable[Incident]) -> list[Incident]:
    """What may be illegal cannot wait behind what may not."""
    return sorted(cases, key=lambda case: not case.is_illegal)


@dataclass(frozen=True, slots=True)
class Waits:
    """For whoever looks. `illegal`: of the new ones, those that may be."""

    new: int = 0
    to_sign: int = 0
    overdue: int = 0
    illegal: int = 0

    @property
    def every(self) -> int:
        return self.new + self.to_sign + self.overdue


def waiting(visit: Visit) -> Waits:
    """How many are new, how many steps wait for a signature of mine, how many tasks are overdue."""
    cases, _ = open_theirs(visit)
    by = Seer(verbs.looker(visit.reader.actor), visit.now, Names({}, pupils=False))
    new = [case for case in cases if case.state is IncidentState.REPORTED]
    to_sign = sum(by.waits(case, step) for case in _asked_of(visit, cases) for step in case.steps)
    with reading(visit.desk.engine) as conn:
        late = [each for each in tasks_waiting(conn) if is_overdue(each.task, visit.now)]
    theirs = sum(is_theirs(visit, each.incident) for each in late)
    return Waits(len(new), to_sign, theirs, sum(case.is_illegal for case in new))


def queue(visit: Visit) -> QueueOut:
    """What is new, what waits for a signature of mine, what is overdue; the oldest first, and before all
    else what may be illegal."""
    cases, unreadable = open_theirs(visit)
    asked = _gravest_first(_asked_of(visit, cases))
    by = seer(visit, asked)
    steps = [(case, step) for case in asked for step in case.steps if step.waits(visit.now)]
    mine = visit.reader.person_id
    return QueueOut(
        overdue=_overdue(visit),
        to_sign=[
            WaitingStepOut(case=by.case(case), step=by.step(case, step))
            for case, step in steps
            if by.waits(case, step)
        ],
        asked=[
            WaitingStepOut(case=by.case(case), step=by.step(case, step))
            for case, step in steps
            if step.asked_by == mine
        ],
        new=[by.case(case) for case in _gravest_first(cases) if case.state is IncidentState.REPORTED],
        open=len(cases),
        unreadable=unreadable,
    )


def _overdue(visit: Visit) -> list[WaitingTaskOut]:
    """Of closed cases too: a task that nobody did stays."""
    with reading(visit.desk.engine) as conn:
        late = [each for each in tasks_waiting(conn) if is_overdue(each.task, visit.now)]
    theirs = [each for each in late if is_theirs(visit, each.incident)]
    by = seer(visit, [each.incident for each in theirs])
    return [
        WaitingTaskOut(case=by.case(each.incident), task=by.task(each.incident, each.task)) for each in theirs
    ]


def kinds_out(visit: Visit) -> KindsOut:
    told = [
        CaseKindOut(
            id=each.id,
            about=each.about,
            lane=each.lane,
            says=each.says,
            source=each.source,
            actions=list(each.actions),
        )
        for each in kinds().values()
    ]
    return KindsOut(
        kinds=told,
        actions={about: dict(actions(about)) for about in ABOUT[:2]},
        responses=dict(RESPONSE_WORDS),
        outcomes=dict(OUTCOME_WORDS),
        tasks={kind: task_words(kind) for kind in task_kinds(visit.window.bundle().policy)},
        codes=dict(CODES),
    )


def acted(visit: Visit, id_: str, do: Callable[[], object]) -> ActedOut:
    """Raises Problem not-found, before anything else is said of the case, or ChangeError."""
    case_of(visit, id_)
    do()
    return seen_after(visit, id_)


def seen_after(visit: Visit, id_: str) -> ActedOut:
    try:
        return ActedOut(id=id_, case=one(visit, id_))
    except Problem:  # whoever sorts a case may give it away with that
        return ActedOut(id=None, case=None)


def open_by_hand(visit: Visit, body: OpenIn) -> ActedOut:
    happened_at = visit.instant("happened_at", body.happened_at)
    if happened_at is not None and happened_at > visit.now:
        raise Problem("bad-input", errors={"happened_at": "is in the future"})
    told = Told(
        source="hand",
        kind=body.kind,
        person=person_or_none(visit, body.person),
        by=visit.reader.person_id,
        text=body.text,
        happened_at=happened_at,
        device=(body.device or "").strip() or None,
        place=body.place,
        intent=body.intent,
        self_reported=body.self_reported,
    )
    return seen_after(visit, verbs.report(visit.desk, told, visit.now).id)


def ask(visit: Visit, id_: str, body: StepIn) -> ActedOut:
    return acted(visit, id_, lambda: _ask(visit, id_, body))


def _ask(visit: Visit, id_: str, body: StepIn) -> None:
    facts: dict[str, Any] = body.model_dump(exclude_none=True, exclude={"act"})
    if body.removal is not None:
        facts["removal"] = {"until": _until(visit, body.removal.until).isoformat()}
    verbs.ask_step(visit.desk, visit.reader.actor, id_, body.act, facts, visit.now)


def _until(visit: Visit, said: str) -> datetime:
    until = visit.instant("removal.until", said)
    if until is None:
        raise Problem("bad-input", errors={"removal.until": "a time like 2026-11-24T12:30 is needed"})
    return until
