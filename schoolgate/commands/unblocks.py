"""Unblocks: asked for by one person, approved by another, ended by the clock."""

from typing import Annotated, Any

import typer

from schoolgate.commands import unblock_use
from schoolgate.commands.unblock_body import (
    Companion,
    Day,
    EndsAt,
    Extends,
    FromClock,
    Group,
    Many,
    Objective,
    OnClass,
    OnPerson,
    Period,
    StartsAt,
    StartsOn,
    Supervisor,
    ToClock,
    Tried,
    Weeks,
    body_of,
    one_of,
    whom_of,
)
from schoolgate.telling import AsJson, Failed, Why, put_fields, put_json, put_table, tell

app = typer.Typer(help="Sites opened for a lesson.", no_args_is_help=True)
app.command("use")(unblock_use.use)
app.command("check")(unblock_use.check)
app.command("companions")(unblock_use.companions)
app.command("figures")(unblock_use.figures)

COLUMNS = ("id", "state", "sites", "for", "starts_at", "ends_at", "subject", "asked_by", "used")
MORE = ("companions", "windows", "reason", "objective", "tried", "supervised_by", "extends", "agreed")
ANSWER = ("lapses_at", "decided_by", "decision_reason")


@app.command()
def ask(
    *,
    site: Annotated[Many, typer.Option(help="A host or host/path. May be given several times.")],
    subject: Annotated[str, typer.Option(help="The lesson: History.")],
    reason: Why,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    day: Day = None,
    from_clock: FromClock = None,
    to_clock: ToClock = None,
    period: Period = None,
    weeks: Weeks = 1,
    starts_on: StartsOn = None,
    school_class: OnClass = None,
    group: Group = None,
    person: OnPerson = None,
    companion: Companion = None,
    objective: Objective = None,
    tried: Tried = None,
    supervised_by: Supervisor = None,
    extends: Extends = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an unblock. Somebody else has to approve it.

    When: --from and --until; or slots over weeks in term, with --day tue --at 10:00 --to 11:00 --weeks 4, or
    --period lessons --weeks 2.
    """
    when = body_of(starts_at, ends_at, day, from_clock, to_clock, period, weeks, starts_on)
    said = {"objective": objective, "tried": tried, "supervised_by": supervised_by, "extends": extends}
    whom = whom_of(school_class, group, person)
    body = {"sites": site, "companions": companion or [], "for": whom, **when, **said}
    _ask({**body, "subject": subject, "reason": reason}, as_json)


@app.command()
def extend(
    unblock_id: str,
    *,
    reason: Why,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    day: Day = None,
    from_clock: FromClock = None,
    to_clock: ToClock = None,
    period: Period = None,
    weeks: Weeks = 1,
    starts_on: StartsOn = None,
    as_json: AsJson = False,
) -> None:
    """Ask for the same for longer: a new request, which somebody else has to approve."""
    from schoolgate.client import signed_in_api

    before = signed_in_api().get(f"/unblocks/{unblock_id}")
    people = [each["id"] for each in before["for"]["people"]]
    if None in people:
        raise Failed("That request is for people whom you may not name; ask anew, and name them.")
    agreed = before.get("agreed") or before
    body = {
        "sites": agreed["sites"],
        "companions": agreed["companions"],
        "for": {**before["for"], "people": people},
        **body_of(starts_at, ends_at, day, from_clock, to_clock, period, weeks, starts_on),
        **{name: before.get(name) for name in ("subject", "objective", "tried")},
        "extends": unblock_id,
        "reason": reason,
    }
    _ask(body, as_json)


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="requested, approved, declined, ended ...")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Unblocks and requests, newest first."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/unblocks", {"state": state, "limit": limit, "cursor": cursor})
    if as_json:
        put_json(page)
        return
    put_table([{**row, "for": _whom(row["for"])} for row in page["rows"]], COLUMNS)


@app.command()
def approve(
    unblock_id: str,
    reason: Why,
    site: Annotated[
        Many | None, typer.Option(help="Only this site of it. May be given several times.")
    ] = None,
    companion: Annotated[
        Many | None, typer.Option(help="This host too, which the pages need. May be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve somebody else's request: all its sites, and of the companions those that are named."""
    from schoolgate.client import signed_in_api

    body = {"reason": reason, "sites": site or None, "companions": companion or None}
    _show(signed_in_api().post(f"/unblocks/{unblock_id}/approve", body), as_json)


@app.command()
def decline(unblock_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Decline a request."""
    _act(unblock_id, "decline", reason, as_json)


@app.command()
def revoke(unblock_id: str, reason: Why, as_json: AsJson = False) -> None:
    """End an approved unblock before its time."""
    _act(unblock_id, "revoke", reason, as_json)


@app.command()
def withdraw(unblock_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own request."""
    _act(unblock_id, "withdraw", reason, as_json)


def _ask(body: dict[str, Any], as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    _show(signed_in_api().post("/unblocks", body), as_json)
    tell("Asked. Another person can now approve it.")


def _act(unblock_id: str, act: str, reason: str, as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    _show(signed_in_api().post(f"/unblocks/{unblock_id}/{act}", {"reason": reason}), as_json)


def _show(unblock: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(unblock)
        return
    agreed = unblock.get("agreed")
    shown = {
        **unblock,
        "for": _whom(unblock["for"]),
        "windows": one_of(unblock.get("windows") or []),
        "agreed": [*agreed["sites"], *agreed["companions"]] if agreed else None,
    }
    told = ((name, shown.get(name)) for name in (*COLUMNS, *MORE, *ANSWER))
    put_fields((name, value) for name, value in told if value != [])


def _whom(whom: dict[str, Any]) -> list[str]:
    people = [somebody.get("name", "") for somebody in whom.get("people", [])]
    return [*whom.get("classes", []), *whom.get("filter_groups", []), *people]
