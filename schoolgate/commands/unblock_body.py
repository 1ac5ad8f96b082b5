"""What is asked for on the command line, as the API would have it."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from schoolgate.telling import Failed

Many = list[str]
StartsAt = Annotated[str | None, typer.Option("--from", help="ISO 8601; school time if no zone is given.")]
EndsAt = Annotated[str | None, typer.Option("--until", help="Shut from this instant on.")]
Day = Annotated[
    Many | None, typer.Option("--day", help="A day of each week: tue. May be given several times.")
]
FromClock = Annotated[str | None, typer.Option("--at", help="With --day: from this time on, like 10:00.")]
ToClock = Annotated[str | None, typer.Option("--to", help="With --day: until this time.")]
Period = Annotated[str | None, typer.Option("--period", help="A period of the policy instead of times.")]
Weeks = Annotated[int, typer.Option("--weeks", min=1, max=53, help="With --day or --period.")]
StartsOn = Annotated[str | None, typer.Option("--starts-on", help="The first day; else today.")]
OnClass = Annotated[Many | None, typer.Option("--class", help="A class: 6B.")]
Group = Annotated[Many | None, typer.Option("--group", help="A filter group.")]
OnPerson = Annotated[Many | None, typer.Option("--person", help="A user name.")]
Companion = Annotated[
    Many | None,
    typer.Option("--companion", help="Another host that the pages need. May be given several times."),
]
Objective = Annotated[str | None, typer.Option("--objective", help="What the class will learn.")]
Tried = Annotated[str | None, typer.Option("--tried", help="What else was tried.")]
Supervisor = Annotated[str | None, typer.Option("--supervised-by", help="A user name; else you.")]
Extends = Annotated[str | None, typer.Option("--extends", help="The request that this one goes on from.")]


def whom_of(classes: Many | None, groups: Many | None, people: Many | None) -> dict[str, Many]:
    return {"classes": classes or [], "filter_groups": groups or [], "people": people or []}


def body_of(  # noqa: PLR0917  # the ways to say when, as they are typed
    starts_at: str | None,
    ends_at: str | None,
    days: Many | None,
    from_clock: str | None,
    to_clock: str | None,
    period: str | None,
    weeks: int,
    starts_on: str | None,
) -> dict[str, Any]:
    """One stretch, or slots over weeks. Raises Failed when it is neither, or both."""
    slots = {name: value for name, value in (("days", days), ("starts_on", starts_on)) if value}
    clock = {name: value for name, value in (("from", from_clock), ("to", to_clock)) if value}
    if (starts_at or ends_at) and (slots or clock or period):
        raise Failed(
            "Say when in one way: --from and --until, or --day or --period with what goes with them."
        )
    if period and clock:
        raise Failed("A period has its own times: leave out --at and --to.")
    if period:
        return {"windows": {"period": period, "weeks": weeks, **slots}}
    if slots or clock:
        return {"windows": {"every": {**slots, **clock, "weeks": weeks}}}
    if not (starts_at and ends_at):
        raise Failed("Say when: --from and --until, or --day with --at and --to, or --period.")
    return {"starts_at": starts_at, "ends_at": ends_at}


def one_of(windows: Iterable[Mapping[str, str]]) -> list[str]:
    return [f"{each['starts_at']}/{each['ends_at']}" for each in windows]
