"""Of the doctor: is what listens on our ports ours, does the gate filter, and does anybody store its records?

Another program on the gate's port would be taken for the gate: only a proof that none but our gate can give
(proxy_addon/watch_proof.py) makes it ours.
"""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from schoolgate.finding import Finding
from schoolgate.settings import Settings

SILENT = timedelta(minutes=1)  # the recorder says something every two seconds
TAKEN = "another program listens there"


def ports(settings: Settings) -> Iterator[Finding]:
    from schoolgate.supervisor import cannot_listen

    for key in ("proxy", "api"):
        host, port = getattr(settings, f"{key}_host"), getattr(settings, f"{key}_port")
        why = cannot_listen(host, port)
        fit, says = why != TAKEN, why or "free"
        if why == TAKEN and key == "api":
            fit, says = True, "something listens there: the console, if it runs"
        elif why == TAKEN:
            fit = gate_runs(settings)
            says = "our gate listens there" if fit else f"{TAKEN}, and does not prove to be our gate"
        yield Finding(f"{key} port", fit, f"{host} port {port}: {says}", warns=why not in {None, TAKEN})


def gate_filters(settings: Settings) -> Iterator[Finding]:
    """Only where one runs: it is asked for a page that must be blocked."""
    from proxy_addon.probe import probe
    from proxy_addon.watch_proof import read_secret

    secret = read_secret(settings.state)
    if secret is not None and listens(secret.host, secret.port):
        found = probe(settings.state)
        yield Finding("gate", found.well, found.says)
    elif settings.proxy_port and listens(settings.proxy_host, settings.proxy_port):
        says = (
            f"what listens on {settings.proxy_host} port {settings.proxy_port} does not prove to be our gate"
        )
        yield Finding("gate", False, says)
    else:
        yield Finding("gate", True, "none runs on this machine just now", warns=True)


def gate_runs(settings: Settings) -> bool:
    """Whether the gate of these settings proves to be running here, shut or not."""
    from proxy_addon.probe import Asking
    from proxy_addon.watch_proof import MUST_BE_BLOCKED, PROBE, read_secret

    secret = read_secret(settings.state)
    if secret is None or settings.proxy_port not in {0, secret.port}:
        return False
    try:
        with closing(Asking(secret)) as asking:
            return asking.ask("", PROBE, MUST_BE_BLOCKED) is not None
    except (OSError, http.client.HTTPException, ValueError):
        return False


def recorder(settings: Settings) -> Iterator[Finding]:
    """Whether somebody stores what the gate writes: silence is no matter only while no gate writes."""
    from audit_log.heartbeat import read_heartbeat

    told, now = read_heartbeat(settings.state), datetime.now(UTC)
    if told is not None and now - told.at <= SILENT:
        yield Finding("recorder", True, f"was heard at {told.at:%d %B %H:%M:%S} UTC")
        return
    says = "none has run here yet"
    if told is not None:
        says = f"was last heard at {told.at:%d %B %H:%M:%S} UTC, {_ago(now - told.at)} ago"
    running = gate_runs(settings) and _gate_began(settings) < now - SILENT
    yield Finding("recorder", not running, says + (", and the gate runs" if running else ""), warns=True)


def _gate_began(settings: Settings) -> datetime:
    from proxy_addon.watch_proof import FILE

    return datetime.fromtimestamp((settings.state / FILE).stat().st_mtime, UTC)


def pac_file(settings: Settings) -> Iterator[Finding]:
    from schoolgate.pac import proxy_of, why_none

    why = why_none(settings)
    yield Finding("pac file", not why, why or f"leads devices to {proxy_of(settings)}")


def listens(host: str, port: int) -> bool:
    from proxy_addon.watch_proof import reachable

    try:
        with socket.create_connection((reachable(host), port), 1):
            return True
    except OSError:
        return False


def _ago(age: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if age >= unit:
            return f"{age // unit} {name}{'s' if age // unit > 1 else ''}"
    return f"{age // timedelta(minutes=1)} minutes"
