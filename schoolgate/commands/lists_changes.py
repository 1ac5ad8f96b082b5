"""Other lists, newer lists, earlier lists: done by the API, in the name of whoever is signed in."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.commands import proposals
from schoolgate.telling import AsJson, Failed, Why, put, put_fields, put_json, put_table, tell

if TYPE_CHECKING:
    from schoolgate.client import Api

Task = dict[str, Any]
ASK_EVERY = 0.5  # seconds
CHANGES = ("list_id", "category", "before", "after", "opened", "shut")
GENERATIONS = ("generation", "what", "since", "until", "entries", "on_disk", "by", "reason")
QUIET = ("local", "not-due")  # of no news to anybody
PROPOSALS = ("id", "what", "state", "needs", "asked_by", "asked_at", "decided_by", "reason")
NEXT = {
    "confirm": "One person may let it in: schoolgate lists approve {id} --reason ...",
    "take-up": "To take it up: schoolgate lists propose --held {id} --reason ...; then another approves.",
    "agree": "Another person can now approve it: schoolgate lists approve {id} --reason ...",
}


def update(
    lists: Annotated[
        list[str] | None, typer.Argument(help="These alone; else every list that is fetched.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch lists now, and wait for what comes of it; 1 when a list could not be fetched.

    Within what two people agreed on it comes into force by itself. What goes further is held for people.
    """
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    task = _follow(api, api.post("/lists/updates", {"lists": lists or None}))
    _show(api, task, as_json)
    if any(each["result"] == "failed" for each in task["lists"]):
        raise typer.Exit(1)


def propose(
    reason: Why,
    held: Annotated[str | None, typer.Option(help="Take up this held update instead of lists.yaml.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for lists.yaml of the server to come into force, as it is now. Somebody else has to approve it."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    answer = api.post("/lists/proposals", {"reason": reason, "held": held})
    if held is None:
        _show(api, _follow(api, answer), as_json)
        return
    proposals.show(answer, as_json)
    tell(NEXT["agree"].format(id=answer["id"]))


def approve(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Approve what somebody else proposed, or a held update that only blocks more."""
    proposals.decide("lists", proposal_id, "approve", reason, as_json)


def decline(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Decline a proposal, or a held update."""
    proposals.decide("lists", proposal_id, "decline", reason, as_json)


def withdraw(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    proposals.decide("lists", proposal_id, "withdraw", reason, as_json)


def list_(
    state: Annotated[str | None, typer.Option(help="requested, approved, declined ...")] = None,
    as_json: AsJson = False,
) -> None:
    """What has been proposed and what is held, newest first."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/lists/proposals", {"state": state})
    if as_json:
        put_json(page)
    else:
        put_table(page["rows"], PROPOSALS)


def show(proposal_id: str, as_json: AsJson = False) -> None:
    """One proposal or held update: why it waits, what it changes, and its lists.yaml."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get(f"/lists/proposals/{proposal_id}")
    if as_json:
        put_json(found)
        return
    put_fields((name, found.get(name)) for name in (*PROPOSALS, "generation", "decision_reason"))
    put_table(found["changes"], CHANGES)
    put(found["text"])


def rollback(
    reason: Why,
    generation: Annotated[
        str | None,
        typer.Argument(help="The beginning of its name; those before the ones in force, if not given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go back to lists that were in force. Where that opens more than was agreed, it becomes a proposal."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    task = api.post("/lists/rollback", {"generation": generation, "reason": reason})
    _show(api, _follow(api, task), as_json)


def generations(as_json: AsJson = False) -> None:
    """The lists that are or were in force, the last first."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/lists/generations")
    if as_json:
        put_json(page)
        return
    put_table([{**row, "generation": row["generation"][:12]} for row in page["rows"]], GENERATIONS)


def _follow(api: "Api", task: Task) -> Task:
    """Until it is over. Whoever stops waiting stops nothing."""
    from schoolgate.progress import shown_progress

    started = task["id"]
    with shown_progress() as shown:
        while task["state"] == "running":
            if progress := task["progress"]:
                shown(progress["stage"], progress["done"], progress["total"])
            time.sleep(ASK_EVERY)
            task = api.get("/lists/updates/current")
            if task["id"] != started:
                raise Failed(
                    "Another task has begun since; what came of this one: schoolgate lists generations"
                )
    return task


def _show(api: "Api", task: Task, as_json: bool) -> None:
    """Raises Failed where nothing came of it."""
    if as_json:
        put_json(task)
    else:
        if told := [each for each in task["lists"] if each["result"] not in QUIET]:
            put_table(told, ("list_id", "result", "bytes", "why"))
        if task["changes"]:
            put_table(task["changes"], CHANGES)
    if task["state"] == "failed":
        raise Failed(*(task["faults"] or [task["says"]]))
    tell(f"{task['came']}: {task['says']}")
    if task["came"] in ("held", "proposed"):
        waits = api.get(f"/lists/proposals/{task['proposal']}")
        if waits["needs"]:
            tell(NEXT[waits["needs"]].format(id=waits["id"]))
