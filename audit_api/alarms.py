"""What somebody should look at now, in a sentence each: on the first page and where it belongs."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from audit_api import disclosures, incident_reviews, times
from audit_api.checkpoint_delivery import overdue_ways, ways_of
from audit_api.checkpoint_mail import review_said
from audit_api.drift import lists_drift, policy_drift
from audit_api.incidents import Waits, waiting
from audit_api.rights import APPROVING, ASKING, READING, may
from audit_api.sightings import NAMING, tried_sentences
from audit_api.watch_alarms import canary_sentences, fall_sentence, shares
from audit_api.webhook import late
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.incidents import open_cases
from change_control.checkpoint_delivery import FOLDER, deliveries
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.incident_readers import unread
from change_control.incident_rights import LEADERS
from change_control.log_reviews import review_due
from filter_policy.model import Policy, Role
from filter_policy.parse import PolicyError

POLICY_DRIFT = (
    "policy.yaml on the server's disk is not what is in force: somebody edited it and has not proposed it."
)
LISTS_DRIFT = (
    "lists.yaml on the server's disk is not what is in force: somebody edited it and has not proposed it."
)
UNPROVEN = (
    "{}. The gates go on with what was proven last. What was agreed on since does not work yet, and a policy"
    " or lists that only shut wait too; suspending, ending an account, revoking and closing do work. Somebody"
    " or something changed the database: let a technician run schoolgate changes verify."
)
GATE = (
    "The gate does not answer as it should: {}. Where it has stopped, nobody can browse; nothing is let by"
    " unfiltered. Ask the technician at once."
)
UNCALLED = "The school's case system is not told of incidents: {}. What waits is sent as soon as it is taken."
REVIEW_WAITS = "Somebody has reviewed the incidents and the change log, and a second person has to sign it."
ONE_DISCLOSURE = "A request for a member of staff's log waits"
ILLEGAL_ONE = "A new incident may be illegal: it comes first, and nobody looks at it."
ILLEGAL_SOME = "{} new incidents may be illegal: they come first, and nobody looks at them."
UNREAD_ONE = "One open incident can be read by no coordinator and no headteacher"
UNREAD_SOME = "{} open incidents can be read by no coordinator and no headteacher"
UNREAD = "{}. It is about those who are there now, or they are left out; somebody more has to be named."
WAITS = "{} on the server's disk is not what is in force; it was proposed, and waits for somebody to agree."
OVERSEEING = LEADERS | {Role.GOVERNOR}


@dataclass(frozen=True, slots=True)
class Alarm:
    tone: str  # bad | warn
    says: str
    href: str
    leads: str  # what the link says


def alarms(visit: Visit) -> list[Alarm]:
    """For those who read everything about changes; others hear of the incidents that they are on alone."""
    if visit.reader.role not in READING:
        return list(_incidents(visit))
    gate = list(_gate(visit))
    with reading(visit.desk.engine) as conn:
        try:
            policy = parsed_policy(conn)
        except (ChangeError, PolicyError):
            return [*_unproven(visit), *gate, *_incidents(visit)]
        return [
            *_unproven(visit),
            *gate,
            *_incidents(visit),
            *_unread(visit, conn),
            *_undelivered(visit, conn, policy),
            *_unreviewed(visit, conn, policy),
            *_drifted(visit, conn),
            *_watched(visit, conn, policy),
            *_tried(visit, conn, policy),
            *_uncalled(visit, policy),
        ]


def disk_alarms(visit: Visit) -> list[Alarm]:
    """Of the files alone; for those who read everything about changes."""
    if visit.reader.role not in READING:
        return []
    with reading(visit.desk.engine) as conn:
        return list(_drifted(visit, conn))


def _unproven(visit: Visit) -> Iterator[Alarm]:
    """What was approved says so on its own page, and does not work."""
    unproven = visit.desk.published.unproven
    if unproven is not None:
        says = unproven.says
        yield Alarm("bad", UNPROVEN.format(f"{says[:1].upper()}{says[1:]}"), "/changes", "The change log")


def _gate(visit: Visit) -> Iterator[Alarm]:
    """The same check as that of /readyz; nothing where no gate can be asked from here."""
    if wrong := visit.window.probe_gate():
        yield Alarm("bad", GATE.format(wrong), "/canaries", "The filter asks itself")


def _incidents(visit: Visit) -> Iterator[Alarm]:
    """What waits for whoever looks; of others not that there is any."""
    found = waiting(visit) if visit.reader.role in ASKING else Waits()
    if found.illegal:
        says = ILLEGAL_ONE if found.illegal == 1 else ILLEGAL_SOME.format(found.illegal)
        yield Alarm("bad", says, "/incidents", "Incidents")
    counts = (found.new, found.to_sign, found.overdue)
    told = zip(counts, ("new", "for your signature", "overdue"), strict=True)
    if says := ", ".join(f"{count} {what}" for count, what in told if count):
        yield Alarm("warn", f"Incidents wait for you: {says}.", "/incidents", "Incidents")
    if may("GET /incidents/review", visit.reader.role) and incident_reviews.waiting(visit):
        yield Alarm("warn", REVIEW_WAITS, "/incidents/review", "Review both logs")
    if may("GET /disclosures", visit.reader.role) and (count := disclosures.waiting(visit)):
        some = f"{count} requests for a member of staff's log wait" if count > 1 else ONE_DISCLOSURE
        yield Alarm("warn", f"{some} for your answer.", "/disclosures", "Disclosures")


def _unread(visit: Visit, conn: Connection) -> Iterator[Alarm]:
    """A number, for who can see to it; whom such a case is about is not told of it."""
    if visit.reader.role in OVERSEEING:
        count = unread(conn, open_cases(conn), visit.now, visit.reader.person_id)
        if count:
            how_many = UNREAD_ONE if count == 1 else UNREAD_SOME.format(count)
            yield Alarm("bad", UNREAD.format(how_many), "/incidents", "Incidents")


def _tried(visit: Visit, conn: Connection, policy: Policy) -> Iterator[Alarm]:
    """For those who have to act on it."""
    if visit.reader.role in NAMING:
        for says in tried_sentences(conn, visit.now, policy.timetable.zone):
            yield Alarm("warn", says, "/sightings", "Noticed")


def _uncalled(visit: Visit, policy: Policy) -> Iterator[Alarm]:
    """For those who can put it right; governors hear nothing of single incidents."""
    why = late(visit.window, policy.incidents.webhook, visit.now)
    if why is not None and visit.reader.role in APPROVING:
        yield Alarm("warn", UNCALLED.format(why), "/policy", "The policy")


def _watched(visit: Visit, conn: Connection, policy: Policy) -> Iterator[Alarm]:
    """What the filter noticed about itself (S93, E1)."""
    for says in canary_sentences(conn, policy, visit.now):
        yield Alarm("bad", says, "/canaries", "The filter asks itself")
    if says_fallen := fall_sentence(shares(conn, policy, visit.now), policy):
        yield Alarm("bad", says_fallen, "/canaries", "The filter asks itself")


def _undelivered(visit: Visit, conn: Connection, policy: Policy) -> Iterator[Alarm]:
    """What contradicts the proof outside cannot wait until it is late."""
    late = overdue_ways(visit.window, conn, policy, visit.now)
    known = deliveries(conn)
    for way in ways_of(visit.window, policy):
        last = known.get(way)
        if way not in late and not (last is not None and last.is_contradicted):
            continue
        how = "to its folder" if way == FOLDER else "by mail"
        arrived = last.at if last is not None else None
        since = f"since {times.when(arrived, policy.timetable.zone)}" if arrived is not None else "yet"
        why = f" ({last.fault})" if last is not None and last.fault else ""
        says = f"No checkpoint of the change log has left this server {how} {since}{why}."
        yield Alarm("bad", says, "/changes", "The change log")


def _unreviewed(visit: Visit, conn: Connection, policy: Policy) -> Iterator[Alarm]:
    due = review_due(conn, policy)
    if due.is_overdue(visit.now):
        said = review_said(due, policy.timetable.zone)
        yield Alarm("warn", f"{said[:1].upper()}{said[1:]}", "/changes", "Review the change log")


def _drifted(visit: Visit, conn: Connection) -> Iterator[Alarm]:
    policy, lists = policy_drift(visit.window, conn), lists_drift(visit.window, conn)
    if policy is not None and policy.differs:
        says = WAITS.format("policy.yaml") if policy.proposed else POLICY_DRIFT
        yield Alarm("warn", says, "/policy#f-text", "Propose a policy")
    if lists is not None and lists.differs:
        says = WAITS.format("lists.yaml") if lists.proposed else LISTS_DRIFT
        yield Alarm("warn", says, "/lists", "The lists")
