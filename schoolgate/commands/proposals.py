"""What policy and people proposals have in common on the command line: show one, decide one."""

from typing import Any

from schoolgate.telling import put, put_fields, put_json, put_table

COLUMNS = ("id", "kind", "state", "asked_by", "asked_at", "decided_by", "decided_at", "reason")


def decide(kind: str, proposal_id: str, act: str, reason: str, as_json: bool) -> None:
    """`kind` is the route: policy or people; `act` is approve, decline or withdraw."""
    from schoolgate.client import signed_in_api

    show(signed_in_api().post(f"/{kind}/proposals/{proposal_id}/{act}", {"reason": reason}), as_json)


def list_proposals(kind: str, params: dict[str, Any], as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    page = signed_in_api().get(f"/{kind}/proposals", params)
    if as_json:
        put_json(page)
    else:
        put_table(page["rows"], COLUMNS)


def show(proposal: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(proposal)
    else:
        put_fields((name, proposal.get(name)) for name in (*COLUMNS, "decision_reason"))
        for username, half in (proposal.get("code_halves") or {}).items():
            put(f"{username}: your half of the code, shown once: {half}")
