"""A world for the demo: whose school it is, under which policy, and which sites there are (docs/demo.md).

Without `--world` it is the example school. A world file replaces any part of that; what it does not name
stays. It exists in the demo alone: no other command reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import yaml

from filter_lists.names import NameFault, canonical_host, is_ip
from filter_policy.model import Role
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path as Place
from filter_policy.yaml_lines import YamlFault, load_with_lines
from schoolgate.demo.origins import ANY_PORT, Origin, Origins

SECTIONS = ("people", "policy", "sites", "lists", "egress", "connect_ports", "upstream_ca")
PERSON = (
    *("name", "role", "filter_groups", "classes", "password", "console_password"),
    *("agreement_signed", "starts_at", "ends_at"),
)


class WorldError(Exception):
    """The world file cannot be used; every fault at once, each with its line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody of the world, with passwords that are public."""

    username: str
    name: str
    role: Role
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...] = ()
    password: str | None = None
    console_password: str | None = None
    more: Mapping[str, object] = field(default_factory=dict)  # agreement_signed, starts_at, ends_at


@dataclass(frozen=True, slots=True)
class World:
    """`policy_text` and `origins` None: those of the example school. `egress` None: the world's own sites."""

    people: Mapping[str, Character]
    policy_text: str | None = None
    origins: Origins | None = None
    categories: Mapping[str, str] = field(
        default_factory=dict
    )  # host -> category, on top of the starter lists
    egress: tuple[str, ...] | None = None
    connect_ports: tuple[int, ...] | None = None
    upstream_ca: Path | None = None
    is_example: bool = False


def example_file(name: str) -> str:
    return files("schoolgate").joinpath("example", name).read_text(encoding="utf-8")


def example_world() -> World:
    people = f"people:\n{_indented(example_file('people.yaml'))}"
    return replace(_world(people, "schoolgate/example/people.yaml", None), is_example=True)


