"""Signing in and out: the token is kept in a file of mode 0600."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, put_json, tell

if TYPE_CHECKING:
    from schoolgate.client import Api

FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from stdin; the six digits, if asked, from its next line."
    ),
]
ApiAddress = Annotated[str | None, typer.Option("--api", help="Where the API is, if not as in school.yaml.")]

SchoolCa = Annotated[
    Path | None, typer.Option("--ca", help="The school's CA, if not the one in the state folder.")
]


def login(
    ctx: typer.Context,
    *,
    username: Annotated[str | None, typer.Option(help="Asked for if not given.")] = None,
    api: ApiAddress = None,
    school_ca: SchoolCa = None,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Sign in; what you change from here on is done in your name.

    The console password is asked for, and the six digits where you have a second factor.
    """
    from schoolgate.client import Api, SignedIn, save_session

    base = (api or front_of(ctx).settings.api).rstrip("/")
    username = username or str(typer.prompt("User name", err=True))
    password = ask_password("Console password", password_stdin)
    ca = front_of(ctx).school_ca(base, school_ca)
    answer = _signed_in(Api(base, ca=ca), {"username": username, "password": password}, password_stdin)
    path = save_session(SignedIn(base, username, answer["token"], str(ca) if ca else ""))
    if as_json:
        told = {"username": username, "role": answer.get("role"), "api": base, "session": str(path)}
        put_json(told | {"must_set_second_factor": answer.get("must_set_second_factor", False)})
    tell(f"Signed in to {base} as {username}, until you say: schoolgate logout")
    console = front_of(ctx).settings.console.rstrip("/") if api is None else base
    if answer.get("must_change_password"):
        tell(f"First change your password, in the console: {console}/password")
    if answer.get("must_set_second_factor"):
        tell(
            "First set up your second factor; before that nothing else opens. An app on a telephone shows it:"
        )
        tell(f"  in the console, with a QR code: {console}/second-factor")
        tell("  or here: schoolgate second-factor set")


def _signed_in(api: "Api", body: dict[str, str], from_stdin: bool) -> Any:
    """The digits are asked for when the API says so, since only it knows who has a second factor."""
    from schoolgate.client import Refused

    try:
        return api.post("/session", body)
    except Refused as refused:
        if refused.slug != "code-needed":
            raise
    code = ask_password("Six digits from your telephone", from_stdin)
    return api.post("/session", body | {"code": code.strip()})


def logout() -> None:
    """Sign out and forget the token."""
    from schoolgate.client import forget_session, signed_in_api
    from schoolgate.telling import Failed

    try:
        signed_in_api().delete("/session")
    except Failed as gone:
        tell(gone.lines[0])
    forget_session()
    tell("Signed out.")


def enrol(
    ctx: typer.Context,
    api: ApiAddress = None,
    school_ca: SchoolCa = None,
    password_stdin: FromStdin = False,
) -> None:
    """Use your enrolment code, once, to choose your console password.

    With --password-stdin, the first line of stdin is the code and the second the password.
    """
    from schoolgate.client import Api

    code = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Enrolment code", err=True)
    password = ask_password("New console password", password_stdin, confirm=True)
    base = (api or front_of(ctx).settings.api).rstrip("/")
    Api(base, ca=front_of(ctx).school_ca(base, school_ca)).post(
        "/enrolment", {"code": code.strip(), "password": password}
    )
    tell("Enrolled. Now: schoolgate login")


def ask_password(prompt: str, from_stdin: bool, *, confirm: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    given: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return given
