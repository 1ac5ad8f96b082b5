"""Why is this blocked? The same `decide` as the gate's, listened to; works with every service down."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put, put_fields, put_json, put_table

if TYPE_CHECKING:  # imported when the verb runs: start-up is felt
    from filter_lists.index import Index
    from filter_policy.bundle import Bundle
    from filter_policy.explain import Explanation
    from filter_policy.model import Request

BLOCKED = 3


def explain(
    ctx: typer.Context,
    *,
    user: Annotated[str, typer.Option(help="Who browses: a user name.")],
    url: Annotated[str, typer.Option(help="What is asked for.")],
    at: Annotated[
        str | None, typer.Option(help="When: ISO 8601; school time if no zone is given. Now, if not given.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 when it is blocked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print each rule that was looked at, hit or miss, and the verdict."""
    from filter_policy.explain import explain as explain_url
    from filter_policy.standing import standing
    from schoolgate.in_force import bundle_in_force, index_of
    from schoolgate.school_time import instant

    state = front_of(ctx).settings.state
    bundle = bundle_in_force(state)
    index = index_of(state, bundle.lists)
    request = _request(bundle, index, user, url)
    now = instant(at, bundle.policy.timetable.zone)
    policy = standing(bundle.policy, index.within)
    explanation = explain_url(request.url, request.person, policy, index.lookup, now)
    told = _told(bundle, index, request, explanation, now)
    if as_json:
        put_json(told)
    else:
        _print(told, bundle)
    if exit_code and explanation.decision.is_block:
        raise typer.Exit(BLOCKED)


def _request(bundle: "Bundle", index: "Index", user: str, url: str) -> "Request":
    from audit_api.typed import typed_url
    from filter_lists.names import NameFault
    from filter_policy.model import Request

    account = bundle.accounts.get(user.lower())
    if account is None:
        raise Failed(f"No such person: {user}")
    try:
        parsed = typed_url(url)
    except NameFault as fault:
        raise Failed(str(fault)) from fault
    return Request(account.person, parsed, index.lookup(parsed))


def _told(
    bundle: "Bundle", index: "Index", request: "Request", explanation: "Explanation", now: datetime
) -> dict[str, Any]:
    """In the words of `GET /api/v1/explain`, with the verdict in front."""
    from schoolgate.in_force import told_listing

    decision = explanation.decision
    return {
        "verdict": decision.verdict.value,
        "user": request.person.username,
        "url": str(request.url),
        "at": _utc(now),
        "filter_groups": list(request.person.filter_groups),
        "classes": list(request.person.classes),
        "generation": index.generation,
        "listings": [told_listing(bundle.policy, index, each) for each in request.listings],
        "steps": [{"rule": step.rule, "hit": step.hit, "says": step.says} for step in explanation.steps],
        "decision": {
            "verdict": decision.verdict.value,
            "reason": decision.reason.value,
            "rule": decision.rule,
            "listing": told_listing(bundle.policy, index, decision.listing) if decision.listing else None,
            "unblock_id": decision.unblock_id,
            "policy_revision": decision.policy_revision,
            "valid_until": _utc(decision.valid_until) if decision.valid_until else None,
        },
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _print(told: dict[str, Any], bundle: "Bundle") -> None:
    """Times as the clock on the classroom wall shows them."""
    zone, decision = bundle.policy.timetable.zone, told["decision"]
    put_fields((name, told[name]) for name in ("user", "filter_groups", "classes", "url"))
    put_fields([("at", datetime.fromisoformat(told["at"]).astimezone(zone).isoformat())])
    put("")
    steps = [{**step, "hit": "hit" if step["hit"] else "miss"} for step in told["steps"]]
    put_table(steps, ("hit", "rule", "says"))
    put("")
    put_fields((name, decision[name]) for name in ("verdict", "reason", "rule"))
    put_fields((decision["listing"] or {}).items())
    until = decision["valid_until"]
    put_fields([("unblock", decision["unblock_id"])])
    put_fields(
        [("valid until", datetime.fromisoformat(until).astimezone(zone).isoformat() if until else None)]
    )
    put_fields([("policy", decision["policy_revision"]), ("lists", told["generation"])])
