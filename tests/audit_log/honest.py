"""Change logs of schools where nobody cheats, drawn at random: every kind of entry that is judged offline."""

import base64
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_log.merkle import root_of
from audit_log.seal import GENESIS, leaf_of, stamp, text_seal
from tests.audit_log.exports import Lines, lines_of
from tests.audit_log.forging import a_note
from tests.builders import NOON

WORDS = ("lesson", "«π»", 'say "no"', "a\\b", "tab\tnew\nline", "\U0001f600", "\x7f\u2028", "é\ue000", "")
OUTCOMES = ("approve", "approve", "approve", "decline", "withdraw", "lapse")


@dataclass
class Honest:
    """One school. The people who may agree are the founders and those whom two of them let in."""

    by: random.Random
    key: Ed25519PrivateKey
    at: Any = NOON
    leaves: list[bytes] = field(default_factory=list)
    entries: list[tuple[str, str]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    policy: str = "founding"
    made: int = 0

    def seal(
        self,
        event: str,
        actor: str,
        object_id: str,
        detail: dict[str, Any] | None = None,
        texts: dict[str, str] | None = None,
    ) -> int:
        """As change_log.append does, without a database; and signed."""
        seq = len(self.entries) + 1
        self.at += timedelta(seconds=self.by.randint(-100, 90_000))
        said = {name: self.by.choice(WORDS) for name in ("reason", "subject") if self.by.random() < 0.4}
        said |= texts or {}
        salts = {name: self.by.randbytes(16) for name in said}
        entry = rfc8785.dumps(
            {
                "seq": seq,
                "at": stamp(self.at),
                "event": event,
                "actor": actor,
                "role": self.roles.get(actor, actor),
                "object": object_id,
                "detail": detail or {},
                "texts": {name: text_seal(salts[name], text) for name, text in said.items()},
            }
        ).decode()
        self.leaves.append(leaf_of(self.leaves[-1] if self.leaves else GENESIS, entry))
        self.entries.append((entry, self.leaves[-1].hex()))
        self.texts += [
            {"seq": seq, "field": name, "salt": salts[name].hex(), "text": text}
            for name, text in said.items()
        ]
        self.rows += self.by.randint(0, 2)
        head = base64.b64encode(hashlib.sha256(str(self.rows).encode()).digest()).decode()
        self.notes.append(
            a_note(self.leaves, self.key, f"filtering-log {self.rows} {head}\n" if self.rows else "")
        )
        return seq

    def fresh(self) -> str:
        self.made += 1
        return f"o{self.made}"

    def two(self) -> list[str]:
        able = [
            who for who, role in self.roles.items() if role in ("technician", "coordinator", "headteacher")
        ]
        return self.by.sample(able, 2)

    def export(self) -> tuple[Lines, str]:
        """And a checkpoint that somebody kept."""
        kept = self.by.choice(self.notes)
        names = [{"id": who, "name": who.title(), "role": role} for who, role in self.roles.items()]
        shown = sorted({kept, self.notes[-1]}, key=_size)
        return lines_of(self.entries, self.key.public_key(), self.texts, shown, names), kept


def _size(note: str) -> int:
    return int(note.split("\n")[1])


def found(school: Honest) -> None:
    school.roles.update(p_a="technician", p_b="headteacher")
    people = [{"person": who, "role": role} for who, role in school.roles.items()]
    school.seal("school:found", "system", "founding", {"people": people, "policy": "founding"})


def agreed(school: Honest, kind: str, detail: dict[str, Any]) -> str | None:
    """Its id, where it came into force."""
    by, other = school.two()
    object_id, outcome = school.fresh(), school.by.choice(OUTCOMES)
    school.seal(f"{kind}:propose", by, object_id, detail)
    actor = {"withdraw": by, "lapse": "system"}.get(outcome, other)
    school.seal(f"{kind}:{outcome}", actor, object_id, {**detail, "proposed_by": by})
    return object_id if outcome == "approve" else None


def unblock(school: Honest) -> None:
    if (object_id := agreed(school, "unblock", {"sites": ["é.test"], "classes": ["6B"]})) is not None:
        how = school.by.choice(("revoke", "end"))
        school.seal(f"unblock:{how}", "system" if how == "end" else school.two()[0], object_id)


def policy(school: Honest) -> None:
    school.policy = agreed(school, "policy", {"base": school.policy}) or school.policy


def people(school: Honest) -> None:
    who, role = f"p_{school.fresh()}", school.by.choice(("staff", "governor", "coordinator", "pupil"))
    row = {"person": who, "new": True, "set": {"role": role}, "code": role == "coordinator"}
    if agreed(school, "people", {"people": [row]}) is not None:
        school.roles[who] = role
        school.seal("person:enrol", who, who)


def tighten(school: Honest) -> None:
    by, other = school.two()
    object_id = school.fresh()
    seq = school.seal("policy:tighten", by, object_id, {"base": school.policy, "loosening": False})
    school.policy = object_id
    sign(school, seq, [other], "tightening")


def demote(school: Honest) -> None:
    """What takes a right away takes one person; two who may agree are left."""
    able = [who for who, role in school.roles.items() if role == "coordinator"]
    if able:
        who, role = able[0], school.by.choice(("staff", "technician"))
        by = next(each for each in school.two() if each != who)
        school.roles[who] = role
        row = {"person": who, "new": False, "set": {"role": role}, "code": False}
        sign(school, school.seal("people:tighten", by, school.fresh(), {"people": [row]}), [], "tightening")


def suspend(school: Honest) -> None:
    by, other = school.two()
    sign(school, school.seal("person:suspend", by, "p_gone", {"until": None}), [other], "tightening")


def sign(school: Honest, about: int, others: list[str], kind: str) -> None:
    for who in others:
        for agrees in (
            school.by.choice(((), (True,), (False, True), (False,))) if kind == "tightening" else (True,)
        ):
            detail = {"about": about, "agrees": agrees, "kind": kind, "gone": []}
            school.seal("review:sign", who, f"r{about}", detail)


def envelope(school: Honest) -> None:
    object_id = agreed(school, "break-glass", {})
    if object_id is None:
        return
    by = school.two()[0]
    others = [who for who in school.roles if who != by and school.roles[who] not in ("pupil", "staff")]
    if school.by.random() < 0.5:
        asked = school.fresh()
        school.seal("unblock:propose", by, asked)
        detail = {"id": object_id, "for": "approve", "proposal": asked, "proposed_by": by}
        seq = school.seal("break-glass:use", by, object_id, detail)
        school.seal("unblock:approve", "break-glass", asked, {"proposed_by": by, "used_by": by})
    else:
        detail = {"id": object_id, "for": "code", "person": by}
        seq = school.seal("break-glass:use", "break-glass", object_id, detail)
        if len(others) < 2:  # until two others have signed, that account opens nothing
            raise Stop
    sign(school, seq, others[:2], "break-glass")


class Stop(Exception):
    """This school ends here."""


def lists(school: Honest) -> None:
    how = school.by.choice(("update", "rollback", "hold"))
    object_id = school.fresh()
    if how == "hold":
        school.seal("lists:hold", "system", object_id, {"loosening": False})
        how = "confirm"
    actor = "system" if how == "update" else school.two()[0]
    school.seal(f"lists:{how}", actor, object_id, {"loosening": False, "proposed_by": "system"})


def opening(school: Honest) -> None:
    by = school.two()[0]
    object_id = school.fresh()
    school.seal("opening:open", by, object_id, {"classes": ["6B"], "policy": school.policy})
    school.seal("opening:close", by, object_id)


def look(school: Honest) -> None:
    by = school.two()[0]
    school.seal("filtering-log:read", by, "everybody", {"about": None})
    school.seal("filtering-log:export", by, "everybody", {"by_name": school.by.random() < 0.5})


def seen(school: Honest) -> None:
    size = school.by.randint(1, len(school.leaves))
    root = base64.b64encode(root_of(school.leaves[:size])).decode()
    event = school.by.choice(("change-log:seen", "change-log:review"))
    school.seal(event, school.two()[0], str(size), {"size": size, "root": root, "note_sha256": "0" * 64})


def erase(school: Honest) -> None:
    kept = [each for each in school.texts if each["text"] is not None]
    if kept:
        gone = school.by.choice(kept)
        gone["text"] = None
        detail = {"seq": gone["seq"], "field": gone["field"]}
        school.seal("change-text:erase", school.two()[0], str(gone["seq"]), detail)


def hour(school: Honest) -> None:
    school.seal("filtering-log:seal", "system", "everybody", {"first": None, "last": None, "rows": 0})


KINDS: list[Callable[[Honest], None]] = [
    *(
        unblock,
        policy,
        people,
        people,
        demote,
        tighten,
        suspend,
        envelope,
        lists,
        opening,
        look,
        seen,
        erase,
        hour,
    ),
]


def an_honest_log(seed: int, key: Ed25519PrivateKey, most: int = 4) -> Honest:
    school = Honest(random.Random(seed), key)  # noqa: S311  # not a secret
    found(school)
    for _ in range(school.by.randint(0, most)):
        try:
            school.by.choice(KINDS)(school)
        except Stop:
            break
    return school
