"""mitmproxy's event loop work per request, cut to what one product addon needs (docs/performance.md).

As shipped it asks every addon for every hook by name, makes a task of each hook, and sends head and body in
two calls: more CPU than all the rest of a request.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import fields
from typing import Any

from mitmproxy.connection import Connection
from mitmproxy.hooks import Hook
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.http._http1 import Http1Connection
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.server import ConnectionHandler, ConnectionIO

from proxy_addon.guard import told_to_stop
from proxy_addon.mitm_seams import Seam
from proxy_addon.patience import limited

logger = logging.getLogger(__name__)

Heard = Callable[[Any], Awaitable[None] | None]
ChangeHook = Callable[[str, Heard], Heard]
HookFailed = Callable[[str, Any, BaseException], None]
CRASH = "mitmproxy"  # the name under which `failed` hears of a fault that is no hook's


class Dispatch:
    """Which functions hear which hook, looked up once, after all addons are loaded.

    `failed` hears of each hook that raised, or took too long, and closes what it was about: as shipped such a
    hook is logged, and the page served. `change` wraps a function, for tests.
    """

    def __init__(self, change: ChangeHook = lambda name, function: function) -> None:
        self._table: dict[str, tuple[Heard, ...]] = {}
        self._argument: dict[type[Hook], str] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._change = change
        self.failed: HookFailed = _only_logged

    def learn(self, addons: Iterable[object], hooks: Iterable[str], deaf: frozenset[tuple[str, str]]) -> None:
        """`deaf` names (class, hook) pairs that a forward proxy has no use for."""
        listening = list(addons)
        for name in hooks:
            heard = [
                self._change(name, function)
                for addon in listening
                if (type(addon).__name__, name) not in deaf
                and callable(function := getattr(addon, name, None))
            ]
            if heard:
                self._table[name] = tuple(heard)

    def begin(self, hook: Hook) -> Coroutine[Any, Any, None] | None:
        """Run the hook; None when it is done, else what is still to be awaited."""
        functions = self._table.get(hook.name)
        if functions is None:
            return None
        argument = self._argument_of(hook)
        for done, function in enumerate(functions, 1):
            if (pending := self._call(hook.name, function, argument)) is not None:
                return self._finish(hook.name, pending, functions[done:], argument)
        return None

    def _argument_of(self, hook: Hook) -> Any:
        kind = type(hook)
        name = self._argument.get(kind)
        if name is None:
            name = self._argument[kind] = fields(hook)[0].name  # type: ignore[arg-type]  # each is a dataclass
        return getattr(hook, name)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        if not task.done():  # begun eagerly, it may be; else keep it from the garbage collector
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _call(self, name: str, function: Heard, argument: Any) -> Awaitable[None] | None:
        """The next function is called all the same, so that what closes comes about as well. Nothing is
        awaited here, so whatever is raised, CancelledError too, is the function's own."""
        try:
            return function(argument)
        except BaseException as fault:  # noqa: BLE001  # told and closed, whatever it is
            self._close(name, argument, fault)
            return None

    async def _finish(
        self, name: str, pending: Awaitable[None] | None, rest: tuple[Heard, ...], argument: Any
    ) -> None:
        """Wait for one function, then run the rest of them in their order."""
        waiting = iter(rest)
        while True:
            try:
                if pending is not None:
                    await limited(pending)
            except BaseException as fault:
                if told_to_stop(fault):
                    raise
                self._close(name, argument, fault)
            function = next(waiting, None)
            if function is None:
                return
            pending = self._call(name, function, argument)

    def _close(self, name: str, argument: Any, fault: BaseException) -> None:
        try:
            self.failed(name, argument, fault)
        except BaseException:  # a connection must never hang because of this
            logger.exception("addon error")


def _only_logged(name: str, argument: Any, fault: BaseException) -> None:
    logger.error("%s failed", name, exc_info=fault)


class _Outgoing:
    """What one event sends to one connection goes out in one call."""

    __slots__ = ("_data", "_io")

    def __init__(self) -> None:
        self._io: ConnectionIO | None = None
        self._data: list[bytes] = []

    def add(self, io: ConnectionIO, data: bytes) -> None:
        if io is not self._io:
            self.flush()
            self._io = io
        self._data.append(data)

    def flush(self) -> None:
        if self._io is None:
            return
        writer = self._io.writer
        if writer is not None and not writer.is_closing():
            writer.write(self._data[0] if len(self._data) == 1 else b"".join(self._data))
        self._io = None
        self._data.clear()


