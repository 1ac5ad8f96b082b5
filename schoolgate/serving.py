"""One process each: the gate, the recorder, the API. The supervisor starts them; so can anybody else."""

import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from schoolgate.log import configure_logging
from schoolgate.settings import Settings
from schoolgate.supervised import report_ready, start_when_told
from schoolgate.telling import Failed

if TYPE_CHECKING:
    import uvicorn

    from proxy_addon.run import GateSettings
    from schoolgate.listening import Listening

log = structlog.get_logger()


def gate_settings(settings: Settings, port: int | None, upstream_ca: Path | None = None) -> "GateSettings":
    from proxy_addon.run import GateSettings

    return GateSettings(
        listen_host=settings.proxy_host,
        listen_port=settings.proxy_port if port is None else port,
        state=settings.state,
        own_addresses=own_addresses(settings),
        upstream_ca=upstream_ca,
        gate=settings.gate,
        console=settings.console,
    )


def own_addresses(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Our own listeners besides the gate itself: no request may ever reach them through it."""
    url = urlsplit(settings.database)
    database = [(url.hostname, url.port or 5432)] if url.hostname else []
    return ((settings.api_host, settings.api_port), *database)


def serve_gate(settings: Settings, port: int | None, ready_fd: int | None) -> int:
    from proxy_addon.run import run_gate
    from schoolgate.console_tls import ensure_console_tls, keep_looking
    from schoolgate.school_ca import ensure_school_ca
    from schoolgate.wiring import ensure_state, utc_now

    configure_logging("gate", settings.log_level)
    start_when_told(ready_fd)
    ensure_state(settings.state)
    ensure_school_ca(settings.state, utc_now())
    ensure_console_tls(settings, utc_now())
    keep_looking(lambda: ensure_console_tls(settings, utc_now()))
    return run_gate(gate_settings(settings, port), ready=lambda real: report_ready(ready_fd, real))


def serve_recorder(settings: Settings, ready_fd: int | None) -> int:
    from audit_log.db import open_engine
    from audit_log.recorder import Recorder
    from schoolgate.wiring import ensure_state

    configure_logging("recorder", settings.log_level)
    start_when_told(ready_fd)
    ensure_state(settings.state)
    stop = threading.Event()
    on_signal(stop.set)
    recorder = Recorder(open_engine(settings.database), settings.state / "journal")
    report_ready(ready_fd, 0)
    recorder.run(stop)
    return 0


def serve_api(settings: Settings, port: int | None, ready_fd: int | None) -> int:
    """Publishes what is in force at start and after every change; serves the API and the console."""
    from schoolgate.api_server import app_of, as_served
    from schoolgate.console_tls import keep_looking, must_have_console_tls
    from schoolgate.ready_server import ReadyServer
    from schoolgate.school_ca import check_school_ca
    from schoolgate.wiring import open_desk, utc_now

    configure_logging("api", settings.log_level)
    start_when_told(ready_fd)
    check_school_ca(settings.state, utc_now())
    listening = _listen(settings, settings.api_port if port is None else port)
    desk = open_desk(settings, migrated=ready_fd is not None)  # a supervisor has prepared everything
    tls = must_have_console_tls(settings) if settings.serves_tls else None
    gate_beside = ready_fd is not None  # a supervisor starts the gate as well
    config = as_served(app_of(settings, desk, gate_beside=gate_beside), tls)
    on_signal(lambda: None)  # uvicorn drains, then raises the signal once more for whoever was there before
    server = ReadyServer(config, lambda: report_ready(ready_fd, listening.getsockname()[1]))
    if tls is not None:
        keep_looking(partial(_take_new, config, tls))
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _take_new(config: "uvicorn.Config", tls: Path) -> None:
    """The gate has renewed the certificate, perhaps: who connects from now on is shown the new one."""
    if config.ssl is not None:
        config.ssl.load_cert_chain(tls)


def on_signal(leave: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave())


def _listen(settings: Settings, port: int) -> "Listening":
    from schoolgate.listening import Listening

    host = settings.api_host
    try:
        return Listening.at(host, port, settings.front_ends.split())
    except OSError as error:
        raise Failed(f"The API cannot listen on {host} port {port}: {error.strerror}") from error
