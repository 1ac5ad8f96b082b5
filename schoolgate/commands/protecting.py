"""Data protection: corrections, legal holds, erasing who has left, and what is kept about one person."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from schoolgate.telling import AsJson, Failed, Why, put_fields, put_json, put_table, tell

corrections = typer.Typer(help="Rows that were recorded as somebody else's.", no_args_is_help=True)
holds = typer.Typer(help="Legal holds: what is kept though its time is over.", no_args_is_help=True)
erasures = typer.Typer(help="Erasing somebody who has left.", no_args_is_help=True)

HISTORY = ("state", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason")
CORRECTION = ("id", "person", "right_person", "from", "to", "client_address", *HISTORY)
HOLD = ("id", "person", "from", "to", "reason", "placed_by", "placed_at", "released_at")
ERASURE = ("id", "person", *HISTORY)
RELEASE = ("id", "hold", *HISTORY)
PROPOSED = "Proposed. Another person can now agree to it."
Person = Annotated[str, typer.Option(help="A user name or id.")]
From = Annotated[str, typer.Option("--from", help="ISO 8601; without a zone it is school time.")]
To = Annotated[str, typer.Option(help="ISO 8601; not included.")]
State = Annotated[str | None, typer.Option(help="requested, approved, declined ...")]


@corrections.command("propose")
def propose_correction(
    *,
    person: Annotated[str, typer.Option(help="As recorded: a user name or id.")],
    from_: From,
    to: To,
    reason: Why,
    right_person: Annotated[
        str | None, typer.Option(help="Who it was; if not given, nobody who is known.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Only rows from this address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose whose rows of that time they really are. Neither of the two may be one it is about."""
    body = {"person": person, "right_person": right_person, "from": from_, "to": to, "reason": reason}
    _send("/corrections", {**body, "client_address": address}, CORRECTION, as_json, PROPOSED)


@corrections.command("list")
def list_corrections(state: State = None, as_json: AsJson = False) -> None:
    """Corrections, newest first."""
    _list("/corrections", {"state": state}, CORRECTION, as_json)


