"""What is made once and must never be made again by accident: the CA and the key that signs."""

import stat
from pathlib import Path

import pytest

from filter_policy.bundle import current_bundle, read_bundle
from schoolgate.founding import FIRST, SECOND, Founder
from schoolgate.running import prepare
from schoolgate.school_ca import FINGERPRINT, fingerprint_of
from schoolgate.settings import Settings, load_settings
from schoolgate.telling import Failed
from schoolgate.wiring import is_founded, open_database

CONFIG = Path(__file__).parents[2] / "config"
TWO = (Founder("tess", "Tess Tanner", "technician"), Founder("cora", "Cora Cole", "coordinator"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(CONFIG, {"SCHOOLGATE_STATE": str(tmp_path / "state")})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_everything_and_the_second_nothing(settings: Settings) -> None:
    assert prepare(settings, TWO) is True

    state = settings.state
    before = {path: path.read_bytes() for path in (state / "ca").iterdir()}
    assert prepare(settings, (FIRST, SECOND)) is False
    assert {path: path.read_bytes() for path in (state / "ca").iterdir()} == before
    assert is_founded(open_database(settings))
    bundle = read_bundle(state, current_bundle(state) or "")
    assert set(bundle.accounts) == {"tess", "cora"}


def test_only_whoever_runs_it_can_read_what_is_secret(settings: Settings) -> None:
    prepare(settings, TWO)

    state = settings.state
    assert mode(state) == 0o700
    for path in ("keys/change-log.key", "ca/mitmproxy-ca.pem", "enrolment/tess.code", "enrolment/cora.code"):
        assert mode(state / path) == 0o600
    assert "PRIVATE" not in (state / "ca" / "school-ca.pem").read_text()


def test_a_lost_ca_is_not_made_anew(settings: Settings) -> None:
    prepare(settings, TWO)
    for path in (settings.state / "ca").iterdir():
        path.unlink()

    with pytest.raises(Failed, match="is missing") as refused:
        prepare(settings, TWO)

    assert FINGERPRINT in str(refused.value)
    assert not list((settings.state / "ca").iterdir())


def test_another_ca_in_its_place_is_refused(settings: Settings, tmp_path: Path) -> None:
    prepare(settings, TWO)
    other = load_settings(CONFIG, {"SCHOOLGATE_STATE": str(tmp_path / "other")})
    prepare(other, TWO)
    for name in ("mitmproxy-ca.pem", "mitmproxy-ca-cert.pem"):
        (settings.state / "ca" / name).write_bytes((other.state / "ca" / name).read_bytes())

    with pytest.raises(Failed, match="another one than the one recorded"):
        prepare(settings, TWO)


def test_a_new_ca_can_be_had_by_saying_so(settings: Settings) -> None:
    prepare(settings, TWO)
    old = fingerprint_of(settings.state / "ca" / "school-ca.pem")
    for path in [*(settings.state / "ca").iterdir(), settings.state / FINGERPRINT]:
        path.unlink()

    prepare(settings, TWO)

    assert fingerprint_of(settings.state / "ca" / "school-ca.pem") != old


def test_a_lost_signing_key_is_not_made_anew(settings: Settings) -> None:
    prepare(settings, TWO)
    (settings.state / "keys" / "change-log.key").unlink()

    with pytest.raises(Failed, match=r"signs the change log, is missing"):
        prepare(settings, TWO)


def test_a_founder_is_written_with_name_and_role() -> None:
    assert Founder.read("tess: Tess Tanner :technician") == TWO[0]
    for text in ("tess", "tess:Tess", "tess::technician", "a:b:c:d"):
        with pytest.raises(Failed, match="USERNAME:NAME:ROLE"):
            Founder.read(text)


def test_who_may_approve_nothing_founds_nothing(settings: Settings) -> None:
    with pytest.raises(Failed, match="role") as refused:
        prepare(settings, (TWO[0], Founder("anna", "Anna", "pupil")))

    assert "second.role" in str(refused.value)
    assert current_bundle(settings.state) is None


def test_a_policy_with_faults_founds_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("school: {name: X}\naccess: 1\n")
    environ = {"SCHOOLGATE_STATE": str(settings.state), "SCHOOLGATE_POLICY": str(tmp_path / "bad.yaml")}

    with pytest.raises(Failed, match=r"policy\.yaml:2") as refused:
        prepare(load_settings(CONFIG, environ), TWO)

    assert "filter_groups" in str(refused.value)


def test_a_database_that_cannot_be_used_is_told_without_its_password(settings: Settings) -> None:
    url = "postgresql+psycopg://school:hunter2@127.0.0.1:1/none"
    environ = {"SCHOOLGATE_STATE": str(settings.state), "SCHOOLGATE_DATABASE_URL": url}

    with pytest.raises(Failed, match="The database cannot be used") as refused:
        prepare(load_settings(CONFIG, environ), TWO)

    assert "hunter2" not in str(refused.value)


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Failed, match="cannot be used: Not a directory"):
        prepare(load_settings(CONFIG, {"SCHOOLGATE_STATE": str(tmp_path / "file" / "state")}), TWO)
