"""`schoolgate unblocks check | companions | use | figures`: before the lesson, after it, and over a month."""

from typing import Annotated, Any

import typer

from schoolgate.commands.unblock_body import Group, Many, OnClass, OnPerson, whom_of
from schoolgate.telling import AsJson, put, put_fields, put_json, put_table

COUNTED = ("host", "pages", "requests")
WINDOW = ("starts_at", "ends_at", "pages", "requests")
FIGURES = ("month", "asked", "answered", "agreed", "declined", "lapsed", "never_used", "waited_minutes")


def check(
    *,
    site: Annotated[Many, typer.Option(help="A host or host/path. May be given several times.")],
    school_class: OnClass = None,
    group: Group = None,
    person: OnPerson = None,
    at: Annotated[str | None, typer.Option(help="Then too: ISO 8601, or school time without a zone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Would this class see it, and could it be asked for?"""
    from schoolgate.client import signed_in_api

    body = {"sites": site, "for": whom_of(school_class, group, person), "at": at}
    found = signed_in_api().post("/unblocks/check", body)
    if as_json:
        put_json(found)
        return
    for each in found["sites"]:
        put(each["says"])


def companions(site: str, school_class: OnClass = None, group: Group = None, as_json: AsJson = False) -> None:
    """Other hosts that the pages of a site need and that would be blocked, by the filtering log."""
    from schoolgate.client import signed_in_api

    wanted = {"site": site, "class": school_class or None, "group": group or None}
    found = signed_in_api().get("/unblocks/companions", wanted)
    if as_json:
        put_json(found)
        return
    put_table(found["companions"], ("host", "categories", "says"))


def use(unblock_id: str, as_json: AsJson = False) -> None:
    """How it was used: how often, by how many, and what else they opened. Nobody is named."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get(f"/unblocks/{unblock_id}/use")
    if as_json:
        put_json(found)
        return
    for said in found["says"]:
        put(said)
    for rows, columns in ((found["windows"], WINDOW), (found["hosts"], COUNTED)):
        _table(rows, columns)
    _table((found["besides"] or {}).get("sites", []), ("name", "pages"))


def figures(
    month: Annotated[str | None, typer.Option(help="2026-11; this month if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """How long people waited for an answer in a month, and what became of what was asked for."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/unblocks/figures", {"month": month})
    if as_json:
        put_json(found)
        return
    put_fields((name, found[name]) for name in FIGURES)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        put("")
        put_table(rows, columns)
