"""Unblocks: asked for by one person, approved by another, ended by the clock."""

from typing import Annotated, Any

import typer

from schoolgate.telling import AsJson, Why, put_fields, put_json, put_table, tell

app = typer.Typer(help="Sites opened for a lesson.", no_args_is_help=True)

Many = list[str]
COLUMNS = ("id", "state", "sites", "for", "starts_at", "ends_at", "subject", "asked_by")


@app.command()
def ask(
    *,
    site: Annotated[Many, typer.Option(help="A host or host/path. May be given several times.")],
    starts_at: Annotated[str, typer.Option("--from", help="ISO 8601; school time if no zone is given.")],
    ends_at: Annotated[str, typer.Option("--until", help="Shut from this instant on.")],
    subject: Annotated[str, typer.Option(help="The lesson: History.")],
    reason: Why,
    school_class: Annotated[Many | None, typer.Option("--class", help="A class: 6B.")] = None,
    group: Annotated[Many | None, typer.Option(help="A filter group.")] = None,
    person: Annotated[Many | None, typer.Option(help="A user name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an unblock. Somebody else has to approve it."""
    from schoolgate.client import signed_in_api

    whom = {"classes": school_class or [], "filter_groups": group or [], "people": person or []}
    body = {"sites": site, "for": whom, "starts_at": starts_at, "ends_at": ends_at}
    asked = signed_in_api().post("/unblocks", {**body, "subject": subject, "reason": reason})
    _show(asked, as_json)
    tell("Asked. Another person can now approve it.")


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
def approve(unblock_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Approve somebody else's request."""
    _act(unblock_id, "approve", reason, as_json)


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


def _act(unblock_id: str, act: str, reason: str, as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    _show(signed_in_api().post(f"/unblocks/{unblock_id}/{act}", {"reason": reason}), as_json)


def _show(unblock: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(unblock)
        return
    shown = {**unblock, "for": _whom(unblock["for"])}
    put_fields((name, shown.get(name)) for name in (*COLUMNS, "reason", "decided_by", "decision_reason"))


def _whom(whom: dict[str, Any]) -> list[str]:
    people = [somebody.get("name", "") for somebody in whom.get("people", [])]
    return [*whom.get("classes", []), *whom.get("filter_groups", []), *people]
