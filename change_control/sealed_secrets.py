"""Which password and which code each account has, by the hashes in the sealed lines.

Whoever may write to the database could put a hash of their own beside a colleague's name, sign in with it,
and be two people; once it is put back, nothing is left to see. So what is typed is held against the lines.
Lines of earlier versions do not tell every hash: of what they do not tell, nothing is compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit_log.agreed_accounts import cleared_by

ANY = "any"  # the hash, where a line of an earlier version does not tell it
BOTH = ("proxy", "console")
RESTORED = "change-log:restore"  # an older database was put back, and taken for the right one
TELLING = frozenset(
    {
        "school:found", "people:approve", "people:tighten", "person:enrol", "password:change",
        "erasure:approve", "break-glass:approve", "break-glass:use",
        "second-factor:set", "second-factor:clear", "token:create", "token:revoke", RESTORED,
    }
)  # fmt: skip


@dataclass(slots=True)
class SealedSecrets:
    """Given every line in its order."""

    passwords: dict[tuple[str, str], str] = field(default_factory=dict)  # by person and which of the two
    codes: dict[str, str] = field(default_factory=dict)  # those not used yet, by person
    factors: dict[str, str] = field(default_factory=dict)  # the hash of each second factor, by person
    tokens: set[str] = field(default_factory=set)  # those that nobody revoked
    envelope: tuple[str, str] | None = None  # the last one and the hash of its code, until it is used

    def copy(self) -> "SealedSecrets":
        return SealedSecrets(
            dict(self.passwords), dict(self.codes), dict(self.factors), set(self.tokens), self.envelope
        )

    def add(self, event: str, object_id: str, detail: Mapping[str, Any]) -> None:
        for person in cleared_by(event, object_id, detail):
            self.factors.pop(person, None)
        match event:
            case "school:found":
                for one in detail["people"]:
                    self._coded(one["person"], detail)
            case "people:approve" | "people:tighten":
                for one in detail["people"]:
                    self._changed(one, detail)
            case "person:enrol":
                self.codes.pop(object_id, None)
                hashes = detail.get("hashes", dict.fromkeys(BOTH, ANY))
                self.passwords |= {(object_id, which): hash_ for which, hash_ in hashes.items()}
            case "password:change":
                self.passwords[object_id, detail["which"]] = detail.get("hash", ANY)
            case "erasure:approve":
                self._without(detail["person"])
            case _:
                self._others(event, object_id, detail)

    def _others(self, event: str, object_id: str, detail: Mapping[str, Any]) -> None:
        if event == "second-factor:set":
            self.factors[object_id] = detail["sha256"]
        elif event == "token:create":
            self.tokens.add(object_id)
        elif event == "token:revoke":
            self.tokens.discard(object_id)
        elif event == "break-glass:approve":
            self.envelope = (object_id, detail.get("code_sha256", ANY))
        elif event == "break-glass:use":
            self.envelope = None
            if detail["for"] == "code":
                self._coded(detail["person"], detail)
        elif event == RESTORED:
            self._restored(detail)

    def _restored(self, detail: Mapping[str, Any]) -> None:
        """What was newer than the database that was put back works no more, nor what it took the place of."""
        for person in detail["void"]:
            self._without(person)
        for person in detail["codes"]:
            self.codes.pop(person, None)
        self.tokens -= set(detail["tokens"])
        if detail["envelope"]:
            self.envelope = None

    def _changed(self, one: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        person = one["person"]
        if one["new"]:
            self._without(person)
        told = detail.get("hashes", {}).get(person, {})
        self.passwords |= {(person, which): told.get(which, ANY) for which in one.get("passwords", ())}
        if one.get("code"):
            self.passwords.pop((person, "console"), None)
            self._coded(person, detail)

    def _coded(self, person: str, detail: Mapping[str, Any]) -> None:
        self.codes[person] = detail.get("codes", {}).get(person, ANY)

    def _without(self, person: str) -> None:
        self.codes.pop(person, None)
        for which in BOTH:
            self.passwords.pop((person, which), None)


def is_told(told: str | None, found: str) -> bool:
    return told in (ANY, found)