def _server_event(dispatch: Dispatch) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        async def server_event(self: ConnectionHandler, event: events.Event) -> None:
            # As in mitmproxy: eager tasks would re-enter, so one event at a time.
            async with self._server_event_lock:
                self.timeout_watchdog.register_activity()  # type: ignore[no-untyped-call]  # no types
                try:
                    _handle(self, event, dispatch)
                except BaseException as fault:  # noqa: BLE001  # told and closed, whatever it is
                    dispatch._close(CRASH, self.client, fault)
                    abort(self)  # as shipped, the client would hang

        return server_event

    return make


def _handle(handler: ConnectionHandler, event: events.Event, dispatch: Dispatch) -> None:
    out = _Outgoing()
    waiting: list[events.Event] = [event]
    transports = handler.transports
    for current in waiting:
        for command in handler.layer.handle_event(current):
            if type(command) is commands.SendData:
                if (io := transports.get(command.connection)) is not None:
                    out.add(io, command.data)
            elif isinstance(command, commands.StartHook):
                if (pending := dispatch.begin(command)) is not None:
                    dispatch.spawn(_complete(handler, command, pending))
                elif command.blocking:
                    waiting.append(events.HookCompleted(command))
            elif type(command) is not commands.Log:
                out.flush()
                _perform(handler, command)
            elif command.level >= logging.WARNING:
                handler.log(command.message, command.level)
    out.flush()


async def _complete(
    handler: ConnectionHandler, hook: commands.StartHook, pending: Coroutine[Any, Any, None]
) -> None:
    await pending
    if hook.blocking:
        await handler.server_event(events.HookCompleted(hook))


def _perform(handler: ConnectionHandler, command: commands.Command) -> None:
    """The rare commands, as mitmproxy performs them."""
    if isinstance(command, commands.OpenConnection):
        task = asyncio.get_running_loop().create_task(handler.open_connection(command))
        handler.transports.setdefault(command.connection, ConnectionIO(handler=task))
    elif isinstance(command, commands.RequestWakeup):
        timer = asyncio.get_running_loop().create_task(handler.wakeup(command))
        handler.wakeup_timer.add(timer)
    elif isinstance(command, commands.ConnectionCommand) and command.connection not in handler.transports:
        pass  # it has been closed already
    elif isinstance(command, commands.CloseTcpConnection):
        handler.close_connection(command.connection, command.half_close)
    elif isinstance(command, commands.CloseConnection):
        handler.close_connection(command.connection, False)
    else:
        raise RuntimeError(f"unexpected command: {command}")


def _handle_hook(dispatch: Dispatch) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        async def handle_hook(self: ProxyConnectionHandler, hook: commands.StartHook) -> None:
            if (pending := dispatch.begin(hook)) is not None:
                await pending

        return handle_hook

    return make


def abort(handler: ConnectionHandler) -> None:
    """Cut a client and all its servers off now; what was not yet sent is dropped."""
    connections: list[Connection] = list(handler.transports)
    for connection in connections:
        writer = handler.transports[connection].writer
        transport = getattr(writer, "transport", None)
        if transport is not None:
            transport.abort()
    if (io := handler.transports.get(handler.client)) and io.handler is not None:
        handler.close_connection(handler.client)


def shorten(handler: ConnectionHandler, inner: layer.Layer) -> None:
    """From the next event on, `inner` is asked at once. For a tunnel whose TLS stands: the layers around it
    only turn bytes into parts of an HTTP body and back."""
    handler.layer = inner


def seams(dispatch: Dispatch) -> tuple[Seam, ...]:
    return (
        Seam(
            ProxyConnectionHandler,
            "handle_hook",
            "9f8b52fd798203c9d2401c3e5d8c7f9976c490ac124b17cd55d8afce73b66acf",
            "asks 30 addons for each of 8 hooks per request; a table answers at once",
            _handle_hook(dispatch),
        ),
        Seam(
            ConnectionHandler,
            "server_event",
            "a2b42657ebe8bf6de9b9064d7b3dde2403a744bb8f75df03691a5c0e735544d7",
            "a task per hook and a send per part; and a crash left the client hanging",
            _server_event(dispatch),
        ),
        Seam(
            HttpStream,
            "passthrough",
            "a6df32aba1ae251a3857c0ea097d8315c6c5871a7704cb4cbb8314f4ea700f36",
            "what `shorten` leaves out",
        ),
        Seam(
            Http1Connection,
            "passthrough",
            "aa59bc78ffbdcf54a1171efdcc8e60a58c3ee85dbb7a6a96cebb7b2c8b3f9f11",
            "what `shorten` leaves out",
        ),
        Seam(
            ServerTLSLayer,
            "event_to_child",
            "72ccc54bbf633c1506119af6f9d9c640159064911c99d34b4cfd94f96d80a5b3",
            "what `shorten` leaves out",
        ),
        Seam(
            ConnectionHandler,
            "handle_connection",
            "95c3f93e9824e527cd3c1af9656c0e04690562abcd23f0b029d547257fb53f94",
            "what `abort` makes end",
        ),
    )
