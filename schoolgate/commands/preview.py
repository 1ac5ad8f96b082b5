"""What a proposal would have changed, had it been in force lately: asked of the API, which tries it out."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.telling import AsJson, Failed, put, put_fields, put_json, put_table, tell

if TYPE_CHECKING:
    from schoolgate.client import Api

ASK_EVERY = 0.5  # seconds
COLUMNS = ("requests", "pages", "people")
Days = Annotated[
    int | None,
    typer.Option(help="Try it out anew on so many days, 1 to 365; else the newest preview is shown, if any."),
]
Told = dict[str, Any]


def policy(proposal_id: str, days: Days = None, as_json: AsJson = False) -> None:
    """How many requests, people and groups a proposed policy would have opened or shut for, and which sites.

    The filtering log of the last days is replayed through it; 30 of them at first.
    """
    _preview("policy", proposal_id, days, as_json)


def lists(proposal_id: str, days: Days = None, as_json: AsJson = False) -> None:
    """The same of proposed lists."""
    _preview("lists", proposal_id, days, as_json)


def _preview(kind: str, proposal_id: str, days: int | None, as_json: bool) -> None:
    """Raises Failed where it was not finished."""
    from schoolgate.client import signed_in_api

    api, path = signed_in_api(), f"/{kind}/proposals/{proposal_id}/preview"
    told: Told = api.get(path)
    if days is not None or (told["report"] is None and told["state"] != "running"):
        told = api.post(path, {} if days is None else {"days": days})
    told = _follow(api, path, told)
    if as_json:
        put_json(told)
    elif told["report"] is not None:
        _show(told)
    if told["state"] == "not finished":
        raise Failed(f"It was not finished: {told['says']}")


def _follow(api: "Api", path: str, told: Told) -> Told:
    """Until it is over. Whoever stops waiting stops nothing."""
    from schoolgate.progress import shown_progress

    with shown_progress() as shown:
        while told["state"] == "running":
            if progress := told["progress"]:
                shown("replaying the filtering log", progress["done"], progress["of"])
            time.sleep(ASK_EVERY)
            told = api.get(path)
    return told


def _show(told: Told) -> None:
    report = told["report"]
    put_fields((name, report[name]) for name in ("from", "to", "requests"))
    for way, says in (("opens", "WOULD HAVE OPENED"), ("shuts", "WOULD HAVE SHUT")):
        _show_turned(report[way], says)
    for says in report["checks"].get("failing", ()):
        put(f"would no longer hold: {says}")
    for says in report["checks"].get("before", ()):
        put(f"does not hold now either: {says}")
    for field, says in (
        ("by_host_alone", "judged by their site alone, of a part of which something is said"),
        ("without_a_name", "could not be judged: no name was kept"),
        ("answered_otherwise_then", "were answered otherwise at the time"),
    ):
        if report[field]:
            tell(f"{report[field]:,} requests {says}")
    for reason, count in report["not_by_the_policy"].items():
        tell(f"{count:,} requests left out: {reason}")
    if not told["whole"]:
        tell("Sites and groups that at most three people stand behind are told together.")
    put_fields([("sha256", told["sha256"])])


def _show_turned(turned: Told, says: str) -> None:
    put(f"\n{says}")
    put_fields((name, _number(turned[name])) for name in COLUMNS)
    if turned["groups"]:
        put_table([_row(each) for each in turned["groups"]], ("filter_groups", *COLUMNS))
    if turned["sites"]:
        put_table([_row(each) for each in turned["sites"]], ("site", *COLUMNS))
    if turned["other_sites"]["sites"]:
        put("and {requests:,} requests to {sites:,} other sites".format(**turned["other_sites"]))


def _row(row: Told) -> Told:
    return {**row, "people": _number(row["people"])}


def _number(people: int | None) -> str:
    return "at most 3" if people is None else str(people)
