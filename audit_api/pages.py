"""The console's pages: server-rendered, no script but that of the live log, nothing from outside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from audit_api import disclosures, incident_reviews, times
from audit_api.answers import ProposalOut, UnblockOut
from audit_api.incidents import waiting
from audit_api.problems import Problem
from audit_api.reasons import REASONS, noticed
from audit_api.reviews import open_envelopes
from audit_api.rights import ASKING, READING, may
from audit_api.texts import sendable
from audit_api.unblock_words import is_open, open_in_words, windows_in
from audit_api.window import Visit, window_of
from audit_log.db import reading
from change_control.queries import list_proposals
from filter_policy.life_cycle import State

FOLDER = Path(__file__).parent
# In the order of the menu; each is shown to those who may open it.
MENU = (
    ("/", "Home"),
    ("/unblocks/queue", "Requests"),
    ("/unblocks/in-force", "Open now"),
    ("/unblocks/ask", "Ask for a site"),
    ("/unblocks/mine", "My requests"),
    ("/openings", "Open for a class"),
    ("/reports", "Reports"),
    ("/filtering-log", "Filtering log"),
    ("/incidents", "Incidents"),
    ("/sightings", "Noticed"),
    ("/incidents/report", "Report something"),
    ("/canaries", "The filter asks itself"),
    ("/changes", "Change log"),
    ("/reviews", "Reviews"),
    ("/break-glass", "Sealed envelope"),
    ("/policy", "Policy"),
    ("/lists", "Lists"),
    ("/people", "People"),
    ("/data-protection", "Data protection"),
    ("/disclosures", "Disclosures"),
    ("/rights", "Who may do what"),
    ("/explain", "Why is it blocked?"),
)
OPENED = "Done, within two seconds. Approvers and governors see a red line on every page of the console."
# What a page says after something was done; the address holds the word, never the text.
DONE: Mapping[str, str] = {
    "asked": "Your request was sent. Somebody else has to agree to it.",
    "approved": "Approved. It takes effect within two seconds.",
    "declined": "Declined. The one who asked sees your reason.",
    "revoked": "Shut. It takes effect within two seconds.",
    "withdrawn": "Withdrawn.",
    "opened": "Opened for the class. It shuts by itself.",
    "password": "Your password was changed.",
    "enrolled": "Your password is set. You can sign in with it now.",
    "proposed": "Your proposal was sent. Somebody else has to agree to it.",
    "tightened": "In force within two seconds, since it only shuts. Somebody else reviews it.",
    "fetching": "The lists are being fetched. This page says how far that is.",
    "building": "The lists are being built. When that is done, they wait for somebody else to agree.",
    "going-back": "Going back to earlier lists. This page says when it is done.",
    "superseded": "A newer one has taken its place.",
    "held": "The hold is in force.",
    "disclosed": "Agreed. Whoever asked may read it now, and each look leaves a line.",
    "suspended": "Suspended. It takes effect within two seconds.",
    "signed": "Your word is kept, with your note, in the change log.",
    "opened-envelope": f"{OPENED} Mail goes to the headteacher, the coordinator and governors.",
    "opened-envelope-some": f"{OPENED} Mail goes to some of them alone: tell the others yourself.",
    "opened-envelope-silent": f"{OPENED} No mail goes to anybody, since none is set up: tell them yourself.",
    "preview": "It is being tried out on what was asked for lately. This page says how far that is.",
    "preview-busy": "Another proposal is being tried out. Wait until that is done.",
    "preview-days": "That was not done: a whole number of days from 1 to 365 is needed.",
    "preview-late": "That was not done: it no longer waits for an answer.",
    "signed-out": "You are signed out.",
    "signed-out-everywhere": "You are signed out here and everywhere else.",
    "second-factor": "Your second factor is set up. You are asked for six digits when you sign in.",
    "second-factor-cleared": "Your second factor is cleared.",
    "token-revoked": "Revoked. The program gets no answer any more.",
    "incident-opened": "Opened. It stands here, and in the queue of those who deal with it.",
    "passed-on": "Done. It was passed on to those who deal with it; you do not see it (any more).",
    "noted": "Noted.",
    "halted": "Nothing of it is looked at any more. Tell the police now, and note it here.",
    "signed-first": "Signed. Nothing happens until another senior person on the case signs it too.",
    "signed-second": "Signed by two: it is done.",
    "shut-off": "The device is shut off within two seconds.",
    "seen": "Noted: you have seen the change log up to that entry.",
    "incidents-reviewed": "Noted, up to that entry. The review is done when a second person signs it too.",
    "incidents-reviewed-by-two": "Noted. Two people have signed up to that entry: this review is done.",
    "reported": "Your report is with the people who deal with it."
    " Whoever it is about does not learn that it was you.",
    "reviewed": "Noted: you have reviewed the change log up to that entry.",
}

AT_ONCE = ("approved", "opened", "tightened")  # which reach no gate while nothing new is proven


@dataclass(frozen=True, slots=True)
class MenuItem:
    href: str
    label: str
    here: bool
    count: int


def page(request: Request, template: str, status: int = 200, **context: object) -> HTMLResponse:
    visit: Visit | None = getattr(request.state, "visit", None)
    reader = visit.reader if visit else None
    school, zone = _school(request)
    shared: dict[str, object] = {
        "reader": reader,
        "nav": _menu(request, visit) if visit and not visit.reader.must_do_first else (),
        "envelopes": open_envelopes(visit) if visit and visit.reader.role in READING else (),
        "school": school,
        "zone": zone.key,
        "local": Local(zone),
        "tag_of": lambda view: tag_of(view, window_of(request).clock()),
        "done": _done(request),
        "errors": {},
    }
    return HTMLResponse(sendable(environment().get_template(template).render(shared | context)), status)


def _done(request: Request) -> str | None:
    """What was just done; of what should work within two seconds, whether it does."""
    done = request.query_params.get("done", "")
    unproven = window_of(request).desk.published.unproven
    if unproven is not None and done in AT_ONCE:
        return f"Agreed, and not yet in force: {unproven.says}."
    return DONE.get(done)


def see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)


@dataclass(frozen=True, slots=True)
class Local:
    """Times in the school's zone, for templates; they may be as the API has them."""

    zone: ZoneInfo

    def day(self, at: datetime | str) -> str:
        return times.day(_instant(at), self.zone)

    def clock(self, at: datetime | str) -> str:
        return times.clock(_instant(at), self.zone)

    def when(self, at: datetime | str) -> str:
        return times.when(_instant(at), self.zone)

    def exactly(self, at: datetime | str) -> str:
        return times.when_exactly(_instant(at), self.zone)

    def stretch(self, starts_at: datetime | str, ends_at: datetime | str) -> str:
        return times.stretch(_instant(starts_at), _instant(ends_at), self.zone)

    def times_of(self, view: UnblockOut) -> str:
        """When an unblock is open: one stretch, or the same hours on several days."""
        return open_in_words(windows_in(view), self.zone)