def load_world(path: Path) -> World:
    """Raises WorldError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError([f"{path}: cannot be read: {error}"]) from error
    return _world(text, str(path), path.absolute().parent)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _world(text: str, file: str, folder: Path | None) -> World:
    try:
        raw, lines = load_with_lines(text)
    except YamlFault as fault:
        raise WorldError([f"{file}:{fault.line}: {fault.why}"]) from fault
    read = Reader(file, lines)
    for line, key in lines.repeated:
        read.faults.append(f"{file}:{line}: {key}: stands twice; the second would silently win")
    whole = read.mapping(raw, (), SECTIONS)
    people = _people(whole["people"], read) if "people" in whole else dict(example_world().people)
    origins, categories = _sites(whole["sites"], read) if "sites" in whole else (None, {})
    world = World(
        people=people,
        policy_text=_policy(whole.get("policy"), read, folder),
        origins=origins,
        categories={**_lists(whole.get("lists"), read), **categories},
        egress=_egress(whole, read),
        connect_ports=_connect_ports(whole, read),
        upstream_ca=_file(whole.get("upstream_ca"), ("upstream_ca",), read, folder),
    )
    if read.faults:
        raise WorldError(read.faults)
    return world


def _people(value: object, read: Reader) -> dict[str, Character]:
    found = {}
    for username, raw in read.mapping(value, ("people",), None).items():
        here: Place = ("people", username)
        row = read.mapping(raw, here, PERSON)
        found[username] = Character(
            username=username.lower(),
            name=str(row.get("name") or username),
            role=Role(read.one_of(row.get("role"), (*here, "role"), tuple(Role))),
            filter_groups=tuple(read.texts(row.get("filter_groups"), (*here, "filter_groups"))),
            classes=tuple(read.texts(row.get("classes"), (*here, "classes"))),
            password=_password(row, "password", here, read),
            console_password=_password(row, "console_password", here, read),
            more={key: row[key] for key in ("agreement_signed", "starts_at", "ends_at") if key in row},
        )
    return found


def _password(row: Mapping[str, object], key: str, here: Place, read: Reader) -> str | None:
    return None if row.get(key) is None else read.text(row[key], (*here, key))


def _policy(value: object, read: Reader, folder: Path | None) -> str | None:
    """In line, or the path of a file; what is wrong inside is found when the demo reads it as a policy."""
    if value is None:
        return None
    if isinstance(value, dict):
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    path = _file(value, ("policy",), read, folder)
    return path.read_text(encoding="utf-8") if path else None


def _file(value: object, place: Place, read: Reader, folder: Path | None) -> Path | None:
    if value is None:
        return None
    path = (folder or Path()) / read.text(value, place)
    if not path.is_file():
        read.fault(place, f"no such file: {path}")
        return None
    return path


def _sites(value: object, read: Reader) -> tuple[Origins, dict[str, str]]:
    by_host: dict[str, dict[int, Origin]] = {}
    categories: dict[str, str] = {}
    for name, raw in read.mapping(value, ("sites",), None).items():
        here: Place = ("sites", name)
        bare, asked = _asked_port(name)
        host = _host(bare, here, read)
        if not isinstance(raw, dict):
            by_host.setdefault(host, {})[asked] = _origin(raw, here, read)
            continue
        by_host.setdefault(host, {}).update(_ports(raw, here, read))
        if "category" in raw:
            categories[host.removeprefix("*.")] = read.text(raw["category"], (*here, "category"))
    return Origins(by_host, closed=True), categories


def _asked_port(name: str) -> tuple[str, int]:
    """`HOST:PORT` speaks of one port that is asked for, `HOST` of all."""
    host, _, port = name.rpartition(":")
    plain = host and ":" not in host and port.isdigit() and 0 < int(port) < 65536
    return (host, int(port)) if plain else (name, ANY_PORT)


def _host(name: str, here: Place, read: Reader) -> str:
    star, bare = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    try:
        return star + canonical_host(bare)
    except NameFault as fault:
        read.fault(here, fault.why)
        return name


def _ports(raw: Mapping[str, object], here: Place, read: Reader) -> dict[int, Origin]:
    found = {}
    for key, value in raw.items():
        if key == "address":
            found[ANY_PORT] = _origin(value, (*here, key), read)
        elif key.isdigit() and 0 < int(key) < 65536:
            found[int(key)] = _origin(value, (*here, key), read)
        elif key != "category":
            read.fault((*here, key), "no such word; allowed: address, category, or a port that is asked for")
    if not found:
        read.fault(here, "needs an address, or one for each port that is asked for")
    return found


def _origin(value: object, place: Place, read: Reader) -> Origin:
    """One place; or a list of them, one for each time the name is looked up."""
    if not isinstance(value, list) or not value:
        return _one_origin(value, place, read)
    first, *others = (_one_origin(each, (*place, i), read) for i, each in enumerate(value))
    return Origin(first.address, first.port, tuple(others))


def _one_origin(value: object, place: Place, read: Reader) -> Origin:
    """`ADDRESS:PORT`, or `ADDRESS` alone to keep the port that was asked for."""
    text = read.text(value, place)
    address, colon, port = text.rpartition(":")
    if not colon or (":" in address and not text.startswith("[")):
        address, port = text, "0"
    try:
        host = canonical_host(address)
        if not is_ip(host) or not 0 <= int(port) < 65536:
            raise ValueError
    except ValueError:  # NameFault is one
        read.fault(place, f"needs ADDRESS or ADDRESS:PORT, not {value!r}")
        return Origin("0.0.0.0")  # noqa: S104  # never used: the world is refused
    return Origin(host, int(port))


def _lists(value: object, read: Reader) -> dict[str, str]:
    found = {}
    for category, hosts in read.mapping(value, ("lists",), None, needed=False).items():
        for i, name in enumerate(read.texts(hosts, ("lists", category))):
            found[_host(name, ("lists", category, i), read).removeprefix("*.")] = category
    return found


def _egress(whole: Mapping[str, object], read: Reader) -> tuple[str, ...] | None:
    """As given; the policy's own check refuses what is no address and port."""
    if "egress" not in whole:
        return None
    given = whole["egress"]
    if isinstance(given, list):
        return tuple(read.texts(given, ("egress",)))
    row = read.mapping(given, ("egress",), ("allow",))
    return tuple(read.texts(row.get("allow"), ("egress", "allow")))


def _connect_ports(whole: Mapping[str, object], read: Reader) -> tuple[int, ...] | None:
    if "connect_ports" not in whole:
        return None
    items = read.items(whole["connect_ports"], ("connect_ports",))
    return tuple(read.whole(port, ("connect_ports", i), 1, 65535) for i, port in enumerate(items))
