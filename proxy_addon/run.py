"""The gate as a process: start, serve until told to stop, then let what is under way finish.

`schoolgate proxy` calls `run_gate`. Nothing is served before there is a bundle: until then every request gets
a page that says so, and is recorded.
"""

import asyncio
import contextlib
import gc
import resource
import signal
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from mitmproxy.proxy.layer import Layer

from audit_log.journal import JournalError
from filter_lists.index import Index
from filter_policy.decide import decide
from proxy_addon import asked
from proxy_addon.answering import Answers
from proxy_addon.block_page import Pages
from proxy_addon.bundle_watch import BundleWatch
from proxy_addon.ca import ensure_ca
from proxy_addon.ca_check import CaFault
from proxy_addon.canary_run import CanaryRun
from proxy_addon.clock import Clock, GateClock, utc_now
from proxy_addon.connections import Connections
from proxy_addon.egress import Address, Egress, Resolver, guard_loop
from proxy_addon.ending import Ending
from proxy_addon.events import Events
from proxy_addon.gate import Gate
from proxy_addon.hiding import Hiding
from proxy_addon.identify import Identifier
from proxy_addon.judge import InForce
from proxy_addon.limits import LIMITS, Limits
from proxy_addon.master import GateMaster, held
from proxy_addon.mitm_speed import ChangeHook
from proxy_addon.needs_tls import SafeKeeping
from proxy_addon.pacing import Pacing
from proxy_addon.proof_key import ProofKey
from proxy_addon.recording import Recording
from proxy_addon.records import Rows
from proxy_addon.room import widen
from proxy_addon.stages import Stages
from proxy_addon.watch_place import ports_of
from proxy_addon.watch_proof import Secret, new_nonce, write_secret
from proxy_addon.watchdog import Watchdog
from proxy_addon.watched import Watched

log = structlog.get_logger()

LOOK_UPS = 64
DRAIN_SECONDS = 10.0
LOOK_SECONDS = 0.2
LOOKS_PER_BUNDLE = 2  # a look at the bundle every 0.4 s
LOOKS_PER_ROOM = 300  # at the room on the disk every minute
LAST_WORDS = 0.5  # seconds for the answers that say why nothing is let by
JOURNAL_FAILED = 74  # exit code (docs/technician.md): the journal cannot be written by this process
CA_REFUSED = 78  # exit code: the school's CA is lost, another one, or cannot be used

ChangeStages = Callable[[Stages], Stages]


@dataclass(frozen=True, slots=True)
class GateSettings:
    """`own_addresses` are those of our other services: refused as destinations, whatever the policy says."""

    listen_host: str
    listen_port: int
    state: Path
    own_addresses: tuple[Address, ...] = ()
    upstream_ca: Path | None = None
    gate: str = "gate-1"
    console: str = ""  # where people choose a new password, as they reach it
    limits: Limits = LIMITS
    canaries_after: float | None = 30.0  # seconds from the start to the first run; None: no canaries


def run_gate(
    settings: GateSettings,
    *,
    clock: Clock = utc_now,
    resolve: Resolver | None = None,
    ready: Callable[[int], None] | None = None,
    change_stages: ChangeStages = lambda stages: stages,
    change_hook: ChangeHook = lambda name, function: function,
    far: Collection[str] = (),
) -> int:
    """Blocks until SIGTERM or SIGINT; the exit code. `ready` hears the port. `change_*`, `far`: for tests."""
    egress = Egress(settings.own_addresses, resolve)
    try:
        running = _Running(settings, egress, clock, ready or (lambda port: None), change_stages, far=far)
        running.change_hook = change_hook
    except JournalError as fault:
        log.error("journal.failed", fault=str(fault))
        return JOURNAL_FAILED
    with asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner:
        try:
            return runner.run(running.serve())
        except CaFault as fault:
            log.error("ca.refused", fault=str(fault))
            return CA_REFUSED


