"""Where this installation lives: `config/school.yaml`, each key overridable by the environment.

Only addresses, ports, paths, the database, the mail server and the log level: no setting can open or hide
anything; whom the mails go to is in the policy. What is not understood is refused whole, with every fault
named, so that a typing error never becomes a default.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from filter_policy.yaml_lines import YamlFault, load_with_lines

PREFIX = "SCHOOLGATE_"
# Read by other parts of the product, or by the tests; not settings.
OTHER_VARIABLES = frozenset({"CONFIG", "SESSION_FILE", "CI", "TORTURE_ROUNDS"})
Given = tuple[str, str, object]  # where it stands, its key, its value
LOG_LEVELS = ("debug", "info", "warning", "error")
MAIL_TLS = ("none", "starttls", "tls")
LONGEST_LINE = 200  # of a user name or a password
SHORTEST_SECRET = 16


class SettingsError(Exception):
    """The settings cannot be used; `faults` has one line for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. `root` is the folder that holds config/; paths are absolute here."""

    root: Path
    config: Path
    proxy_host: str = "127.0.0.1"
    proxy_port: int = 8080
    api_host: str = "127.0.0.1"
    api_port: int = 8000
    console_url: str = ""
    proxy_name: str = ""
    state: Path = Path("var")
    policy: Path = Path("config/policy.yaml")
    lists: Path = Path("config/lists.yaml")
    checkpoints: Path | None = None  # None: `checkpoints` in the state folder
    mail_host: str = ""  # empty: nobody is told by mail
    mail_port: int = 587
    mail_from: str = ""
    mail_tls: str = "starttls"
    mail_user: str = ""
    mail_password: str = field(default="", repr=False)
    mail_ca: Path | None = None  # None: the authorities that this machine trusts
    webhook_secret: str = field(default="", repr=False)
    webhook_ca: Path | None = None  # None: the authorities that this machine trusts
    front_ends: str = ""  # addresses that may say for whom they ask the console; empty: none
    database_url: str = field(default="", repr=False)  # may hold a password
    gate: str = "gate-1"
    log_level: str = "info"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'schoolgate.sqlite'}"

    @property
    def checkpoint_folder(self) -> Path:
        return self.checkpoints or self.state / "checkpoints"

    @property
    def console(self) -> str:
        """What people type to reach the console."""
        return self.console_url or self.api

    @property
    def serves_tls(self) -> bool:
        """Whether other machines can reach the console: then it speaks TLS, by the school's CA."""
        return not is_this_machine(self.api_host)

    @property
    def console_tls(self) -> Path:
        """Its certificate and key (console_tls.py)."""
        return self.state / "tls" / "console.pem"

    @property
    def console_ca(self) -> Path:
        """What proves that certificate."""
        return self.state / "tls" / "school-ca.pem"

    @property
    def api(self) -> str:
        """Where programs of this machine find the API."""
        scheme = "https" if self.serves_tls else "http"
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.api_host, self.api_host)  # noqa: S104  # compared, not bound
        return f"{scheme}://[{host}]:{self.api_port}" if ":" in host else f"{scheme}://{host}:{self.api_port}"


class _Unfit(ValueError):
    """Says what is allowed."""


