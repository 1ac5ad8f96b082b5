"""`schoolgate log verify`: every row of the filtering log is read again and held against its seal."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from schoolgate.progress import shown_progress
from schoolgate.telling import AsJson, Failed, put, put_json, tell


def verify(
    *,
    day: Annotated[str | None, typer.Option("--day", help="One day (UTC) alone: 2026-11-24.")] = None,
    as_json: AsJson = False,
) -> None:
    """Names each row that was edited, removed or added. Leaves nothing behind.

    Exit codes: 0 all is as it was sealed, 1 it is not, or the check broke off, 2 wrong usage.
    """
    from schoolgate.client import signed_in_api

    with signed_in_api().stream("/filtering-log/verify", {"day": day}) as answer:
        found = _verdict(answer.iter_lines())
    if as_json:
        put_json(found)
    elif len(found["faults"]) > 1:
        put("\n".join(found["faults"]))
    if not found["whole"]:
        raise Failed(str(found["says"]))
    tell(str(found["says"]))


def _verdict(lines: Iterator[str]) -> dict[str, Any]:
    """The last line; those before it tell how far it is."""
    with shown_progress() as show:
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            if "whole" in said:
                return said
            took = f" of {said['day']}, {said['seconds']} seconds so far" if "seconds" in said else ""
            show(f"reading the rows{took}", said["done"], said["days"])
    raise Failed("The check broke off before its end: it says nothing.")
