"""The change log seen and reviewed: what somebody signs for, and who did."""

from typing import Annotated

import typer

from schoolgate.telling import AsJson, put_fields, put_json, put_table, tell

COLUMNS = ("seq", "at", "by", "role", "size", "note")
Size = Annotated[int, typer.Argument(min=1, help="How many entries the checkpoint covers.")]


def seen(
    size: Size,
    root: Annotated[
        str | None, typer.Option(help="The third line of the note that you kept: it is compared.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Co-sign a checkpoint: you have seen the change log up to that entry."""
    from schoolgate.client import signed_in_api

    made = signed_in_api().post("/changes/seen", {"size": size, "root": root})
    if as_json:
        put_json(made)
    tell(f"Noted in entry {made['seq']}: seen up to entry {made['size']}.")


def review(
    size: Size,
    note: Annotated[str, typer.Option(help="What you found. Kept in the change log.")],
    as_json: AsJson = False,
) -> None:
    """Say that you have reviewed the change log up to that entry."""
    from schoolgate.client import signed_in_api

    made = signed_in_api().post("/changes/reviews", {"size": size, "note": note})
    if as_json:
        put_json(made)
    tell(f"Noted in entry {made['seq']}: reviewed up to entry {made['size']}.")


def reviews(as_json: AsJson = False) -> None:
    """Who reviewed the change log, newest first, and when a governor's next review is due."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    found, due = api.get("/changes/reviews"), api.get("/changes/reviews/due")
    if as_json:
        put_json({"rows": found["rows"], "due": due})
        return
    if found["rows"]:
        put_table(found["rows"], COLUMNS)
    since = f"{due['entries_since']} entries that no governor has read"
    tell(f"{since if due['last'] else 'No governor has reviewed it yet'}; due by {due['due_at']}.")


def key(as_json: AsJson = False) -> None:
    """The school's public key, for the sheet in the safe: what the checkpoints are signed with."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/changes/key")
    if as_json:
        put_json(found)
        return
    put_fields((name, found[name]) for name in ("public_key", "fingerprint", "key_id", "verifier_key"))
    tell("Print this, hold it against an export, and put it into the safe.")
