"""Signing in and out: the token is kept in a file of mode 0600."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, put_json, tell

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]
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
    """Sign in; what you change from here on is done in your name. The console password is asked for."""
    from schoolgate.client import Api, SignedIn, save_session

    base = (api or front_of(ctx).settings.api).rstrip("/")
    username = username or str(typer.prompt("User name", err=True))
    password = _password("Console password", password_stdin)
    ca = front_of(ctx).school_ca(base, school_ca)
    answer = Api(base, ca=ca).post("/session", {"username": username, "password": password})
    path = save_session(SignedIn(base, username, answer["token"], str(ca) if ca else ""))
    if as_json:
        put_json({"username": username, "role": answer.get("role"), "api": base, "session": str(path)})
    tell(f"Signed in to {base} as {username}, until you say: schoolgate logout")
    if answer.get("must_change_password"):
        tell(f"First change your password, in the console: {base}/password")


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
    password = _password("New console password", password_stdin, confirm=True)
    base = (api or front_of(ctx).settings.api).rstrip("/")
    Api(base, ca=front_of(ctx).school_ca(base, school_ca)).post(
        "/enrolment", {"code": code.strip(), "password": password}
    )
    tell("Enrolled. Now: schoolgate login")


def _password(prompt: str, from_stdin: bool, *, confirm: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    given: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return given
