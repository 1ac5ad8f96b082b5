"""Each service that sees the CA refuses to start with another one."""

from pathlib import Path

import pytest

from schoolgate.school_ca import (
    FINGERPRINT,
    FOLDER,
    PUBLIC,
    check_school_ca,
    ensure_school_ca,
    fingerprint_of,
)
from schoolgate.serving import serve_api, serve_gate
from schoolgate.settings import load_settings
from schoolgate.telling import Failed
from tests.builders import NOON

CONFIG = Path(__file__).parents[2] / "config"


def test_what_devices_are_given_is_a_copy_without_the_key(tmp_path: Path) -> None:
    public = ensure_school_ca(tmp_path, NOON)
    assert public == tmp_path / FOLDER / PUBLIC
    assert b"PRIVATE" not in public.read_bytes()
    assert (tmp_path / FINGERPRINT).read_text().strip() == fingerprint_of(public)


def test_whoever_does_not_see_the_folder_has_nothing_to_check(tmp_path: Path) -> None:
    check_school_ca(tmp_path, NOON)
    (tmp_path / FOLDER).mkdir()
    check_school_ca(tmp_path, NOON)
    assert not list((tmp_path / FOLDER).iterdir())


@pytest.mark.parametrize("serve", [serve_api, serve_gate], ids=["api", "proxy"])
def test_a_service_does_not_start_with_another_ca(serve: object, tmp_path: Path) -> None:
    settings = load_settings(CONFIG, {"SCHOOLGATE_STATE": str(tmp_path / "state")})
    settings.state.mkdir(mode=0o700)
    ensure_school_ca(settings.state, NOON)
    (settings.state / FINGERPRINT).write_text("0" * 64)
    with pytest.raises(Failed, match="another one than the one recorded"):
        serve(settings, 0, None)  # type: ignore[operator]  # either of the two
