"""`schoolgate second-factor`: set up without a browser, with the password once more."""

from datetime import timedelta
from pathlib import Path

import pyotp

from schoolgate.wiring import utc_now
from tests.running import PATIENCE, Demo, setting_up_a_factor
from tests.schoolgate.test_session import post

COMMAND = ("second-factor", "set", "--password-stdin")


def test_who_is_not_signed_in_sets_none_up(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli(*COMMAND, session=tmp_path / "none.json")

    assert done.returncode == 1
    assert "schoolgate login" in done.stderr


def test_a_wrong_code_or_password_is_asked_for_again_and_nobody_sets_up_two(
    demo: Demo, tmp_path: Path
) -> None:
    password, path = demo.told["people"]["liam"]["console_password"], tmp_path / "s.json"
    words = ("login", "--username", "liam", "--api", demo.api, "--password-stdin")
    assert demo.cli(*words, session=path, given=f"{password}\n").returncode == 0
    with setting_up_a_factor({"SCHOOLGATE_SESSION_FILE": str(path)}) as (process, secret):
        assert process.stdout
        now, codes = utc_now(), pyotp.TOTP(secret)
        right = codes.at(now)
        typed = f"{password}\n12345\nnot-the-password\n{right}\n{password}\n{right}\n"
        address = process.stdout.readline()
        _, errors = process.communicate(typed, PATIENCE)

    assert process.returncode == 0, errors
    assert f"otpauth://totp/Schoolgate:liam?secret={secret}" in address
    assert "is not the code" in errors
    assert "is not the one that you sign in with" in errors
    assert "You have a second factor" in demo.cli(*COMMAND, session=path).stderr
    code = codes.at(now + timedelta(seconds=30))
    assert post(demo, path, "/second-factor/clear", {"code": code}).status_code == 204
