"""A gate that is broken in one way, in a process of its own: `python -m tests.proxy_addon.broken_gate
SETTINGS.json HOW`. What watches it must notice.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers.tcp import TCPLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from filter_policy.model import Decision, Reason, Verdict
from proxy_addon import run
from proxy_addon.gate import Gate
from proxy_addon.master import held
from proxy_addon.run import GateSettings, run_gate
from proxy_addon.stages import Stages
from schoolgate.log import configure_logging

OPEN = Decision(Verdict.ALLOW, Reason.CATEGORY_ALLOWED, "access.everything.everyone", "r" * 64)


def open_to_all(stages: Stages) -> Stages:
    return replace(stages, decide=lambda _request, _policy, _now: OPEN)


def open_to_gambling(stages: Stages) -> Stages:
    def decide(request, policy, now):  # type: ignore[no-untyped-def]  # as the stage that it stands for
        if any(listing.category == "gambling" for listing in request.listings):
            return OPEN
        return stages.decide(request, policy, now)

    return replace(stages, decide=decide)


def lists_gone(stages: Stages) -> Stages:
    def classify(_index, _url):  # type: ignore[no-untyped-def]  # as the stage that it stands for
        raise LookupError

    return replace(stages, classify=classify)


def open_inside_tls(stages: Stages) -> Stages:
    def decide(request, policy, now):  # type: ignore[no-untyped-def]  # as the stage that it stands for
        return OPEN if request.url.scheme == "https" else stages.decide(request, policy, now)

    return replace(stages, decide=decide)


def tunnel(self: Gate, data: NextLayer, _first: bytes) -> None:
    """Whatever is in it, to wherever it names."""
    data.layer = TCPLayer(data.context, ignore=True)


def let_out(self: Gate, data: ServerConnectionHookData) -> None:
    data.server.error = None


def no_certificate(self: TlsConfig, _context: Context) -> None:
    raise ValueError


def with_another_ca(confdir: Path, *more: Any) -> dict[str, object]:
    """As shipped, mitmproxy makes one where there is none."""
    return held(confdir.with_name("another-ca"), *more)


def break_it(how: str) -> None:
    """What is no stage."""
    if how == "no-hook":
        del Gate.requestheaders
    elif how == "no-guard":
        Gate.requestheaders = lambda self, flow: None  # type: ignore[assignment,method-assign,return-value]  # it lets by
    elif how == "tunnels":
        Gate._in_tunnel = tunnel  # type: ignore[assignment,method-assign]  # nobody looks inside
        Gate.server_connect = let_out  # type: ignore[method-assign]  # nor where it leads
    elif how == "no-interception":
        TlsConfig.get_cert = no_certificate  # type: ignore[assignment,method-assign]  # no handshake succeeds
    elif how == "another-ca":
        setattr(run, "held", with_another_ca)  # noqa: B010  # a name that the module does not offer
    elif how == "no-connect":
        del Gate.http_connect


WAYS: Mapping[str, Callable[[Stages], Stages]] = {
    "decide-open": open_to_all,
    "gambling-open": open_to_gambling,
    "lists-gone": lists_gone,
    "https-open": open_inside_tls,
}


def main(path: str, how: str) -> int:
    configure_logging("gate")
    raw = json.loads(Path(path).read_text())
    break_it(how)
    settings = GateSettings("127.0.0.1", 0, Path(raw["state"]), canaries_after=raw.get("canaries_after"))
    return run_gate(
        settings,
        ready=lambda port: print(port, flush=True),  # noqa: T201  # how the parent hears
        resolve=lambda _host, _port: [tuple(raw["origin"])] if "origin" in raw else [],
        change_stages=WAYS.get(how, lambda stages: stages),
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
