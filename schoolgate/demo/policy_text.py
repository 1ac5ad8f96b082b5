"""The policy of a demo: the example's with terms around today, or the world's own, with its egress in."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import yaml

from schoolgate.demo.world import World, example_file

WEB = frozenset({80, 443})
NO_TERMS = "terms: []"
NO_EGRESS = "allow: []"
BEFORE_AND_AFTER = timedelta(weeks=6)


def example_policy(today: date, endpoints: Iterable[tuple[str, int]]) -> str:
    """Today is in term; the example sites, and nothing else of this machine, can be reached."""
    monday = today - timedelta(days=today.weekday())
    term = f"terms: [[{monday - BEFORE_AND_AFTER}, {monday + BEFORE_AND_AFTER}]]"
    egress = ", ".join(f'"{where}"' for where in spelled(endpoints))
    text = example_file("policy.yaml")
    return text.replace(NO_TERMS, term, 1).replace(NO_EGRESS, f"allow: [{egress}]", 1)


def policy_of(world: World, today: date, endpoints: Sequence[tuple[str, int]]) -> str:
    """`endpoints` are where the world's own sites are: reachable unless world or policy say what is."""
    text = world.policy_text or example_policy(today, endpoints)
    changes: dict[str, Any] = {}
    if world.egress is not None:
        changes["egress"] = {"allow": list(world.egress)}
    elif world.policy_text and "egress" not in _loaded(text):
        changes["egress"] = {"allow": spelled(endpoints)}
    if world.connect_ports is not None:
        changes["connect_ports"] = list(world.connect_ports)
    return text if not changes else yaml.safe_dump({**_loaded(text), **changes}, sort_keys=False, width=110)


def asked_ports(world: World) -> frozenset[int]:
    """The ports that browsers may ask for, for sites whose address names none."""
    given = world.connect_ports
    if given is None and world.policy_text:
        given = _loaded(world.policy_text).get("connect_ports")
    return WEB | {port for port in given or () if isinstance(port, int)}


def spelled(endpoints: Iterable[tuple[str, int]]) -> list[str]:
    """As `egress.allow` writes them."""
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in sorted(endpoints)]


def _loaded(text: str) -> dict[str, Any]:
    """A text that is no mapping is refused later, as a policy."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