@corrections.command("approve")
def approve_correction(correction_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Agree to what somebody else proposed."""
    _send(f"/corrections/{correction_id}/approve", {"reason": reason}, CORRECTION, as_json)


@corrections.command("decline")
def decline_correction(correction_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Say no."""
    _send(f"/corrections/{correction_id}/decline", {"reason": reason}, CORRECTION, as_json)


@corrections.command("withdraw")
def withdraw_correction(correction_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    _send(f"/corrections/{correction_id}/withdraw", {"reason": reason}, CORRECTION, as_json)


@holds.command("place")
def place(
    *,
    from_: From,
    to: To,
    reason: Why,
    person: Annotated[str | None, typer.Option(help="A user name or id.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Rows of everybody.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep rows though their time is over. One person may; letting them go takes two."""
    if (person is None) != everybody:
        raise Failed("Give either --person or --everybody.")
    _send("/holds", {"person": person, "from": from_, "to": to, "reason": reason}, HOLD, as_json, "Placed.")


@holds.command("list")
def list_holds(
    released: Annotated[bool, typer.Option("--released", help="Those that are over as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Holds in force, newest first."""
    _list("/holds", {"released": str(released).lower()}, HOLD, as_json)


@holds.command("release")
def release(hold_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Propose to let a hold go."""
    _send(f"/holds/{hold_id}/release", {"reason": reason}, RELEASE, as_json, PROPOSED)


@holds.command("releases")
def list_releases(state: State = None, as_json: AsJson = False) -> None:
    """Proposals to let a hold go, newest first."""
    _list("/holds/releases", {"state": state}, RELEASE, as_json)


@holds.command("approve")
def approve_release(release_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Agree to let a hold go: what it kept may be gone soon after."""
    _send(f"/holds/releases/{release_id}/approve", {"reason": reason}, RELEASE, as_json)


@holds.command("decline")
def decline_release(release_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Say no."""
    _send(f"/holds/releases/{release_id}/decline", {"reason": reason}, RELEASE, as_json)


@holds.command("withdraw")
def withdraw_release(release_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    _send(f"/holds/releases/{release_id}/withdraw", {"reason": reason}, RELEASE, as_json)


@erasures.command("propose")
def propose_erasure(
    person: Annotated[str, typer.Argument(help="A user name or id of somebody who has left.")],
    reason: Why,
    about: Annotated[
        bool, typer.Option("--about", help="All texts about them, not only those that name them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Propose to erase somebody. It cannot be undone; the coordinator or the headteacher agrees."""
    body = {"person": person, "texts": "about" if about else "naming", "reason": reason}
    _send("/erasures", body, ERASURE, as_json, PROPOSED)


@erasures.command("list")
def list_erasures(state: State = None, as_json: AsJson = False) -> None:
    """Erasures, newest first."""
    _list("/erasures", {"state": state}, ERASURE, as_json)


@erasures.command("show")
def show_erasure(erasure_id: str, as_json: AsJson = False) -> None:
    """One, with every text that would go."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get(f"/erasures/{erasure_id}")
    _show(found, ERASURE, as_json)
    if found["texts"] and not as_json:
        put_table(found["texts"], ("seq", "field", "text"))


@erasures.command("approve")
def approve_erasure(erasure_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Agree to erase somebody, for good. Do not write their name."""
    _send(f"/erasures/{erasure_id}/approve", {"reason": reason}, ERASURE, as_json)


@erasures.command("decline")
def decline_erasure(erasure_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Say no."""
    _send(f"/erasures/{erasure_id}/decline", {"reason": reason}, ERASURE, as_json)


@erasures.command("withdraw")
def withdraw_erasure(erasure_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    _send(f"/erasures/{erasure_id}/withdraw", {"reason": reason}, ERASURE, as_json)


def access(
    username: Annotated[str, typer.Argument(help="Whose data: a user name.")],
    *,
    purpose: Annotated[str, typer.Option(help="Who asked, and how you know that it was them. It is kept.")],
    to: Annotated[Path, typer.Option(help="The file to write; there must be none of that name.")],
    format_: Annotated[str, typer.Option("--format", help="zip, html, json or csv")] = "zip",
    asked_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which they asked.")
    ] = None,
) -> None:
    """Take out all that is kept about one person, to hand over to them. Others are taken out of it."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    found = _person(api, username)
    asked = {"purpose": purpose, "format": format_, "asked_on": asked_on and asked_on.date().isoformat()}
    with (
        _whole_or_nothing(to) as file,  # before anything is asked for: the asking alone leaves a line
        api.stream(f"/people/{found['id']}/access", asked) as answer,
    ):
        for part in answer.iter_bytes():
            file.write(part)
        number = answer.headers["Export-Event"]
    tell(f"{to}: entry {number} of the change log. Read it before you hand it over.")


@contextmanager
def _whole_or_nothing(to: Path) -> Iterator[BinaryIO]:
    """For its owner alone; what breaks off leaves nothing behind, and what was there before stays."""
    if to.exists():
        raise Failed(f"{to} exists already.")
    unfinished = to.with_name(f".{to.name}.part")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        says = f"{unfinished} exists already: one that is under way, or one that broke off."
        raise Failed(says) from None
    except OSError as error:
        raise Failed(f"{to} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        _named(unfinished, to)
    except OSError as error:
        raise Failed(f"{to} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _named(unfinished: Path, to: Path) -> None:
    """Under the name that was asked for, unless somebody else has taken it by now."""
    try:
        to.hardlink_to(unfinished)
    except FileExistsError:
        raise Failed(f"{to} exists already.") from None
    except OSError:  # there are file systems without links
        unfinished.rename(to)


def _person(api: Any, username: str) -> dict[str, Any]:
    """Raises Failed for nobody."""
    wanted = username.strip().lower()
    rows = api.get("/people", {"search": wanted, "limit": 1000})["rows"]
    for row in rows:
        if wanted in (row["username"], row["id"]):
            return dict(row)
    raise Failed(f"Nobody has the user name {username}.")


def id_of(api: Any, person: str) -> str:
    """Of a user name or an id. Raises Failed for nobody."""
    return person if person.startswith("p_") else str(_person(api, person)["id"])


def _send(
    path: str, body: dict[str, Any], fields: tuple[str, ...], as_json: bool, done: str | None = None
) -> None:
    from schoolgate.client import signed_in_api

    _show(signed_in_api().post(path, body), fields, as_json)
    if done:
        tell(done)


def _show(found: dict[str, Any], fields: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        put_json(found)
    else:
        put_fields((name, found.get(name)) for name in fields)


def _list(path: str, params: dict[str, Any], fields: tuple[str, ...], as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    page = signed_in_api().get(path, {"limit": 1000, **params})
    if as_json:
        put_json(page)
    else:
        put_table(page["rows"], fields)
