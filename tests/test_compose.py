"""docker-compose.yml and Dockerfile, read as data and held to their promises; no engine is needed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from proxy_addon.probe import SECONDS
from schoolgate.cli import app

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("proxy", "recorder", "api", "init")
LASTING = tuple(sorted(set(SERVICES) - {"init"}))  # init founds the school and is gone
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

every_service = pytest.mark.parametrize("name", sorted(SERVICES))
every_lasting_service = pytest.mark.parametrize("name", LASTING)


def _mounts(name: str) -> dict[str, str]:
    """Volume or folder -> how it is mounted: `ro` or `rw`."""
    found = {}
    for text in SERVICES[name].get("volumes", ()):
        source, _, *rest = text.split(":")
        found[source] = rest[0] if rest else "rw"
    return found


def test_the_file_is_a_compose_file() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_are_the_ones_that_the_documents_name() -> None:
    assert set(SERVICES) == {"proxy", "recorder", "api", "postgres", "init"}


@every_service
def test_nobody_is_root(name: str) -> None:
    user = str(SERVICES[name]["user"])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    if name in OURS:
        assert user == "10001:10001"


@every_service
def test_nobody_can_gain_rights(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "cap_add" not in SERVICES[name]
    assert "privileged" not in SERVICES[name]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@every_service
def test_the_root_of_each_is_read_only_and_tmp_lies_in_memory(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert any(entry.split(":")[0] == "/tmp" for entry in SERVICES[name]["tmpfs"])  # noqa: S108  # inside
    assert all("noexec" in entry for entry in SERVICES[name]["tmpfs"])


@every_lasting_service
def test_each_says_whether_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


def test_the_proxy_is_well_only_while_it_blocks() -> None:
    """Asked by a command that exists, and that waits for less than the engine does."""
    check = SERVICES["proxy"]["healthcheck"]
    assert check["test"] == ["CMD", "schoolgate", "proxy-check"]
    assert "proxy-check" in get_command(app).commands  # type: ignore[attr-defined]  # a group, since it has verbs
    assert int(check["timeout"].removesuffix("s")) > SECONDS


@every_service
def test_each_has_bounds_and_time_to_finish(name: str) -> None:
    assert {"mem_limit", "pids_limit"} <= set(SERVICES[name])
    assert SERVICES[name]["stop_grace_period"] == "30s"  # the gate drains for 10
    assert "max-size" in SERVICES[name]["logging"]["options"]


def test_every_image_names_its_version() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert len(images) == len(SERVICES) + 1
    for image in images:
        name, colon, tag = image.partition(":")
        assert colon, image
        assert "latest" not in tag
        assert re.match(r"\d+\.\d+", tag), image
        assert "/" not in name, "no registry is named"


def test_our_image_carries_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert version is not None
    assert {SERVICES[name]["image"] for name in OURS} == {f"schoolgate:{version[1]}"}


def test_every_stage_of_the_image_starts_from_the_pinned_python() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert set(stages) == {"${PYTHON}"}


def test_the_proxy_is_not_on_the_network_of_the_database() -> None:
    proxy, database = set(SERVICES["proxy"]["networks"]), set(SERVICES["postgres"]["networks"])
    assert not proxy & database
    assert COMPOSE["networks"]["data"]["internal"] is True


def test_the_proxy_shares_no_network_with_anyone() -> None:
    others = {network for name in SERVICES if name != "proxy" for network in SERVICES[name]["networks"]}
    assert not set(SERVICES["proxy"]["networks"]) & others


def test_the_database_is_published_to_nobody_and_the_console_to_this_machine_only() -> None:
    assert "ports" not in SERVICES["postgres"]
    assert "ports" not in SERVICES["recorder"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["api"]["ports"])


def test_the_key_that_signs_for_every_site_is_in_the_proxy_alone() -> None:
    assert [name for name in LASTING if "ca" in _mounts(name)] == ["proxy"]


def test_the_console_has_a_certificate_of_the_school_and_not_the_key_that_made_it() -> None:
    assert {name: _mounts(name).get("tls") for name in LASTING} == {
        "proxy": "rw",
        "api": "ro",
        "recorder": None,
        "postgres": None,
    }
    assert "ca" not in _mounts("api")


def test_the_console_is_asked_for_its_health_by_tls_and_must_prove_itself() -> None:
    asked = SERVICES["api"]["healthcheck"]["test"][-1]
    assert "https://127.0.0.1:8000/healthz" in asked
    assert "create_default_context(cafile=" in asked


def test_the_key_that_seals_the_change_log_is_in_the_api_alone() -> None:
    assert [name for name in LASTING if "office" in _mounts(name)] == ["api"]


def test_the_key_to_the_lists_of_illegal_content_is_where_they_are_made_and_where_they_are_asked() -> None:
    """And in nobody's hands who could then try guesses: the recorder and the database have no part in it."""
    assert {name: _mounts(name).get("illegal") for name in LASTING} == {
        "proxy": "ro",
        "api": "rw",
        "recorder": None,
        "postgres": None,
    }


