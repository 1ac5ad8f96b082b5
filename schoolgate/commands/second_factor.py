"""The second factor without a browser. The QR code is in the console; here its text is typed."""

import typer

from schoolgate.commands.session import FromStdin, ask_password
from schoolgate.telling import put_fields, tell

app = typer.Typer(help="Your second factor: six digits that a telephone shows.", no_args_is_help=True)
GROUP = 4  # characters of the secret, as it is read out and typed
TRIES = 3


@app.command("set")
def set_(password_stdin: FromStdin = False) -> None:
    """Set yours up. The secret is shown now and never again; other sessions of yours end.

    With --password-stdin the secret is shown first; then a line with your password is read, and one with the
    six digits.
    """
    from schoolgate.client import Refused, signed_in_api
    from schoolgate.telling import Failed

    api = signed_in_api()
    if api.get("/second-factor")["is_set"]:
        raise Failed("You have a second factor. With a code of it you clear it in the console, at Account.")
    begun = api.post("/second-factor/begin", {})
    secret = begun["secret"]
    spaced = " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))
    put_fields((("secret", spaced), ("address", begun["address"])))
    tell("Add an account with this secret in an app for sign-in codes, and send it to nobody.")
    for left in reversed(range(TRIES)):
        body = {
            "begun": begun["begun"],
            "password": ask_password("Your password, once more", password_stdin),
            "code": ask_password("Six digits that the app shows now", password_stdin).strip(),
        }
        try:
            api.post("/second-factor", body)
            break
        except Refused as refused:
            if refused.slug != "bad-input" or not left:
                raise
            for line in refused.lines:
                tell(line)
    tell("Set up. From now on the six digits are asked for after your password.")
