"""Blocking too much is a fault too: what the lists shut that a school needs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put_json, put_table, tell

if TYPE_CHECKING:  # imported when the verb runs: start-up is felt
    from filter_policy.model import Policy
    from schoolgate.over_blocking import Culprit, Surprise

Hosts = Annotated[
    list[Path] | None, typer.Option("--hosts", help="A file of sites, one to a line; may be given again.")
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="For this filter group alone; may be given again.")
]
At = Annotated[
    str | None,
    typer.Option(help="When: ISO 8601, school time. A lesson of the next school day, if not given."),
]
Which = Annotated[
    str | None,
    typer.Option("--generation", help="These lists, as `lists build` or `generations` names them."),
]
SHOWN_SITES = 3


def check(
    ctx: typer.Context,
    *,
    hosts: Hosts = None,
    group: Groups = None,
    at: At = None,
    generation: Which = None,
    as_json: AsJson = False,
) -> None:
    """Name each entry that shuts a site which must stay open; 1 when there is one.

    Judged as the gate judges, by the policy in force. Without --hosts: sites that come with Schoolgate.
    """
    from schoolgate.in_force import bundle_in_force, index_of
    from schoolgate.over_blocking import check as check_sites
    from schoolgate.over_blocking import culprits

    settings = front_of(ctx).settings
    bundle = bundle_in_force(settings.state)
    index = index_of(settings.state, generation or bundle.lists)
    sites, when = _sites(hosts or []), _when(at, bundle.policy)
    found = list(check_sites(bundle.policy, index, sites, when, _groups(group, bundle.policy)))
    rows = culprits(found)
    if as_json:
        put_json({"generation": index.generation, "at": when.isoformat(), **_told(sites, found, rows)})
    else:
        _print(sites, rows)
    if rows:
        raise typer.Exit(1)


def _print(sites: Sequence[str], rows: "Sequence[Culprit]") -> None:
    columns = ("list_id", "entry", "category", "sites", "groups")
    put_table([{**_row(row), "sites": _some(row.sites)} for row in rows], columns)
    shut = {site for row in rows for site in row.sites}
    tell(f"{len(shut)} of {len(sites)} sites are blocked for somebody, by {len(rows)} entries.")


def _row(row: "Culprit") -> dict[str, Any]:
    return {
        "category": row.category,
        "list_id": row.list_id,
        "entry": row.entry,
        "sites": list(row.sites),
        "groups": list(row.groups),
    }


def _some(sites: Sequence[str]) -> str:
    more = len(sites) - SHOWN_SITES
    return ", ".join(sites[:SHOWN_SITES]) + (f" and {more} more" if more > 0 else "")


def _told(sites: Sequence[str], found: "Sequence[Surprise]", rows: "Sequence[Culprit]") -> dict[str, Any]:
    surprises = [
        {
            "site": each.site,
            "group": each.group,
            "reason": each.reason.value,
            "category": each.category,
            "list_id": each.list_id,
            "entry": each.entry,
        }
        for each in found
    ]
    return {"sites": len(sites), "surprises": surprises, "culprits": [_row(row) for row in rows]}


def _sites(files: Sequence[Path]) -> tuple[str, ...]:
    """Raises Failed with every line that is no site."""
    from schoolgate.over_blocking import must_stay_open, sites_in

    if not files:
        return must_stay_open().sites
    found: dict[str, None] = {}
    faults: list[str] = []
    for file in files:
        try:
            read = sites_in(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise Failed(f"{file} cannot be read: {error}") from error
        found |= dict.fromkeys(read.sites)
        faults += read.faults
    if faults:
        raise Failed(*faults)
    return tuple(found)


def _groups(wanted: Sequence[str] | None, policy: "Policy") -> Sequence[str]:
    """Raises BadParameter."""
    if unknown := sorted(set(wanted or ()) - set(policy.filter_groups)):
        said = f"no such filter group: {', '.join(unknown)}; there are: {', '.join(policy.filter_groups)}"
        raise typer.BadParameter(said, param_hint="--group")
    return wanted or tuple(policy.filter_groups)


def _when(at: str | None, policy: "Policy") -> datetime:
    from schoolgate.school_time import instant, next_lesson

    if at is None:
        return next_lesson(policy.timetable, datetime.now(UTC))
    return instant(at, policy.timetable.zone)
