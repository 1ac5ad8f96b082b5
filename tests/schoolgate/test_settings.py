"""Settings: addresses, ports and paths, and nothing that opens or hides anything."""

from pathlib import Path

import pytest

from audit_api.mail import MailServer
from schoolgate.api_server import ways_of
from schoolgate.settings import KEYS, Settings, SettingsError, load_settings

CONFIG = Path(__file__).parents[2] / "config"


def settings_of(tmp_path: Path, text: str, **environ: str) -> Settings:
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "school.yaml").write_text(text)
    return load_settings(tmp_path / "config", {f"SCHOOLGATE_{k}": v for k, v in environ.items()})


def faults_of(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        settings_of(tmp_path, text, **environ)
    return refused.value.faults


def test_the_file_we_ship_names_every_setting_with_its_default() -> None:
    shipped = load_settings(CONFIG, {})

    assert shipped == Settings(
        root=CONFIG.parent,
        config=CONFIG,
        state=CONFIG.parent / "var",
        policy=CONFIG / "policy.yaml",
        lists=CONFIG / "lists.yaml",
    )
    assert all(f"\n{key}:" in (CONFIG / "school.yaml").read_text() for key in KEYS)


def test_an_empty_file_and_a_missing_file_mean_the_defaults(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "").proxy_port == 8080
    assert load_settings(tmp_path / "nowhere", {}).api_port == 8000


def test_every_fault_of_file_and_environment_is_named_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        "proxy_port: 99999\nfilter: off\nlog_level: loud\napi_port: '8000'\n"
        "state:\napi_host: [a]\ngate: A b\n",
        PROXY_HOST="two words",
        PORXY_PORT="1",
        LISTS_FILE="/nonexistent",
    )

    named = (
        "proxy_port",
        "filter",
        "log_level",
        "api_port",
        "state",
        "api_host",
        "gate",
        "PROXY_HOST",
        "PORXY_PORT",
    )
    assert [word for word in (*named, "LISTS_FILE") if not any(word in fault for fault in faults)] == []
    assert len(faults) == len(named) + 1


def test_a_fault_names_file_line_value_and_what_is_allowed(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, "proxy_port: 8080\n\nlog_level: loud\n")

    expected = "school.yaml:3: log_level: 'loud' is not allowed; allowed: debug | info | warning | error"
    assert fault.endswith(expected)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "stands twice" in faults_of(tmp_path, "gate: a\ngate: b\n")[0]


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "school.yaml:2" in faults_of(tmp_path, "gate: a\n  state: [\n")[0]


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "proxy_port: 1\ngate: one\n", PROXY_PORT="2", STATE="/srv/x")

    assert (settings.proxy_port, settings.gate, settings.state) == (2, "one", Path("/srv/x"))


def test_a_secret_can_come_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("postgresql+psycopg://school:hunter2@db/school\n")

    settings = settings_of(tmp_path, "", DATABASE_URL_FILE=str(tmp_path / "secret"))

    assert settings.database == "postgresql+psycopg://school:hunter2@db/school"
    assert "hunter2" not in repr(settings)


def test_a_database_url_at_fault_is_not_shown_either(tmp_path: Path) -> None:
    assert "hunter2" not in faults_of(tmp_path, "database_url: mysql://a:hunter2@b/c\n")[0]


def test_value_and_file_of_one_key_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("gate-9")

    assert "only one of them" in faults_of(tmp_path, "", GATE="a", GATE_FILE=str(tmp_path / "x"))[0]


def test_nothing_in_the_settings_can_open_or_hide_anything() -> None:
    """Invariant 4: networks, egress, CONNECT ports and what is kept are policy, not settings; and so is whom
    the mails go to.
    """
    assert set(KEYS) == {
        *("proxy_host", "proxy_port", "api_host", "api_port", "console_url"),
        *("state", "policy", "lists", "database_url", "gate", "log_level"),
        *("checkpoints", "mail_host", "mail_port", "mail_from", "mail_tls", "mail_user", "mail_password"),
        *("mail_ca", "front_ends", "proxy_name", "webhook_secret", "webhook_ca"),
    }


def test_checkpoints_go_into_the_state_folder_or_where_the_school_says(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "state: kept\n").checkpoint_folder == tmp_path / "kept" / "checkpoints"
    assert settings_of(tmp_path, "checkpoints: /mnt/share\n").checkpoint_folder == Path("/mnt/share")
    assert settings_of(tmp_path, "checkpoints: away\n").checkpoint_folder == tmp_path / "away"


def test_a_mail_server_is_understood_with_its_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    file = (
        "mail_host: mail.school.test\nmail_port: 465\nmail_tls: tls\nmail_from: filter@school.test\n"
        "mail_ca: ca.pem\n"
    )
    settings = settings_of(tmp_path, file, MAIL_USER="filter", MAIL_PASSWORD_FILE=str(tmp_path / "secret"))

    ways = ways_of(settings)
    assert ways.mail == MailServer(
        "mail.school.test", 465, "filter@school.test", "tls", "filter", "hunter2", tmp_path / "ca.pem"
    )
    assert ways.folder == settings.checkpoint_folder
    assert "hunter2" not in repr(settings) + repr(ways)


def test_the_secret_of_the_webhook_is_long_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("nine-quiet-rivers\n")
    settings = settings_of(tmp_path, "webhook_ca: ca.pem\n", WEBHOOK_SECRET_FILE=str(tmp_path / "secret"))
    ways = ways_of(settings)
    assert (ways.webhook_secret, ways.webhook_ca) == ("nine-quiet-rivers", tmp_path / "ca.pem")
    assert "rivers" not in repr(settings) + repr(ways)
    (said,) = faults_of(tmp_path, "webhook_secret: short\n")
    assert "16 to 200 characters" in said
    assert "short" not in said


def test_without_a_mail_server_there_is_no_mail(tmp_path: Path) -> None:
    assert ways_of(settings_of(tmp_path, "")).mail is None


def test_what_is_wrong_with_the_mail_settings_is_named_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        "mail_host: two words\nmail_from: nobody\nmail_tls: maybe\nmail_password: [hunter2]\n",
        MAIL_PORT="70000",
    )
    named = ("mail_host", "mail_from", "mail_tls", "mail_password", "MAIL_PORT")
    assert all(any(name in fault for fault in faults) for name in named)
    assert "hunter2" not in "".join(faults)


def test_a_mail_server_needs_a_sender_and_tls_for_a_password(tmp_path: Path) -> None:
    said = faults_of(tmp_path, "mail_host: mail.test\nmail_tls: none\nmail_user: filter\nmail_port: 0\n")
    assert len(said) == 3
    for each, says in zip(
        said, ("mail_from: is needed", "mail_port: 0", "not sent in the clear"), strict=True
    ):
        assert says in each
