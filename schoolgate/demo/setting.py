"""The demo's own folder: configuration and lists as a school would have them, and what it must remember."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from schoolgate.settings import Settings, load_settings
from schoolgate.telling import Failed
from schoolgate.wiring import ensure_state

REMEMBERED = "demo.json"
SPEC = "gate.json"
UPSTREAM_CA = "upstream-ca.pem"


@dataclass(frozen=True, slots=True)
class Remembered:
    """From one start to the next of the same folder."""

    world: str  # what the school was made of
    founders: tuple[str, str]
    site_ports: tuple[int, int]  # of the example sites: the policy names them


def write_config(
    state: Path, categories: Mapping[str, str], ports: tuple[int, int] | None = None
) -> Settings:
    """Settings of a school that lives in `state` alone; no setting of the environment reaches it. `ports` of
    proxy and api: those that are listened on, so that nothing (/proxy.pac, the doctor) speaks of others."""
    ensure_state(state)
    config = state / "config"
    config.mkdir(mode=0o700, exist_ok=True)
    listens = {"proxy_port": ports[0], "api_port": ports[1]} if ports else {}
    _write(config / "school.yaml", {"state": ".", "log_level": "warning", **listens})
    _write(config / "lists.yaml", {"lists": {**_starter_lists(), **_own_lists(config, categories)}})
    return load_settings(config, {})


def _starter_lists() -> dict[str, dict[str, str]]:
    names = sorted(each.name for each in files("filter_lists").joinpath("starter").iterdir())
    categories = [name.removesuffix(".txt") for name in names if name.endswith(".txt")]
    return {f"starter-{c}": _list(c, f"starter:{c}.txt") for c in categories}


def _own_lists(config: Path, categories: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found = {}
    for category in sorted(set(categories.values())):
        hosts = sorted(host for host, named in categories.items() if named == category)
        (config / f"world-{category}.txt").write_text("\n".join(hosts) + "\n", encoding="utf-8")
        found[f"world-{category}"] = _list(category, f"world-{category}.txt")
    return found


def _list(category: str, source: str) -> dict[str, str]:
    return {"category": category, "format": "plain", "source": source}


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


def world_id(world_file: Path | None) -> str:
    """The example school has no file; a world file is told by its content."""
    return hashlib.sha256(world_file.read_bytes()).hexdigest() if world_file else "example"


def remember(state: Path, what: Remembered) -> None:
    (state / REMEMBERED).write_text(json.dumps(asdict(what)), encoding="utf-8")


def remembered(state: Path, world: str) -> Remembered | None:
    """None at the first start. Raises Failed when the folder belongs to another world."""
    path = state / REMEMBERED
    if not path.exists():
        if any(state.glob("schoolgate.sqlite*")):
            raise Failed(
                f"{state} holds a school that is no demo. Give the demo a folder of its own: --state"
            )
        return None
    raw = json.loads(path.read_text(encoding="utf-8"))
    found = Remembered(raw["world"], tuple(raw["founders"]), tuple(raw["site_ports"]))
    if found.world != world:
        raise Failed(f"{state} was made for another world. Give this one a folder of its own: --state")
    return found
