"""The form that asks for a site: as it was filled in, and as the API would have it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, time

from starlette.requests import Request

from audit_api.answers import UnblockOut
from audit_api.texts import unstorable
from audit_api.times import clock, iso, school_time
from audit_api.window import Visit
from filter_policy.unblock_windows import DAYS

# Where a fault of the API's field is shown on the form.
FORM_FIELD: Mapping[str, str] = {
    "for": "classes",
    "for.classes": "classes",
    "for.filter_groups": "filter_group",
    "for.people": "people",
    "starts_at": "starts",
    "ends_at": "ends",
    "windows": "weeks",
    "windows.from": "starts",
    "windows.to": "ends",
    "windows.days": "day",
    "windows.starts_on": "day",
    "windows.weeks": "weeks",
    "site": "sites",
    "at": "starts",
}
WHEN = {
    "day": "choose the day",
    "starts": "say when it begins, like 10:00",
    "ends": "say when it is over, like 11:00",
}
MANY = ("own_class", "companion")  # boxes to tick
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in, so that it can be shown again."""

    sites: str = ""
    own_class: tuple[str, ...] = ()
    classes: str = ""
    filter_group: str = ""
    people: str = ""
    day: str = ""
    starts: str = ""
    ends: str = ""
    last_day: str = ""
    weeks: str = ""
    subject: str = ""
    reason: str = ""
    objective: str = ""
    tried: str = ""
    supervised_by: str = ""
    companion: tuple[str, ...] = ()
    companions: str = ""
    extends: str = ""

    def raw(self, here: Visit) -> dict[str, object]:
        """As the API would have it; times from the clock on the classroom wall."""
        return {
            "sites": words(self.sites),
            "companions": [*self.companion, *words(self.companions)],
            "for": self.whom(),
            **self._times(here),
            "subject": self.subject,
            "reason": self.reason,
            "objective": self.objective,
            "tried": self.tried,
            "supervised_by": self.supervised_by.strip(),
            "extends": self.extends,
        }

    def whom(self) -> dict[str, list[str]]:
        return {
            "classes": [*self.own_class, *words(self.classes)],
            "filter_groups": words(self.filter_group),
            "people": words(self.people),
        }

    def begins(self, here: Visit) -> str | None:
        """None when it cannot be read."""
        return _instant(here, self.day, self.starts) or None

    def can_be_read(self, field: str) -> bool:
        """Of the day, the beginning or the end."""
        try:
            _ = (date if field == "day" else time).fromisoformat(getattr(self, field).strip())
        except ValueError:
            return False
        return bool(self.day.strip())

    def _times(self, here: Visit) -> dict[str, object]:
        """The same hours in so many weeks, or one stretch."""
        if not self.weeks.strip():
            ends_at = _instant(here, self.last_day or self.day, self.ends)
            return {"starts_at": _instant(here, self.day, self.starts), "ends_at": ends_at}
        weeks: object = int(self.weeks) if self.weeks.strip().isdecimal() else self.weeks
        every = {"days": _weekday(self.day), "from": self.starts, "to": self.ends, "weeks": weeks}
        return {"windows": {"every": every | {"starts_on": self.day.strip()}}}

    def unstorable(self) -> list[str]:
        """The fields that hold what cannot be kept."""
        odd = [each.name for each in fields(self) if unstorable("".join(getattr(self, each.name)))]
        return [{"own_class": "classes", "companion": "companions"}.get(name, name) for name in odd]


async def asked_in(request: Request) -> Asked:
    form = await request.form()
    texts = {each.name: str(form.get(each.name, ""))[:LONGEST] for each in fields(Asked)}
    many = {name: tuple(str(each)[:2000] for each in form.getlist(name) if each) for name in MANY}
    return Asked(**{**texts, **many})  # type: ignore[arg-type]  # two are tuples, all others texts


def on_form(asked: Asked, faults: Mapping[str, str]) -> dict[str, str]:
    """Each fault at a field of the form. A window of a list is none of them; a time that is not said at all
    is told by what is missing.
    """
    told = {FORM_FIELD.get(field, field.partition(".")[0]): why for field, why in faults.items()}
    unsaid = {field: why for field, why in WHEN.items() if not getattr(asked, field).strip()}
    if not unsaid or not told.keys() & WHEN.keys():
        return told
    rest = {field: why for field, why in told.items() if field not in WHEN or asked.can_be_read(field)}
    return rest | unsaid


@dataclass(frozen=True, slots=True)
class Ticked:
    """What whoever approves ticked. `sites` None: there was nothing to tick, so all of them are meant."""

    sites: tuple[str, ...] | None
    companions: tuple[str, ...]


async def ticked_in(request: Request) -> Ticked:
    """`parts` says that the form had boxes: what is not ticked is then not agreed to."""
    form = await request.form()
    sites, companions = (
        tuple(str(each)[:2000] for each in form.getlist(name) if not unstorable(str(each)))
        for name in ("site", "companion")
    )
    return Ticked(sites if form.get("parts") else None, companions)


def again(here: Visit, view: UnblockOut) -> Asked:
    """To ask for the same for longer: a new request, with its own times, reason and answer (S72)."""
    return Asked(
        sites="\n".join(view.agreed.sites if view.agreed else view.sites),
        companions="\n".join(view.agreed.companions if view.agreed else view.companions),
        classes=", ".join(view.for_.classes),
        filter_group=", ".join(view.for_.filter_groups[:1]),
        people=", ".join(each.id for each in view.for_.people if each.id),
        day=here.now.astimezone(here.zone).date().isoformat(),
        starts=clock(here.instant("starts_at", view.starts_at) or here.now, here.zone),
        ends=clock(here.instant("ends_at", view.ends_at) or here.now, here.zone),
        subject=view.subject,
        objective=view.objective or "",
        tried=view.tried or "",
        extends=view.id,
    )


def words(text: str) -> list[str]:
    """One a line, or with commas between."""
    return [word for line in text.replace(",", "\n").splitlines() if (word := line.strip())]


def _weekday(day: str) -> list[str]:
    """Any, when it cannot be read: it is told to be no day where the slots begin."""
    try:
        return [DAYS[date.fromisoformat(day.strip()).weekday()]]
    except ValueError:
        return list(DAYS)


def _instant(here: Visit, day: str, at: str) -> str:
    """Empty when it cannot be read, and the field is then named."""
    try:
        return iso(school_time(date.fromisoformat(day.strip()), time.fromisoformat(at.strip()), here.zone))
    except (ValueError, OverflowError):
        return ""
