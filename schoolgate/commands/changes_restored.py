"""On the server, where an older database was put back: go on with it, and say so in the change log."""

from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, Why, put_json, tell

if TYPE_CHECKING:
    from change_control.restoring import Restoring

LetIn = Annotated[
    list[str] | None,
    typer.Option(
        "--let-in", help="Who signs in with what the backup has, though it is older. May be repeated."
    ),
]


def restored(
    ctx: typer.Context,
    *,
    reason: Why,
    let_in: LetIn = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Go on with the database as it is, though this server has seen a longer change log than it holds.

    For a backup that was put back, before anything is started. Says what is lost and who is shut out, asks,
    and seals a line that governors read. A password, second factor, token, code or envelope that is newer
    than the backup, or was used up since, works no more.
    """
    from audit_log.db import reading
    from change_control.errors import ChangeError
    from change_control.restoring import restore, restoring
    from schoolgate.wiring import open_desk, utc_now

    desk = open_desk(front_of(ctx).settings)
    try:
        with reading(desk.engine) as conn:
            asked = restoring(desk, conn, let_in or (), utc_now())
        for line in _says(asked):
            tell(line)
        if not yes and not typer.confirm("Go on with this database?", err=True):
            raise Failed("Nothing was changed.")
        found = restore(desk, let_in or (), reason, utc_now())
    except ChangeError as error:
        raise Failed(f"Nothing was changed: {error.says}.", *error.fields.values()) from error
    finally:
        desk.engine.dispose()
    if as_json:
        put_json(found.detail)
    tell(
        "A line of the change log says so. Now start the api, and every gate anew: none goes back by itself."
    )
    tell("Tell the governors: each checkpoint that was kept outside says that the log was longer.")


def _says(found: "Restoring") -> list[str]:
    seen = "a log that cannot be read any more" if found.seen is None else f"{found.seen.size:,} entries"
    says = [f"This server has seen {seen}; the database holds {found.entries:,}. What came after is lost."]
    for who, what in (
        (found.shut_out, "signs in no more until two others agree on a new code"),
        (found.let_in, "signs in with what the backup has, because you say so"),
        (found.able, "can sign in and may agree to changes"),
    ):
        says += [f"  {each.username} {what}" for each in who]
    if found.seen is None:
        says.append("  Nobody can tell who has a newer password or second factor: look at each of them.")
    if found.tokens or found.codes:
        says.append(f"  {len(found.tokens)} tokens and {len(found.codes)} codes of the backup are void")
    if found.envelope:
        says.append("  The sealed envelope of the backup is void: make a new one")
    return says
