"""What is told of incidents: who did what, and to which one. Of what kind it is, about whom and in which
words stands in no line of the change log, and so in no sentence; nor does who reported.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from audit_log.incident_model import IncidentState

if TYPE_CHECKING:
    from audit_api.sentences import Line

NOW: Mapping[str, str] = {
    IncidentState.INVESTIGATION: " It is being investigated now.",
    IncidentState.ACTION: " It goes on to action.",
    IncidentState.SANCTION: " It goes on to sanctions.",
    IncidentState.CLOSED: " It is closed.",
}


def _which(line: "Line") -> str:
    return f"incident {line.detail['incident']}"


def _now(line: "Line") -> str:
    return NOW.get(str(line.detail.get("to", "")), "")


def _reported(line: "Line") -> str:
    if line.detail.get("to"):
        return f"{_which(line).capitalize()} was opened by a report."
    return f"Another report joined {_which(line)}."


def _did(words: str) -> Callable[["Line"], str]:
    return lambda line: f"{line.who} {words.format(_which(line))}.{_now(line)}"


TELL: Mapping[str, Callable[["Line"], str]] = {
    "incident:report": _reported,
    "incident:classify": _did("sorted {}"),
    "incident:note": _did("added a note to {}"),
    "incident:join": _did("named somebody to {}"),
    "incident:leave": _did("took somebody off {}"),
    "incident:evidence": _did("marked rows of the filtering log as evidence for {}; they are kept"),
    "incident:file": _did("attached a file to {}"),
    "incident:task": _did("noted whom to inform of {}"),
    "incident:task-done": _did("noted that somebody was informed of {}"),
    "incident:ask": _did("signed a step of {} first; another senior has to sign it too"),
    "incident:sign": _did("signed a step of {} as the second of two"),
    "incident:withdraw": _did("took back a step of {} that waited for a second signature"),
    "incident:end": _did("ended early an investigation mode of {}"),
    "incident:illegal": _did("put {} into the hands of the police: nothing of it is looked at any more"),
    "incident:refer": _did("referred {} to the police or another authority"),
    "incident:isolate": _did("shut off a device for {}, at once"),
    "incident:look": _did("looked at rows that are evidence for {}"),
    "incident:made": _did("made a bundle for a referral of {}"),
}
