"""The session file, and refusals in the API's own words."""

import stat
from pathlib import Path

import pytest

from schoolgate.client import SignedIn, forget_session, save_session, saved_session, session_file
from schoolgate.telling import Failed

SIGNED_IN = SignedIn("http://127.0.0.1:8000", "tess", "t0ken")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SCHOOLGATE_SESSION_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_the_session_is_kept_for_its_owner_alone(home: Path) -> None:
    path = home / "schoolgate" / "session.json"
    path.parent.mkdir()
    path.touch(mode=0o644)

    assert save_session(SIGNED_IN) == path

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert saved_session() == SIGNED_IN
    assert "t0ken" not in repr(SIGNED_IN)


def test_it_is_where_the_environment_says() -> None:
    assert session_file({"SCHOOLGATE_SESSION_FILE": "/run/s.json"}) == Path("/run/s.json")
    assert session_file({"XDG_CONFIG_HOME": "/x"}) == Path("/x/schoolgate/session.json")
    assert session_file({}) == Path.home() / ".config" / "schoolgate" / "session.json"


def test_forgetting_twice_is_no_fault(home: Path) -> None:
    save_session(SIGNED_IN)
    forget_session()
    forget_session()
    with pytest.raises(Failed, match="schoolgate login"):
        saved_session()


def test_a_damaged_session_file_is_told(home: Path) -> None:
    save_session(SIGNED_IN).write_text("{}")

    with pytest.raises(Failed, match="Sign in anew"):
        saved_session()
