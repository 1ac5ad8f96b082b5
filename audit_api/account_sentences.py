"""Second factors and tokens in words."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from audit_api import times

if TYPE_CHECKING:
    from audit_api.sentences import Line

# What each scope lets a program do, for people who read the change log and for the page that makes tokens.
SCOPE_WORDS: Mapping[str, str] = {
    "changes:read": "read the change log",
    "filtering-log:read": "read the filtering log",
    "incidents:read": "read incidents that are about no member of staff",
    "incidents:write": "open incidents and add notes to them",
    "reports:read": "read reports and figures",
    "policy:read": "read the policy",
    "lists:read": "see which lists are in force",
    "unblocks:read": "read requests for sites",
    "unblocks:ask": "ask for sites",
    "explain": "ask why a site is blocked",
    "metrics": "watch whether the filter works",
}


def _made(line: "Line") -> str:
    scopes = [SCOPE_WORDS.get(str(each), str(each)) for each in line.detail.get("scopes", ())]
    ends = line.at("ends_at")
    until = f", until {times.day(ends, line.zone)}" if ends else ""
    count = line.detail.get("addresses")
    where = f", from {count} {'network' if count == 1 else 'networks'} alone" if count else ""
    return f"{line.who} made a token for a program, to {_and(scopes)}{until}{where}."


def _revoked(line: "Line") -> str:
    whose = line.detail.get("person")
    of = "of their own" if whose == line.entry.actor else f"of {line.names.name(str(whose))}"
    return f"{line.who} revoked a token {of}."


def _enrolled(line: "Line") -> str:
    cleared = " Their second factor was cleared by that." if line.detail.get("second_factor") else ""
    return f"{line.who} used their enrolment code and chose a password.{cleared}"


def _and(words: list[str]) -> str:
    *some, last = words or ["nothing"]
    return f"{', '.join(some)} and {last}" if some else last


TELL: Mapping[str, Callable[["Line"], str]] = {
    "person:enrol": _enrolled,
    "second-factor:set": lambda x: (
        f"{x.who} set up a second factor: six digits are asked for when they sign in."
    ),
    "second-factor:clear": lambda x: f"{x.who} cleared their second factor, with a code of it.",
    "token:create": _made,
    "token:revoke": _revoked,
}