def _host(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", value):
        return value
    raise _Unfit("an address or host name")


def is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _optional_host(value: object) -> str:
    return "" if value == "" else _host(value)


def _port(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
        return value
    raise _Unfit("a port from 0 to 65535; 0 takes any free one")


def _path(value: object) -> Path:
    if isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise _Unfit("a path")


def _console_url(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"(https?://[0-9A-Za-z.:\[\]_-]+)?", value):
        return value
    raise _Unfit("empty, or https://NAME")


def _database_url(value: object) -> str:
    if isinstance(value, str) and re.match(r"$|sqlite:///|postgresql(\+psycopg)?://", value):
        return value
    raise _Unfit("empty, sqlite:///PATH or postgresql+psycopg://NAME:PASSWORD@HOST/DATABASE")


def _gate(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9-]{1,32}", value):
        return value
    raise _Unfit("up to 32 of a-z, 0-9 and -")


def _log_level(value: object) -> str:
    if isinstance(value, str) and value in LOG_LEVELS:
        return value
    raise _Unfit(" | ".join(LOG_LEVELS))


def _optional_path(value: object) -> Path | None:
    return None if value == "" else _path(value)


def _mail_from(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"([A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190})?", value):
        return value
    raise _Unfit("empty, or an address like filter@school.example")


def _mail_tls(value: object) -> str:
    if isinstance(value, str) and value in MAIL_TLS:
        return value
    raise _Unfit(" | ".join(MAIL_TLS))


def _line(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_LINE:
        return value
    raise _Unfit(f"empty, or one line of up to {LONGEST_LINE} characters")


def _secret(value: object) -> str:
    if value == "" or (isinstance(value, str) and len(value) >= SHORTEST_SECRET):
        return _line(value)
    raise _Unfit(f"empty, or one line of {SHORTEST_SECRET} to {LONGEST_LINE} characters")


def _addresses(value: object) -> str:
    if isinstance(value, str) and all(map(_is_address, value.split())):
        return value
    raise _Unfit("empty, or IP addresses with a blank between them")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


KEYS: Mapping[str, Callable[[object], object]] = {
    "proxy_host": _host,
    "proxy_port": _port,
    "api_host": _host,
    "api_port": _port,
    "console_url": _console_url,
    "proxy_name": _optional_host,
    "state": _path,
    "policy": _path,
    "lists": _path,
    "checkpoints": _optional_path,
    "mail_host": _optional_host,
    "mail_port": _port,
    "mail_from": _mail_from,
    "mail_tls": _mail_tls,
    "mail_user": _line,
    "mail_password": _line,
    "mail_ca": _optional_path,
    "webhook_secret": _secret,
    "webhook_ca": _optional_path,
    "front_ends": _addresses,
    "database_url": _database_url,
    "gate": _gate,
    "log_level": _log_level,
}
SECRET_KEYS = frozenset({"database_url", "mail_password", "webhook_secret"})


def find_config(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The config folder: as given, as in the environment, in this folder, or beside the program."""
    if given or environ.get(PREFIX + "CONFIG"):
        return (given or Path(environ[PREFIX + "CONFIG"])).absolute()
    here = Path.cwd() / "config"
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "config"


def load_settings(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError with every fault of file and environment at once."""
    folder = find_config(config, environ)
    faults: list[str] = []
    values: dict[str, object] = {}
    for where, key, given in [
        *_from_file(folder / "school.yaml", faults),
        *_from_environment(environ, faults),
    ]:
        try:
            values[key] = KEYS[key](given)
        except _Unfit as allowed:
            shown = "(not shown)" if key in SECRET_KEYS else repr(given)
            faults.append(f"{where}: {key}: {shown} is not allowed; allowed: {allowed}")
    faults.extend(_mail_faults(folder, values))
    faults.extend(_console_faults(folder, values))
    if faults:
        raise SettingsError(faults)
    return _anchored(folder, values)


def _mail_faults(folder: Path, values: Mapping[str, object]) -> Iterator[str]:
    """What is wrong only together; said of the file, wherever the values came from."""
    if not values.get("mail_host"):
        return
    where = folder / "school.yaml"
    if not values.get("mail_from"):
        yield f"{where}: mail_from: is needed with mail_host; allowed: an address like filter@school.example"
    if values.get("mail_port") == 0:
        yield f"{where}: mail_port: 0 is not allowed; allowed: a port from 1 to 65535, often 587 or 465"
    if values.get("mail_user") and values.get("mail_tls") == "none":
        yield f"{where}: mail_user: is not sent in the clear; allowed: with mail_tls starttls or tls"


def _console_faults(folder: Path, values: Mapping[str, object]) -> Iterator[str]:
    url, host = str(values.get("console_url", "")), str(values.get("api_host", "127.0.0.1"))
    if url.startswith("http:") and not is_this_machine(host):
        where = f"{folder / 'school.yaml'}: console_url: {url!r} is not allowed"
        yield f"{where} where other machines reach the console (api_host), for it speaks TLS; allowed: https://NAME"


def _anchored(folder: Path, values: dict[str, Any]) -> Settings:
    """Paths become absolute: what is relative is so to the folder that holds config/."""
    settings = Settings(root=folder.parent, config=folder, **values)
    paths = ("state", "policy", "lists", "checkpoints", "mail_ca", "webhook_ca")
    given = {p: path for p in paths if (path := getattr(settings, p)) is not None}
    return replace(settings, **{p: folder.parent / path.expanduser() for p, path in given.items()})


def _from_file(path: Path, faults: list[str]) -> Iterator[Given]:
    try:
        raw, lines = load_with_lines(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return  # every key has a default
    except YamlFault as fault:
        faults.append(f"{path}:{fault.line}: {fault.why}")
        return
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {error}")
        return
    if raw is not None and not isinstance(raw, dict):
        faults.append(f"{path}:1: {raw!r} is not allowed; allowed: rows of `key: value`")
        return
    faults.extend(f"{path}:{line}: {key}: stands twice" for line, key in lines.repeated)
    for key, value in (raw or {}).items():
        where = f"{path}:{lines.of((key,))}"
        if key in KEYS:
            yield where, key, value
        else:
            faults.append(f"{where}: {key}: no such setting; allowed: {', '.join(KEYS)}")


def _from_environment(environ: Mapping[str, str], faults: list[str]) -> Iterator[Given]:
    for name in sorted(environ):
        word = name.removeprefix(PREFIX)
        if word == name or word in OTHER_VARIABLES:
            continue
        key = word.removesuffix("_FILE").lower()
        if key not in KEYS:
            faults.append(f"{name}: no such setting; allowed: {', '.join(PREFIX + k.upper() for k in KEYS)}")
        elif not word.endswith("_FILE"):
            yield name, key, _typed(key, environ[name])
        elif PREFIX + key.upper() in environ:
            faults.append(f"{name}: {PREFIX + key.upper()} is given too; only one of them is allowed")
        else:
            yield from _from_secret_file(name, key, environ[name], faults)


def _from_secret_file(name: str, key: str, path: str, faults: list[str]) -> Iterator[Given]:
    try:
        yield name, key, _typed(key, Path(path).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}: {path!r} cannot be read: {error}")


def _typed(key: str, text: str) -> object:
    """The environment knows only text; a port is a number."""
    return int(text) if KEYS[key] is _port and re.fullmatch(r"[0-9]{1,5}", text) else text
