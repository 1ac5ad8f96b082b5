"""A gate that is broken in one way, in a process of its own: `python -m tests.proxy_addon.broken_gate
SETTINGS.json HOW`. What watches it must notice.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from filter_policy.model import Decision, Reason, Verdict
from proxy_addon.gate import Gate
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


WAYS: Mapping[str, Callable[[Stages], Stages]] = {
    "decide-open": open_to_all,
    "gambling-open": open_to_gambling,
    "lists-gone": lists_gone,
    "none": lambda stages: stages,
    "no-hook": lambda stages: stages,
    "no-guard": lambda stages: stages,
}


def main(path: str, how: str) -> int:
    configure_logging("gate")
    raw = json.loads(Path(path).read_text())
    if how == "no-hook":
        del Gate.requestheaders
    if how == "no-guard":
        Gate.requestheaders = lambda self, flow: None  # type: ignore[assignment,method-assign,return-value]  # it lets by
    settings = GateSettings("127.0.0.1", 0, Path(raw["state"]), canaries_after=raw.get("canaries_after"))
    return run_gate(
        settings,
        ready=lambda port: print(port, flush=True),  # noqa: T201  # how the parent hears
        resolve=lambda _host, _port: [],
        change_stages=WAYS[how],
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
