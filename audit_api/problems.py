"""Every answer that is not the one asked for, as RFC 9457 problem+json or, in the console, as a page.

The slugs are a promise to those who write clients: they do not change. `/problems/{slug}` leads to what
each one means.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from audit_api.headers import PRIVATE
from audit_api.texts import sendable


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    title: str
    means: str


KINDS: Mapping[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be read", "Its body or form is not what it says it is."),
    "not-signed-in": Kind(401, "Not signed in", "Send a token from POST /api/v1/session, or sign in."),
    "wrong-credentials": Kind(401, "Wrong user name or password", "Nothing more is said, on purpose."),
    "code-needed": Kind(401, "A code is needed", "Your account has a second factor: send `code` too."),
    "wrong-code": Kind(401, "Wrong code", "Each code works once, and for about a minute."),
    "second-factor-needed": Kind(
        403, "Set up a second factor first", "The policy wants one of everybody who may approve."
    ),
    "wrong-scope": Kind(403, "This token may not do this", "Its scopes say what it may."),
    "wrong-role": Kind(403, "Your role may not do this", "The reference page says which roles may."),
    "no-console": Kind(403, "No console for this role", "Pupils, guests and community users have none."),
    "password-must-change": Kind(
        403, "Change your password first", "It is a first password or older than the school allows (A89)."
    ),
    "same-person": Kind(403, "Nobody agrees with themselves", "Another person has to decide."),
    "cross-site": Kind(403, "Not sent from this console", "The form came from another site or is too old."),
    "not-found": Kind(404, "Not found", "There is nothing here, or nothing that you may see."),
    "method-not-allowed": Kind(405, "Not possible here", "The Allow header says what is."),
    "wrong-state": Kind(
        409, "Not possible now", "Somebody has decided already, it has ended, or something else comes first."
    ),
    "not-established": Kind(
        409, "Not agreed by two people yet", "Nothing is opened before the first two people have enrolled."
    ),
    "list-task-running": Kind(
        409,
        "Busy with the lists",
        "One task on the lists at a time; /api/v1/lists/updates/current tells how far.",
    ),
    "stale": Kind(412, "The policy has changed", "It is not the one named in If-Match. Read it again."),
    "too-slow": Kind(408, "Too slow", "The body did not come in time."),
    "too-large": Kind(413, "Too large", "The body is larger than this API takes."),
    "bad-input": Kind(
        422, "Something is missing or wrong", "Each field that is wrong is named, with what it needs."
    ),
    "refused": Kind(422, "Nobody may open this", "It touches what the policy locks or the law forbids."),
    "too-many-attempts": Kind(429, "Too many attempts", "Wait for the seconds in Retry-After."),
    "too-many-at-once": Kind(429, "Too many at once", "Wait until one that is under way has ended."),
    "too-many-requests": Kind(429, "Too many requests", "Wait for the seconds in Retry-After."),
    "internal": Kind(500, "Something went wrong", "It was our fault. What was asked was not done."),
    "not-whole": Kind(
        500, "The record was damaged", "The change log cannot be read as it is: its verify names the entry."
    ),
    "busy": Kind(503, "Busy", "Too many people are signing in at once. Wait for Retry-After."),
    "database-away": Kind(503, "The database is away", "Browsing goes on as before. Try again soon."),
    "no-lists": Kind(
        503, "The lists in force are damaged", "Gates that run go on as they are. Put the folder back."
    ),
    "no-policy": Kind(503, "No policy in force", "None has been published, so everything is blocked."),
    "old-http": Kind(505, "Not by HTTP/1.0", "Ask by HTTP/1.1, which says where an answer ends."),
}
BY_STATUS: Mapping[int, str] = {
    400: "bad-request", 401: "not-signed-in", 403: "wrong-role", 404: "not-found",
    405: "method-not-allowed", 408: "too-slow", 413: "too-large", 422: "bad-input", 429: "too-many-attempts",
    503: "busy",
}  # fmt: skip


class ProblemResponse(JSONResponse):
    """Can always be sent: what came in may not be text, and a part of it may stand in the answer."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


class Problem(Exception):
    """`slug` is a key of KINDS, `detail` a sentence for people, `errors` says what is wrong by field."""

    def __init__(
        self,
        slug: str,
        detail: str | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.slug = slug
        self.kind = KINDS[slug]
        self.detail = detail or self.kind.means
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})
        super().__init__(f"{slug}: {self.detail}")

    @classmethod
    def of_status(cls, status: int, headers: Mapping[str, str] | None = None) -> "Problem":
        return cls(BY_STATUS.get(status, "internal"), headers=headers)

    @classmethod
    def of_validation(cls, error: RequestValidationError) -> "Problem":
        faults = error.errors()
        if any(fault["loc"][:1] == ("path",) for fault in faults):
            return cls("not-found")
        return cls("bad-input", errors=fields_of(faults, skip=1))

    def body(self, instance: str) -> dict[str, Any]:
        told: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            told["errors"] = [{"field": f, "detail": why} for f, why in self.errors.items()]
        return told

    def response(self, instance: str) -> JSONResponse:
        headers = PRIVATE | self.headers
        if self.kind.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return ProblemResponse(self.body(instance), self.kind.status, headers)


def fields_of(faults: Iterable[Mapping[str, Any]], skip: int = 0) -> dict[str, str]:
    """Field names as the caller wrote them; what was sent is never repeated, it may be a password."""
    told: dict[str, str] = {}
    for fault in faults:
        path = [_sendable(part) for part in fault["loc"][skip:]]
        field = "body" if fault["type"] == "json_invalid" or not path else ".".join(path)
        told.setdefault(field, "is needed" if _is_missing(fault) else str(fault["msg"]))
    return told


def _is_missing(fault: Mapping[str, Any]) -> bool:
    if fault["type"] == "missing":
        return True
    return bool(fault["type"] == "string_too_short" and fault["ctx"]["min_length"] == 1)


def _sendable(part: object) -> str:
    """A field's name comes from the caller and may hold what cannot be sent back."""
    return sendable(str(part)[:100])
