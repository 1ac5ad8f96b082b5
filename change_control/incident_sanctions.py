"""What the schools' own tables suggest for a case (S182, S183), and what speaks for less or more than that.

Suggested, and never done: two people choose. Whoever met with something by accident, or said so at once, is
suggested nothing but support (S179).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from audit_log.incident_model import Incident, Intent, Place, Report
from audit_log.incident_rows import ids_of, raw
from audit_log.incidents import readable
from audit_log.sightings import CIRCUMVENTION, ILLEGAL_CONTENT
from audit_log.tables import incident
from change_control.in_force import parsed_policy
from change_control.incident_kinds import OF_SIGHTING, IncidentKind, actions, kinds
from change_control.incident_letters import SUPPORT, letter
from filter_policy.model import Policy

NO_BLAME = "no-blame"  # the outcome of a case that nobody is blamed for
OFF_SITE = "A40"  # the law behind it, and that only what the Behaviour Policy covers is acted on
CONTINUED: Mapping[str, str] = {"pupil": "pupil-continued", "staff": "staff-continued"}
NOT_REPORTED: Mapping[str, str] = {
    "pupil-offensive-material": "pupil-accidental-not-reported",
    "staff-offensive-material": "staff-accidental-not-reported",
}
AGAIN = "there were {count} earlier incidents of this person that had substance"
ONE_MORE = "there was an earlier incident of this person that had substance"
SILENT = "it was by accident, and not reported at once"


@dataclass(frozen=True, slots=True)
class AlsoFits:
    """Another row of the table, and why; choosing what it says is no deviation either."""

    kind: str
    why: str
    source: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`earlier`: cases of the same person that had substance; `of_kind`: those of the same kind among them.

    `reported_in_time` None: nobody can know, or the time is not over. `basis`: lines of the written policy.
    """

    actions: tuple[str, ...]
    basis: tuple[str, ...]
    also: tuple[AlsoFits, ...] = ()
    earlier: int = 0
    of_kind: int = 0
    reported_in_time: bool | None = None
    is_no_blame: bool = False
    support: str = ""  # what to do instead, where nobody is blamed

    def says(self, about: str) -> dict[str, str]:
        """Each action that it names, in words."""
        named = dict.fromkeys([*self.actions, *(word for each in self.also for word in each.actions)])
        return {word: actions(about).get(word, word) for word in named}


def suggestion(conn: Connection, policy: Policy, case: Incident, now: datetime) -> Suggestion:
    """For a case as it is now. Who may see the case may see this."""
    others = _others(conn, case)
    earlier = [each for each in others if _counts(each, case)]
    of_kind = sum(each.kind == case.kind for each in earlier)
    themselves = [report for each in others for report in each.reports if report.self_reported]
    in_time = reported_in_time(case, policy.incidents.report_minutes, now, themselves)
    kind = kinds()[case.kind]
    basis = (kind.source, OFF_SITE) if case.place is Place.OFF_SITE else (kind.source,)
    counted = Suggestion((), basis, (), len(earlier), of_kind, in_time)
    if _is_no_blame(case, in_time):
        return replace(counted, is_no_blame=True, support=letter(policy, SUPPORT, case.id, now))
    also = tuple(_also(policy, case, len(earlier), in_time))
    told_late = any(each.kind in NOT_REPORTED.values() for each in also)  # then the row is not "deliberately"
    return replace(counted, actions=() if told_late else _row(policy, kind), also=also)


def reported_in_time(
    case: Incident, minutes: int, now: datetime, elsewhere: Iterable[Report] = ()
) -> bool | None:
    """Whether whoever it happened to said so themselves within the time (S180). `elsewhere`: what they
    reported in other cases."""
    times = [each.happened_at for each in case.reports if each.happened_at is not None]
    if not times:
        return None
    allowed = timedelta(minutes=minutes)
    said = [each for each in (*case.reports, *elsewhere) if each.self_reported]
    if all(any(_answers(each, at, allowed) for each in said) for at in times):
        return True
    return False if now > max(times) + allowed else None


def _answers(report: Report, happened_at: datetime, allowed: timedelta) -> bool:
    return timedelta(0) <= report.at - happened_at <= allowed


def sanction_facts(conn: Connection, case: Incident, raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What two sign: what is chosen, beside what was suggested when it was asked for."""
    found = suggestion(conn, parsed_policy(conn), case, now)
    rows = [list(each.actions) for each in found.also]
    return {**raw, "kind": case.kind, "suggested": list(found.actions), "also": rows}


def _row(policy: Policy, kind: IncidentKind) -> tuple[str, ...]:
    """The school's own actions for this line, or those of the table."""
    return policy.incidents.sanctions.get(kind.source, kind.actions)


def _also(policy: Policy, case: Incident, earlier: int, in_time: bool | None) -> Iterable[AlsoFits]:
    if case.intent is Intent.ACCIDENTAL and in_time is False and case.kind in NOT_REPORTED:
        yield _fits(policy, NOT_REPORTED[case.kind], SILENT)
    again = CONTINUED.get(case.about)
    if again is not None and again != case.kind and earlier:
        yield _fits(policy, again, ONE_MORE if earlier == 1 else AGAIN.format(count=earlier))


def _fits(policy: Policy, kind_id: str, why: str) -> AlsoFits:
    kind = kinds()[kind_id]
    return AlsoFits(kind_id, why, kind.source, _row(policy, kind))


def _is_no_blame(case: Incident, in_time: bool | None) -> bool:
    """By accident is enough, but for what the tables punish because nobody was told of the accident. Of what
    is grave a report alone clears nobody, since anybody can have sent it who saw the code on the page.
    """
    if in_time and case.intent is not Intent.DELIBERATE and not _is_grave(case):
        return True
    to_be_told = case.kind in NOT_REPORTED.values() or (case.kind in NOT_REPORTED and in_time is False)
    return case.intent is Intent.ACCIDENTAL and not to_be_told


def _is_grave(case: Incident) -> bool:
    return case.is_illegal or case.kind in (*OF_SIGHTING[ILLEGAL_CONTENT], *OF_SIGHTING[CIRCUMVENTION])


def _others(conn: Connection, case: Incident) -> list[Incident]:
    """All other cases about the same person; one whose lines were tampered with says nothing."""
    if case.person_id is None:
        return []
    asked = select(*raw(conn, incident.c.id))
    asked = asked.where(incident.c.person_id == case.person_id, incident.c.id != case.id)
    ids, _ = ids_of(conn, asked.order_by(incident.c.opened_at, incident.c.id))
    return readable(conn, ids)[0]


def _counts(earlier: Incident, case: Incident) -> bool:
    """With substance, and blamed on them (S181); and nothing that is kept from who is on this case."""
    before = _began(earlier) < _began(case)
    known = earlier.excluded <= case.excluded and (not earlier.restricted or case.restricted)
    blamed = not any(
        each.act == "close" and each.signed_at and each.facts.get("outcome") == NO_BLAME
        for each in earlier.steps
    )
    return before and earlier.substance is True and known and blamed


def _began(case: Incident) -> tuple[datetime, int]:
    return case.opened_at, case.reports[0].seq if case.reports else 0
