"""What a program's token may ask for: each scope is a list of routes, and no route is in two people's hands.

A route that is in none is closed to every token, whatever its owner may. Nothing that takes a person's word
(approve, decline, sign, shut, let in) is here, and a test says so. A token has its owner's rights besides,
as they are at that moment, and never more.
"""

from collections.abc import Collection, Mapping

V1 = "GET /api/v1"
OPENS: Mapping[str, frozenset[str]] = {
    "changes:read": frozenset(
        {
            f"{V1}/changes", f"{V1}/changes/verify", f"{V1}/changes/checkpoints", f"{V1}/changes/export",
            f"{V1}/changes/key", f"{V1}/changes/consistency", f"{V1}/changes/{{seq}}/proof",
            f"{V1}/changes/checkpoints/{{size}}/qr.svg", f"{V1}/changes/seen", f"{V1}/changes/reviews",
            f"{V1}/changes/reviews/due", f"{V1}/reviews", f"{V1}/reviews/{{id}}",
        }
    ),
    "filtering-log:read": frozenset(
        {
            f"{V1}/filtering-log", f"{V1}/filtering-log/export", f"{V1}/filtering-log/tail",
            f"{V1}/filtering-log/verify", f"{V1}/retention", f"{V1}/sightings",
        }
    ),
    "incidents:read": frozenset(  # never one about a member of staff: audit_api/incidents.py
        {
            f"{V1}/incidents", f"{V1}/incidents/queue", f"{V1}/incidents/kinds", f"{V1}/incidents/{{id}}",
            f"{V1}/incidents/figures",
        }
    ),
    "incidents:write": frozenset({"POST /api/v1/incidents", "POST /api/v1/incidents/{id}/notes"}),  # likewise
    "reports:read": frozenset({f"{V1}/reports/month", f"{V1}/unblocks/figures"}),
    "policy:read": frozenset(
        {
            f"{V1}/policy", f"{V1}/policy/history", f"{V1}/policy/proposals", f"{V1}/policy/proposals/{{id}}",
            f"{V1}/policy/proposals/{{id}}/preview",
        }
    ),
    "lists:read": frozenset(
        {
            f"{V1}/lists", f"{V1}/lists/generations", f"{V1}/lists/updates/current", f"{V1}/lists/proposals",
            f"{V1}/lists/proposals/{{id}}", f"{V1}/lists/proposals/{{id}}/preview",
        }
    ),
    "unblocks:read": frozenset(
        {f"{V1}/unblocks", f"{V1}/unblocks/{{id}}", f"{V1}/unblocks/{{id}}/use", f"{V1}/openings"}
    ),
    "unblocks:ask": frozenset(
        {"POST /api/v1/unblocks", "POST /api/v1/unblocks/check", f"{V1}/unblocks/companions"}
    ),
    "explain": frozenset({f"{V1}/explain", f"{V1}/lists/lookup"}),
    "metrics": frozenset({"GET /metrics", f"{V1}/journal"}),
}  # fmt: skip
ANY_TOKEN = frozenset({f"{V1}/session", f"{V1}/rights"})  # who am I, and what may I


def has_scope(route: str) -> bool:
    return any(route in routes for routes in OPENS.values())


def opens(scopes: Collection[str], route: str) -> bool:
    return route in ANY_TOKEN or any(route in OPENS.get(scope, frozenset()) for scope in scopes)
