"""`schoolgate log retention`: what is kept for how long, and what went lately."""

from schoolgate.telling import AsJson, put, put_fields, put_json, put_table, tell

KEPT = ("keep", "days", "url", "address", "search_terms", "oldest_day")
PURGES = ("entry", "at", "keep", "day", "rows", "kept_back")


def retention(*, as_json: AsJson = False) -> None:
    """How long rows, incidents and totals are kept by the policy in force, and the last that were removed."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/retention")
    if as_json:
        put_json(found)
        return
    put_table(found["kept"], KEPT)
    put("")
    put_fields(
        [
            ("incidents", f"{found['incidents_days']} days"),
            ("totals", f"{found['totals_days']} days"),
            ("legal holds", found["holds"]),
        ]
    )
    if found["last_purges"]:
        put("")
        put_table(found["last_purges"], PURGES)
    if found["waits"]:
        tell(f"Nothing is removed just now: {found['waits']}.")
