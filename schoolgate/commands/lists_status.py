"""The lists in force: how long, how old, what was not understood; works with every service down."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, put_json, put_table, tell

if TYPE_CHECKING:
    from audit_api.list_answers import ListOut

COLUMNS = (
    "list_id",
    "categories",
    "entries",
    "skipped",
    "age",
    "every",
    "next",
    "overdue",
    "licence",
    "fault",
)
TWO_DAYS = 48  # hours


def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Tell of each list: its kinds, how many entries, its age, when it is due, and what went wrong last."""
    from audit_api.list_ages import ages, told
    from filter_lists.providers import provider_status
    from schoolgate.agreed import agreed_config
    from schoolgate.commands.lists_build import put_lines
    from schoolgate.in_force import index_in_force

    settings = front_of(ctx).settings
    index, now = index_in_force(settings.state), datetime.now(UTC)
    config = agreed_config(settings)
    known = ages(config, settings.state, now)
    rows = [told(each, known.get(each.list_id)) for each in index.lists]
    illegal = provider_status(config.lists if config else (), index)
    if as_json:
        lists = [{**row.model_dump(mode="json"), "skipped": row.lines - row.understood} for row in rows]
        says = [f"{each.title}: {each.says}" for each in illegal]
        put_json({"generation": index.generation, "lists": lists, "illegal_content": says})
        return
    put_table([_row(row, now) for row in rows], COLUMNS)
    for row in rows:
        put_lines(row)
    tell(f"Generation {index.generation}")
    if late := [row.list_id for row in rows if row.overdue]:
        tell(f"Overdue: {', '.join(late)}. What they said before is still in force.")
    for each in illegal:
        tell(f"{each.title}: {each.says}")


def _row(row: "ListOut", now: datetime) -> dict[str, Any]:
    return {
        **row.model_dump(include={"list_id", "categories", "entries", "every", "fault"}),
        "skipped": row.lines - row.understood,
        "age": span(now - datetime.fromisoformat(row.checked_at)) if row.checked_at else None,
        "next": _next(row, now),
        "overdue": "overdue" if row.overdue else None,
        "licence": row.licence or None,
    }


def _next(row: "ListOut", now: datetime) -> str | None:
    if row.due_at is None:
        return None
    left = datetime.fromisoformat(row.due_at) - now
    return f"in {span(left)}" if left > timedelta(0) else "now"


def span(time: timedelta) -> str:
    """Roughly, for people."""
    hours = int(time.total_seconds()) // 3600
    if hours < 1:
        return "less than an hour"
    count, unit = (hours // 24, "day") if hours >= TWO_DAYS else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
