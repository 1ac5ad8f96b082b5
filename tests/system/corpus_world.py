"""The world of the bypass corpus: three sites apart from each other, and a demo school whose founders agree
on one policy after another. What a list says is of the founding: such a policy has a school of its own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from change_control.proposals import approve, propose_policy
from change_control.publish import publish
from filter_policy.bundle import read_bundle
from filter_policy.life_cycle import State
from schoolgate.demo.authority import ExampleAuthority
from schoolgate.demo.founding import School as Founded
from schoolgate.demo.policy_text import asked_ports, policy_of
from schoolgate.demo.setting import remembered, world_id
from schoolgate.demo.world import load_world
from schoolgate.settings import load_settings
from schoolgate.wiring import open_desk, utc_now
from tests.doors import Door
from tests.harness import journal_rows, proxy_login, until
from tests.origins import Origin, an_origin
from tests.proxy_addon.corpus import PASSWORD
from tests.running import Demo, running_demo

POLICIES = Path(__file__).parent / "worlds"
ADDRESSES = {"allowed.test": "127.7.7.2", "blocked.test": "127.7.7.3", "other.test": "127.7.7.4"}
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://blocked.test/\r\nContent-Length: 0\r\n\r\n"
LOOK = b"GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n"

# By the first 12 hex digits of the SHA-256 of the words that the corpus has for it.
POLICY_OF: Mapping[str, str] = {
    "f742f3ef0400": "two-sites",
    "3efc112b20fc": "games-section",
    "6ea523c76ee1": "international-names",
    "50c0af37d9aa": "addresses",
    "2238f1064034": "dynamic-dns",
    "ada68ff1731f": "games-section",
    "0e26813885ab": "carriers",
    "d13bd47c2e81": "carriers",
    "8f8c5e37e684": "anonymisers",
    "3ba6d7c82c4a": "short-links",
    "dffd66cb17c6": "safe-search",
    "a8e00edfdead": "restricted-video",
    "0fae346ca5f9": "school-accounts",
    "6dae01355002": "terms",
    "69277b036330": "carriers",
    "2f332a10bde2": "dns-over-https",
    "d2963b083ac6": "inside",
    "5c06780d5ef6": "moving-names",
    "eafb906656b8": "signing-in",
    "745423738674": "signing-in",
    "0a58e87bb992": "signing-in",
    "22e8749dd92a": "signing-in",
    "af02cc94c629": "limits",
    "efdffd9331e5": "limits",
    "7d51e4f776d8": "bank",
    "c3e27d5bc283": "two-sites",
    "dfc9f49c4213": "two-sites",
}
LISTED = {"nip.test": "dynamic-dns", "proxy-site.test": "anonymiser", "dns.test": "doh"}
LISTED_IN = {"dynamic-dns": "dynamic-dns", "anonymisers": "anonymiser", "dns-over-https": "doh"}


@dataclass(frozen=True)
class Sites:
    """The three, and who vouches for them."""

    by_name: Mapping[str, Origin]
    folder: Path

    def forget(self) -> None:
        for site in self.by_name.values():
            site.seen.clear()
            site.connections = 0

    def contacted(self) -> set[str]:
        return {name for name, site in self.by_name.items() if site.connections}

    def holder_of(self, host: str) -> str:
        """Which of the three a host leads to."""
        known = (name for name in ("allowed.test", "blocked.test") if f".{host}".endswith(f".{name}"))
        return next(known, "other.test")


@contextmanager
def three_sites(folder: Path) -> Iterator[Sites]:
    authority = ExampleAuthority()
    with ExitStack() as stack:
        found = {}
        for name, address in ADDRESSES.items():
            (folder / name).mkdir()
            found[name] = stack.enter_context(an_origin(folder / name, [name], address, authority))
        found["other.test"].answers["/abc"] = MOVED
        (folder / "origin-ca.pem").write_bytes(authority.certificate)
        yield Sites(found, folder)


@dataclass
class School(Door):
    """One demo school under one policy, as a client knows it."""

    port: int
    demo: Demo
    name: str  # of the policy in force
    sites: Sites
    founders: tuple[str, str]
    founded_under: str

    @property
    def ca(self) -> Path:
        return Path(self.demo.told["ca"])

    def rows(self) -> list[dict[str, Any]]:
        return journal_rows(self.demo.state)

    def agree_on(self, name: str) -> None:
        """Its founders put another policy in force; back when the gate answers by it."""
        world = load_world(_world_file(name, self.sites, self.demo.state.parent))
        assert world.origins is not None
        text = policy_of(world, utc_now().date(), sorted(world.origins.endpoints(asked_ports(world))))
        desk = open_desk(load_settings(self.demo.state / "config", {}))
        one, two = map(Founded(desk, self.founders).actor, self.founders)
        asked = propose_policy(desk, one, text, "the next part of the corpus", utc_now())
        if asked.state is State.REQUESTED:
            approve(desk, two, asked.id, "as the corpus has it in words", utc_now())
        wanted = read_bundle(self.demo.state, publish(desk)).revision
        desk.engine.dispose()
        assert until(self._revision, lambda seen: seen == wanted) == wanted
        self.name = name

    def _revision(self) -> str:
        """Of the policy that the gate answers by."""
        before = len(self.rows())
        self.raw(LOOK + proxy_login("teacher", PASSWORD) + b"\r\n")
        rows = until(lambda: self.rows()[before:], lambda found: bool(found) and "ended" in found[-1])
        return str(rows[-1]["revision"])


@contextmanager
def a_school_under(name: str, sites: Sites, folder: Path) -> Iterator[School]:
    """`name` of a policy in worlds/."""
    file = _world_file(name, sites, folder)
    with running_demo(folder / name, "--world", str(file)) as demo:
        before = remembered(demo.state, world_id(file))
        assert before is not None
        yield School(int(demo.proxy.rpartition(":")[2]), demo, name, sites, before.founders, name)


def _world_file(name: str, sites: Sites, folder: Path) -> Path:
    file = folder / f"{name}.world.yaml"
    file.write_text(json.dumps(world_of(name, sites)), encoding="utf-8")
    return file


def world_of(name: str, sites: Sites) -> dict[str, Any]:
    places = {host: _places(site) for host, site in sites.by_name.items()}
    ours = sorted({place for each in places.values() for place in each.values()})
    moving = {80: [places["allowed.test"][80], "127.0.0.1:80"]}
    kind = LISTED_IN.get(name)
    return {
        "people": {
            "pupil": _person("pupil", "pupils-here"),
            "anna": _person("pupil", "pupils-here"),
            "teacher": _person("staff", "staff"),
        },
        "policy": str(POLICIES / f"{name}.yaml"),
        "sites": {
            "allowed.test": places["allowed.test"],
            "*.allowed.test": places["allowed.test"],
            "blocked.test": places["blocked.test"],
            "*.blocked.test": places["blocked.test"],
            "rebind.test": "127.0.0.1",
            "flip.test": moving,
            "*.test": places["other.test"],
        },
        "lists": {kind: [host for host, listed in LISTED.items() if listed == kind]} if kind else {},
        # By address, too, nothing but the policy keeps a pupil from the site that is shut.
        "egress": {"allow": [*ours, f"{ADDRESSES['blocked.test']}:80", f"{ADDRESSES['blocked.test']}:443"]},
        "upstream_ca": str(sites.folder / "origin-ca.pem"),
    }


def _places(site: Origin) -> dict[int, str]:
    """Something answers at ports of no web server, too, and tells who comes."""
    plain, secure = f"{site.http[0]}:{site.http[1]}", f"{site.https[0]}:{site.https[1]}"
    return dict.fromkeys((22, 53, 80, 8080), plain) | {443: secure}


def _person(role: str, group: str) -> dict[str, Any]:
    return {"role": role, "filter_groups": [group], "password": PASSWORD}
