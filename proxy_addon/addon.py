"""For trying the filter out, as mitmproxy users do: not for use in a school.

    mitmdump -s proxy_addon/addon.py --set schoolgate_config=config --set schoolgate_group=upper-ks2

It judges by `config/policy.yaml` and the lists of `config/lists.yaml`, everybody as a member of one group. It
knows no people, records nothing, and mitmproxy reloads it when it is saved: a mistake then leaves the proxy
unfiltered. `schoolgate run` is the real thing. Until a policy is read, and when it cannot be, all is blocked.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.http import HTTPFlow

from filter_lists.compiler import ListsError
from filter_lists.ensure import ensure_index
from filter_lists.index import Index, IndexFault
from filter_policy.bundle import Account, Bundle, revision_of
from filter_policy.decide import decide
from filter_policy.model import Person
from filter_policy.parse import PolicyError, parse_policy
from filter_policy.standing import standing
from proxy_addon import asked
from proxy_addon.answering import Answers
from proxy_addon.block_page import Pages
from proxy_addon.clock import GateClock, utc_now
from proxy_addon.connections import Connections
from proxy_addon.egress import Egress
from proxy_addon.gate import Gate
from proxy_addon.identify import UNIDENTIFIED, Identity
from proxy_addon.judge import InForce
from proxy_addon.records import Rows
from proxy_addon.stages import Stages

WARNING = (
    "Schoolgate is being tried out: everybody is one group, nothing is recorded, nothing guards the school's "
    "own network, and a mistake in a saved script leaves the proxy UNFILTERED. For use: schoolgate run"
)
HELD: Mapping[str, object] = {"connection_strategy": "lazy", "rawtcp": False, "http3": False}
NAME = "trial"

logger = logging.getLogger(__name__)


class Trial(Gate):
    """The gate without its people, its journal and its seams."""

    def __init__(self) -> None:
        self._force: InForce | None = None
        self._folder: TemporaryDirectory[str] | None = None  # the index; goes with us
        self._egress = Egress()
        pages = Pages()
        stages = Stages(
            identify=self._identify,
            names=asked.read_request,
            connect_names=asked.read_connect,
            classify=Index.lookup,
            decide=decide,
            record=_say,
            page=pages.block,
        )
        answers = Answers(
            stages=stages,
            rows=Rows(NAME),
            pages=pages,
            clock=GateClock(utc_now),
            egress=self._egress,
            connections=Connections(),
            in_force=lambda: self._force,
            stuck=lambda: False,
        )
        super().__init__(answers, lambda row: None, lambda connection: None, lambda connection, layer: None)

    def load(self, loader: Loader) -> None:
        loader.add_option("schoolgate_config", str, "config", "Folder with policy.yaml and lists.yaml.")
        loader.add_option("schoolgate_group", str, UNIDENTIFIED, "The filter group that everybody is in.")

    def configure(self, updated: set[str]) -> None:
        if not updated & {"schoolgate_config", "schoolgate_group", *HELD}:
            return
        changed = {name: value for name, value in HELD.items() if getattr(ctx.options, name) != value}
        if changed:
            ctx.options.update(**changed)  # type: ignore[no-untyped-call]  # mitmproxy ships no types
        self._force = None
        self._clear()
        self._folder = TemporaryDirectory(prefix="schoolgate-trial-")
        try:
            config, index = Path(ctx.options.schoolgate_config), Path(self._folder.name)
            self._force = read(config, ctx.options.schoolgate_group, index)
        except (OSError, PolicyError, ListsError, IndexFault, LookupError) as fault:
            raise exceptions.OptionsError(f"everything is blocked: {fault}") from fault  # type: ignore[no-untyped-call]  # no types
        self._egress.allow = frozenset(self._force.bundle.policy.egress_allow)

    def running(self) -> None:
        logger.warning(WARNING)

    def done(self) -> None:
        """We are taken out, or mitmproxy ends."""
        self._force = None
        self._clear()

    def _clear(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def _identify(self, credentials: Sequence[bytes], address: str, bundle: Bundle) -> Identity:
        account = bundle.accounts[NAME]
        return Identity(account.person, account.password_hash)

    async def requestheaders(self, flow: HTTPFlow) -> None:
        await super().requestheaders(flow)
        if flow.response is not None:
            flow.request.stream = False  # without our seams, an answer waits for the body


async def _say(row: Mapping[str, object]) -> None:
    logger.warning("%s %s: %s", row["verdict"], row["host"], row["reason"])


def read(folder: Path, group: str, built: Path) -> InForce:
    """What is in the folder now; its index goes to `built`. Raises what its readers raise, and LookupError
    for an unknown group."""
    text = (folder / "policy.yaml").read_text("utf-8")
    index = ensure_index(folder / "lists.yaml", built)
    policy = standing(parse_policy(text, revision_of(text, index.generation)), index.within)
    if group not in policy.filter_groups:
        raise LookupError(f"schoolgate_group: {group!r} is not one of {', '.join(policy.filter_groups)}")
    person = Person(NAME, NAME, policy.filter_groups[group].role, (group,))
    bundle = Bundle(policy, text, index.generation, {NAME: Account(person, NAME)})
    return InForce(NAME, bundle, index)


addons = [Trial()]
