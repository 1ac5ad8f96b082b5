"""`schoolgate policy pinned`: apps that accept their own certificates only, and those that came by.

Suggestions and nothing more: what is not to be decrypted is proposed with the policy, and two people agree.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from schoolgate.telling import AsJson, put, put_json, put_table, tell

PAGE = 1000
MOST_PAGES = 50
SEEN = ("host", "times", "app", "reason")
SHIPPED = ("app", "hosts", "reason")

Row = Mapping[str, Any]


def pinned(
    seen: Annotated[
        int | None, typer.Option("--seen", min=1, max=90, help="Which came by in so many days, from the log.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Apps that accept no certificate but their own: the known ones, or with --seen those in the log.

    None of them is passed on by itself. What is printed below the table can be put into the policy.
    """
    if seen is None:
        from filter_lists.pinned_apps import pinned_apps

        rows = [
            {"app": each.app, "hosts": " ".join(each.hosts), "reason": each.reason} for each in pinned_apps()
        ]
        _show(rows, SHIPPED, as_json)
        return
    found = candidates(_refused(seen))
    _show(found, SEEN, as_json)
    if found and not as_json:
        tell("Each of them lets its traffic by unseen. What the school needs, propose for as few as need it:")
        put(proposal(found))


def _refused(days: int) -> Iterable[Row]:
    """Handshakes that the client broke off since it does not trust the school's certificate."""
    from datetime import timedelta

    from schoolgate.client import signed_in_api
    from schoolgate.wiring import utc_now

    api, since = signed_in_api(), utc_now() - timedelta(days=days)
    wanted = {"kind": "handshake", "reason": "tls-failed", "from": since.isoformat(), "limit": PAGE}
    for _ in range(MOST_PAGES):
        page = api.get("/filtering-log", wanted)
        yield from page["rows"]
        if not page.get("next"):
            return
        wanted["cursor"] = page["next"]
    tell(f"Only the newest {PAGE * MOST_PAGES} handshakes were counted.")


def candidates(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Hosts by how often a client said that it does not trust the certificate; the most frequent first."""
    from filter_lists.pinned_apps import app_of

    times = Counter(row["host"] for row in rows if row["rule"] == "pinned" and row["host"])
    found = []
    for host, count in sorted(times.items(), key=lambda item: (-item[1], item[0])):
        app = app_of(host)
        says = app.reason if app else "not known: an app that pins, or a device without the school's CA"
        found.append({"host": host, "times": count, "app": app.app if app else "", "reason": says})
    return found


def proposal(found: Iterable[Row]) -> str:
    """Rows for `passthrough` of policy.yaml; whoever proposes them says for whom."""
    row = '  - {{sites: [{}], for: everyone, why: pinned-app, reason: "{}"}}'
    lines = [row.format(each["host"], each["app"] or "reviewed") for each in found]
    return "\n".join(["passthrough:", *lines])


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        put_json(rows)
    else:
        put_table(rows, columns)
