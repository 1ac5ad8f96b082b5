"""Why is this blocked? The same `decide` as the gate's, listened to; works with every service down."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put, put_fields, put_json, put_table

if TYPE_CHECKING:  # imported when the verb runs: start-up is felt
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
    from filter_policy.explain import explain as explain_request
    from schoolgate.in_force import bundle_in_force

    bundle = bundle_in_force(front_of(ctx).settings.state)
    request = _request(bundle, front_of(ctx).settings.state, user, url)
    now = _instant(at, bundle)
    explanation = explain_request(request, bundle.policy, now)
    told = _told(bundle, request, explanation, now)
    if as_json:
        put_json(told)
    else:
        _print(told)
    if exit_code and explanation.decision.is_block:
        raise typer.Exit(BLOCKED)


def _request(bundle: "Bundle", state: Any, user: str, url: str) -> "Request":
    from filter_lists.names import NameFault, parse_url
    from filter_policy.model import Request
    from schoolgate.in_force import index_in_force

    account = bundle.accounts.get(user.lower())
    if account is None:
        raise Failed(f"No such person: {user}")
    try:
        parsed = parse_url(url if "://" in url else f"https://{url}")
    except NameFault as fault:
        raise Failed(str(fault)) from fault
    return Request(account.person, parsed, index_in_force(state).lookup(parsed))


def _instant(at: str | None, bundle: "Bundle") -> datetime:
    if at is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(f"{at!r} is no time like 2026-11-24T12:30", param_hint="--at") from None
    zone = bundle.policy.timetable.zone
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


def _told(bundle: "Bundle", request: "Request", explanation: "Explanation", now: datetime) -> dict[str, Any]:
    from schoolgate.in_force import shown_entry

    decision, listing = explanation.decision, explanation.decision.listing
    zone = bundle.policy.timetable.zone
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason.value,
        "rule": decision.rule,
        "user": request.person.username,
        "filter_groups": list(request.person.filter_groups),
        "classes": list(request.person.classes),
        "url": str(request.url),
        "at": now.astimezone(zone).isoformat(),
        "category": listing.category if listing else None,
        "list": listing.list_id if listing else None,
        "entry": shown_entry(bundle.policy, listing) if listing else None,
        "unblock_id": decision.unblock_id,
        "valid_until": decision.valid_until.astimezone(zone).isoformat() if decision.valid_until else None,
        "policy_revision": decision.policy_revision,
        "steps": [{"rule": step.rule, "hit": step.hit, "says": step.says} for step in explanation.steps],
    }


def _print(told: dict[str, Any]) -> None:
    put_fields((name, told[name]) for name in ("user", "filter_groups", "classes", "url", "at"))
    put("")
    steps = [{**step, "hit": "hit" if step["hit"] else "miss"} for step in told["steps"]]
    put_table(steps, ("hit", "rule", "says"))
    put("")
    names = ("verdict", "reason", "rule", "category", "list", "entry", "unblock_id", "valid_until")
    put_fields((name, told[name]) for name in names)
    put_fields([("policy", told["policy_revision"])])