def _instant(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


@dataclass(frozen=True, slots=True)
class Tag:
    """A state in words; the colour only repeats them."""

    tone: str
    says: str


TAGS: Mapping[str, Tag] = {
    "requested": Tag("warn", "Waiting for an answer"),
    "approved": Tag("good", "Agreed"),
    "declined": Tag("bad", "Declined"),
    "withdrawn": Tag("", "Taken back"),
    "lapsed": Tag("", "Lapsed: nobody answered in time"),
    "revoked": Tag("bad", "Shut early"),
    "ended": Tag("", "Over"),
    "superseded": Tag("", "Replaced by a later one"),
}


def tag_of(view: UnblockOut | ProposalOut, now: datetime) -> Tag:
    if isinstance(view, UnblockOut) and view.state == State.APPROVED:
        if is_open(view, now):
            return Tag("good", "Open now")
        begun = datetime.fromisoformat(view.starts_at) <= now
        return Tag("info", "Agreed, shut until its next time" if begun else "Agreed, not yet open")
    if getattr(view, "overtaken", False):
        return Tag("", "Overtaken: propose it anew")
    if not isinstance(view, UnblockOut) and view.kind in ("policy", "lists") and view.state == State.APPROVED:
        return Tag("good", "In force")
    return TAGS[view.state]


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["anchor"] = lambda field: "f-" + re.sub(r"[^a-z0-9]+", "-", str(field).lower()).strip("-")
    made.filters["spoken"] = spoken
    made.filters["for_whom"] = for_whom
    made.filters["by_code"] = by_code
    made.filters["reason"] = lambda reason: REASONS.get(reason, str(reason).replace("-", " "))
    made.filters["noticed"] = lambda row: noticed(row.reason, row.rule, row.who)
    made.filters["host"] = lambda url: urlsplit(url).hostname or ""
    return made


# Of fields whose name says too little.
LABELS = {"exclude": "Who must not learn of it?"}


def spoken(field: str) -> str:
    """`for.filter_groups` as a person would say it; `policy.yaml:12` and `line 3.role` as lines."""
    if line := re.fullmatch(r"(?:policy\.yaml:|line )(\d+)(?:\.(\w+))?(.*)", field):
        return f"Line {line[1]}" + (f", {line[2].replace('_', ' ')}" if line[2] else "") + line[3]
    name = field.rpartition(".")[2]
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def for_whom(view: UnblockOut) -> str:
    classes = [f"class {name}" for name in view.for_.classes]
    groups = [f"the group {name}" for name in view.for_.filter_groups]
    return ", ".join([*classes, *groups, *(each.name for each in view.for_.people)])


def by_code(row: Mapping[str, Any]) -> str:
    """A row of a people proposal after which an approver or a governor chooses a console password."""
    they = "they will choose a console password with a code"
    if "role" not in row["set"]:
        return f"a new code for {row['username']}: {they}"
    return f"gives {row['role']} to {row['username']}: {they}"


def _school(request: Request) -> tuple[str, ZoneInfo]:
    try:
        policy = window_of(request).bundle().policy
    except Problem:
        return "", ZoneInfo("UTC")
    return policy.school, policy.timetable.zone


def _menu(request: Request, visit: Visit) -> tuple[MenuItem, ...]:
    path = request.url.path
    shown = [(href, label) for href, label in MENU if may(f"GET {href}", visit.reader.role)]
    best = max((href for href, _ in shown if _within(path, href)), key=len, default=None)
    return tuple(MenuItem(href, label, href == best, _waits_at(visit, href)) for href, label in shown)


def _waits_at(visit: Visit, href: str) -> int:
    if href == "/incidents" and visit.reader.role in ASKING:
        return waiting(visit).every + _review_waits(visit)
    if href == "/incidents":
        return _review_waits(visit)
    if href == "/disclosures":
        return disclosures.waiting(visit)
    return waiting_for(visit) if href == "/unblocks/queue" else 0


def _review_waits(visit: Visit) -> int:
    return int(may("GET /incidents/review", visit.reader.role) and incident_reviews.waiting(visit))


def _within(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))


def waiting_for(visit: Visit) -> int:
    """How many requests this reader could answer."""
    with reading(visit.desk.engine) as conn:
        waiting = list_proposals(conn, visit.now, kind="unblock", state=State.REQUESTED, limit=99)
    return sum(each.proposed_by != visit.reader.person_id for each in waiting.rows)


def is_local(path: str) -> bool:
    """Whether this is a path of ours, so that signing in sends nobody to another site."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