def test_the_founding_happens_once_and_only_when_somebody_asks() -> None:
    assert SERVICES["init"]["profiles"] == ["setup"]
    assert SERVICES["init"]["restart"] == "no"
    assert "ports" not in SERVICES["init"]
    assert SERVICES["init"]["networks"] == ["data"]


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_runs_a_command_that_exists(name: str) -> None:
    typed = SERVICES[name].get("command") or SERVICES[name]["entrypoint"][1:]
    assert typed[0] in get_command(app).commands  # type: ignore[attr-defined]  # a group, since it has verbs


def test_the_proxy_cannot_write_what_it_is_told_to_enforce() -> None:
    mounts = _mounts("proxy")
    assert mounts["bundle"] == mounts["lists"] == mounts["illegal"] == mounts["./config"] == "ro"
    assert mounts["journal"] == "rw"


def test_only_proxy_and_recorder_write_the_journal() -> None:
    writers = [name for name in SERVICES if _mounts(name).get("journal") == "rw"]
    assert writers == ["proxy", "recorder"]


def test_a_lost_key_is_noticed_since_its_fingerprint_lies_elsewhere() -> None:
    assert _mounts("proxy")["gate"] == "rw"
    assert [name for name in SERVICES if "gate" in _mounts(name)] == ["proxy"]


def test_every_named_volume_is_used_and_every_used_one_named() -> None:
    used = {source for name in SERVICES for source in _mounts(name) if not source.startswith("./")}
    assert used == set(COMPOSE["volumes"])


def test_passwords_come_as_files_and_never_in_the_environment() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|DATABASE_URL|SECRET|KEY", key):
                assert key.endswith("_FILE")
                assert str(value).startswith("/run/secrets/")
    assert all(str(secret["file"]).startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert "secrets" not in SERVICES["proxy"]


def test_the_secrets_are_kept_out_of_the_repository_and_of_the_image() -> None:
    assert "*" in (ROOT / "secrets/.gitignore").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"
    assert not any(line.startswith(("!secrets", "!var", "!.git")) for line in ignored)


def test_the_image_has_every_room_and_what_they_need() -> None:
    kept = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert kept == rooms | {"config", "requirements.lock"}


def test_the_image_installs_from_the_lock_by_hash_and_builds_nothing() -> None:
    assert "--require-hashes --only-binary=:all:" in DOCKERFILE
    assert "compileall" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)


def test_the_password_for_mail_is_a_secret_that_can_be_switched_on() -> None:
    """What stands there as a remark is a compose file too."""
    text = FILE.read_text(encoding="utf-8")
    for left, right in (
        ("# SCHOOLGATE_MAIL_PASSWORD_FILE:", "SCHOOLGATE_MAIL_PASSWORD_FILE:"),
        ("# mail_password: {", "mail_password: {"),
        ("# SCHOOLGATE_CHECKPOINTS:", "SCHOOLGATE_CHECKPOINTS:"),
        ("# - /mnt/governors", "- /mnt/governors"),
        (
            "secrets: [database_url]                # and mail_password",
            "secrets: [database_url, mail_password]",
        ),
    ):
        assert text.count(left) == 1, left
        text = text.replace(left, right)
    switched_on = yaml.safe_load(text)

    api = switched_on["services"]["api"]
    assert api["environment"]["SCHOOLGATE_MAIL_PASSWORD_FILE"] == "/run/secrets/mail_password"
    assert api["secrets"] == ["database_url", "mail_password"]
    assert switched_on["secrets"]["mail_password"] == {"file": "./secrets/mail_password"}
    assert api["volumes"][-1] == "/mnt/governors:" + api["environment"]["SCHOOLGATE_CHECKPOINTS"]