class _Running:
    """One gate, from start to drained."""

    def __init__(
        self,
        settings: GateSettings,
        egress: Egress,
        clock: Clock,
        ready: Callable[[int], None],
        change_stages: ChangeStages,
        *,
        far: Collection[str],
    ) -> None:
        self.settings = settings
        self.egress = egress
        self.ready = ready
        self.identifier = Identifier(clock=self._seconds)
        self.recording = Recording(settings.state / "journal", settings.gate)
        self.watch = BundleWatch(settings.state, self._take, ProofKey(settings.state))
        self.clock = GateClock(clock, self.recording.last_at)
        pages = Pages(settings.console)
        rows = Rows(settings.gate, Hiding(settings.state), settings.console)
        events = Events(rows, self.clock, lambda: self.watch.in_force, self._note)
        self.identifier.guessing.tell = events.guessed
        self.answers = Answers(
            stages=change_stages(self._stages(pages)),
            rows=rows,
            pages=pages,
            clock=self.clock,
            egress=egress,
            connections=Connections(),
            in_force=lambda: self.watch.in_force,
            stuck=lambda: not self.recording.works,
            seen=events.seen,
            blocked=events.blocked,
            safe=SafeKeeping(self.identifier.guessing, self._seconds, far),
        )
        self.ending = Ending(self.answers, self._abort)
        self.nonce = new_nonce()
        self.canaries: CanaryRun | None = None
        self.master: GateMaster | None = None
        self.change_hook: ChangeHook = lambda name, function: function
        self.stopping = False
        self._busy: dict[str, asyncio.Task[None]] = {}

    def _seconds(self) -> float:
        return self.clock.now().timestamp()

    def _stages(self, pages: Pages) -> Stages:
        return Stages(
            identify=self.identifier.identify,
            names=asked.read_request,
            connect_names=asked.read_connect,
            classify=Index.lookup,
            decide=decide,
            record=self.recording.append,
            page=pages.block,
        )

    async def serve(self) -> int:
        settings = self.settings
        raise_file_limit()
        # Names are looked up in threads: a few that nobody answers for must not keep the others waiting.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(LOOK_UPS))
        ensure_ca(settings.state, utc_now())
        await self.watch.look()
        gate = Gate(self.answers, self._note, self._abort, self._shorten)
        pacing = Pacing(self.answers, self._note, settings.limits, ports_of(self.nonce))
        gate.watched = Watched(self.nonce, self.answers)
        options = held(
            settings.state / "ca", settings.listen_host, settings.listen_port, settings.upstream_ca
        )
        self.master = master = GateMaster(gate, options, self.answers.pages.error, self.change_hook, pacing)
        gc.collect()
        gc.freeze()  # what is loaded now lives as long as the process
        watchdog = self._listen_to_signals()
        keeping = asyncio.create_task(self._keep(master, pacing))
        keeping.add_done_callback(lambda _: master.shutdown())  # type: ignore[no-untyped-call]  # no types
        try:
            await master.run()
        finally:
            if watchdog is not None:
                watchdog.stop()
            keeping.cancel()
            if self.canaries is not None:
                self.canaries.stop()
            self.ending.cut_all()
            gate.end_all()
            self.identifier.close()
            self.recording.close()
        if self.recording.failed:
            return JOURNAL_FAILED
        return 0 if self.stopping else 1

    def _listen_to_signals(self) -> Watchdog | None:
        """And to the loop, for as long as we run."""
        if threading.current_thread() is not threading.main_thread():
            return None  # somebody else's process: it stops us with `stop`
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        watchdog = Watchdog(loop)
        watchdog.start()
        return watchdog

    def stop(self) -> None:
        self.stopping = True
        if self.canaries is not None:
            self.canaries.stop()

    async def _keep(self, master: GateMaster, pacing: Pacing) -> None:
        """Everything that happens by the clock. If it fails, the gate stops: deadlines would not be kept."""
        await self._say_ready(master)
        looks = 0
        while not self.stopping and not self.recording.failed:
            await asyncio.sleep(LOOK_SECONDS)
            self.ending.look()
            pacing.look()
            if looks % LOOKS_PER_BUNDLE == 0:
                self._meanwhile("bundle", self.watch.look)
                self._meanwhile("journal", self.recording.heal)
                if self.canaries is not None:
                    self._meanwhile("canaries", self.canaries.look)
            if looks % LOOKS_PER_ROOM == 0:
                self._meanwhile("room", self.recording.look_at_room)
            looks += 1
        if self.recording.failed:
            await asyncio.sleep(LAST_WORDS)
        else:
            await self._drain(master)

    def _meanwhile(self, name: str, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Looks at the disk must not hold up deadlines: one that hangs holds up only the next of its kind."""
        before = self._busy.get(name)
        if before is not None and not before.done():
            return
        if before is not None:
            before.result()  # raises what it raised
        self._busy[name] = asyncio.create_task(look())

    async def _say_ready(self, master: GateMaster) -> None:
        while not master.proxyserver.is_running:  # noqa: ASYNC110  # mitmproxy has no event for it
            await asyncio.sleep(0.01)
        for server in master.proxyserver.servers:
            for address in server.listen_addrs:
                self.egress.add_own((address[0], address[1]))
            widen(server)
        self._watch_itself(Secret(self.nonce, self.settings.listen_host, master.port()))
        log.info("gate.started", gate=self.settings.gate, port=master.port())
        self.ready(master.port())

    def _watch_itself(self, secret: Secret) -> None:
        write_secret(self.settings.state, secret)
        self.canaries = CanaryRun(
            secret,
            self.answers.rows,
            state=self.settings.state,
            in_force=self.answers.in_force,
            now=self.clock.now,
            note=self._note,
            after=self.settings.canaries_after,
        )

    async def _drain(self, master: GateMaster) -> None:
        """Nothing new, and a while for what is under way."""
        await master.proxyserver.servers.update([])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self.answers.connections.in_flight:
                    self.ending.look()
                    await asyncio.sleep(0.05)
        log.info("gate.drained", gate=self.settings.gate, cut=self.answers.connections.in_flight)

    def _take(self, force: InForce) -> None:
        self.egress.allow = frozenset(force.bundle.policy.egress_allow)
        self.ending.judge_all_again(force)

    def _note(self, row: dict[str, Any]) -> None:
        self.recording.note(row)

    def _shorten(self, connection_id: str, inner: Layer) -> None:
        if self.master is not None:
            self.master.shorten(connection_id, inner)

    def _abort(self, connection_id: str) -> None:
        if self.master is not None:
            self.master.abort(connection_id)


def raise_file_limit() -> None:
    """Each connection is a file; the default of 1024 is a classroom."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
