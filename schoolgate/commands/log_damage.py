"""Damage of the journal: where the recorder waits, what it could not store, and letting it go on."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from schoolgate.telling import AsJson, Failed, Why, put, put_json, put_table, tell

PLACES = ("segment", "offset", "resume", "bytes", "sha256")
ASIDE = ("records", "first_at", "why")


def damage(as_json: AsJson = False) -> None:
    """Where the recorder waits at damage, and which records it could not store; 1 when it waits."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/journal")
    if as_json:
        put_json(found)
    else:
        _show(found)
    if found["stopped"]:
        raise Failed(
            "The recorder waits. After a look at the bytes: schoolgate log release SEGMENT --reason ..."
        )


def release(
    segment: str,
    reason: Why,
    offset: Annotated[
        int | None, typer.Option(help="Which place, where the recorder waits at several of this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let the recorder go on after a damaged place: the bytes up to there are left out, and kept aside."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    place = _the_one(api.get("/journal")["stopped"], segment, offset)
    body = {"segment": segment, "offset": place["offset"], "resume": place["resume"], "reason": reason}
    made = api.post("/journal/releases", body)
    if as_json:
        put_json(made)
    tell(f"The recorder goes on after {made['bytes']} damaged bytes, from byte {made['resume']}.")


def _show(found: dict[str, Any]) -> None:
    if found["stopped"]:
        put_table(found["stopped"], PLACES)
    for each in found["aside"]:
        waits = ", and may still come" if each["waits"] else ""
        since = f", the first of {each['first_at']}" if each["first_at"] else ""
        put(f"{each['records']} not stored: {each['why']}{waits}{since}")
    if not found["stopped"] and not found["aside"]:
        tell("The recorder waits at no damaged place, and every record was stored.")


def _the_one(stopped: Sequence[dict[str, Any]], segment: str, offset: int | None) -> dict[str, Any]:
    """Raises Failed, naming what there is."""
    here = [each for each in stopped if each["segment"] == segment]
    fit = [each for each in here if offset in (None, each["offset"])]
    if len(fit) == 1:
        return fit[0]
    if not stopped:
        raise Failed("The recorder waits at no damaged place.")
    places = [f"  {each['segment']} --offset {each['offset']}" for each in here or stopped]
    says = "at several places of this file" if fit else "elsewhere"
    raise Failed(f"The recorder waits {says}:", *places)
