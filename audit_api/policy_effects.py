"""What another policy would do: in the words of the table, and whether it opens anything for anybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from audit_api.agreeing import names_for
from audit_api.answers import SomebodyOut
from audit_api.names import Names
from audit_api.policies import KIND
from audit_api.reasons import plainly
from audit_api.rows import Cursor
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from change_control import often as often_
from change_control.effects import kept, told_of
from change_control.in_force import parsed, parsed_policy
from change_control.policies import FAILING, look_at
from change_control.proposal import Proposal
from change_control.queries import list_proposals
from filter_policy.life_cycle import State
from filter_policy.parse import PolicyError
from filter_policy.worded import worded
from filter_policy.worded_gate import not_seen

MOST_WORDS = 500  # differences that are told; how many more there are is told too
TWO_PEOPLE = "This opens more: two people have to agree."
ONE_PERSON = "This only shuts: one person is enough. It is in force at once, and a second person reviews it"
FIRST = "No two people have agreed on a policy yet, so two have to agree on this one."
ONLY_WORDS = "Nothing opens or shuts: only words around the rows change. Two people have to agree."
SAME = "Nothing changes: this is the policy in force."
OFTEN = "One person makes the policy stricter three times a day at most; this one waits for another person."
TOO_MUCH = "There is too much to compare, so it counts as opening: two people have to agree."


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordedOut(_Out):
    """One difference, in the words of the school's own table."""

    section: Annotated[str, Field(description="of policy.yaml")]
    what: str
    before: str
    after: str
    says: Annotated[str, Field(examples=["social media for staff: not allowed -> allowed"])]


class ExampleOut(_Out):
    """Somebody, something and a time for which the answer is another one. Nobody is named."""

    who: str
    what: str
    when: str
    how: Annotated[str, Field(description="as it stands if empty; else with an unblock, or opened by staff")]
    before: str
    after: str
    rules: Annotated[list[str], Field(description="those that decided, before and after")]


class EffectOut(_Out):
    loosening: Annotated[bool, Field(description="true: two people; false: one, at once")]
    says: str
    more_open: Annotated[int, Field(description="cells that are more open than now")]
    less_open: int
    cells: Annotated[int, Field(description="that were compared: people, sites, times")]
    hides: Annotated[list[str], Field(description="what changes and no decision shows")]
    opens: list[ExampleOut]
    shuts: list[ExampleOut]


class PolicyComparisonOut(_Out):
    lists: Annotated[str, Field(description="the generation it was compared under")]
    worded: list[WordedOut]
    not_seen: Annotated[list[str], Field(description="what nobody will see any more, in sentences")]
    effect: EffectOut
    failing_checks: Annotated[list[str], Field(description="checks of the policy that it does not keep")]


class PolicyVersionOut(_Out):
    """A policy that was in force. `agreed_by` null: it only shut, and one person brought it."""

    id: str
    in_force_at: str
    until: str | None
    state: State
    loosening: bool
    proposed_by: SomebodyOut
    agreed_by: SomebodyOut | None
    reason: str
    agreed_reason: str | None


def compared(visit: Visit, text: str) -> PolicyComparisonOut:
    """Of a text that nobody has proposed. Raises ChangeError bad-input with every fault."""
    looked = look_at(visit.desk, visit.reader.actor, text, visit.now)
    words = differences(looked.old_text, text)
    others = ONLY_WORDS if not words else FIRST if not looked.is_agreed else OFTEN if looked.often else ""
    effect = effect_out(kept(looked.found), others=others)
    return PolicyComparisonOut(
        lists=looked.lists,
        worded=words,
        not_seen=hidden(looked.old_text, text),
        effect=_same(effect) if looked.is_agreed and looked.old_text == text else effect,
        failing_checks=list(looked.failing),
    )


def differences(old: str, new: str) -> list[WordedOut]:
    """Nothing, where one of them cannot be read any more: the lines of the text tell."""
    try:
        found = worded(parsed(old), parsed(new))
    except PolicyError:
        return []
    told = [WordedOut(**each._asdict(), says=each.says) for each in found[:MOST_WORDS]]
    if len(found) > MOST_WORDS:
        says = f"{len(found) - MOST_WORDS} more differences"
        told.append(WordedOut(section="", what=says, before="", after="", says=says))
    return told


def hidden(old: str, new: str) -> list[str]:
    """Of what is not decrypted, which neither examples nor the try-out can show."""
    try:
        return list(not_seen(parsed(old), parsed(new)))
    except PolicyError:
        return []


def effect_out(raw: Mapping[str, Any], *, others: str = "", due: str = "") -> EffectOut:
    """`others`: why two people have to agree though nothing is more open; empty where one is enough."""
    return EffectOut(
        loosening=bool(raw["loosening"]) or bool(others),
        says=_says(raw, others, due),
        more_open=raw["more_open"],
        less_open=raw["less_open"],
        cells=raw["cells"],
        hides=list(raw["hides"]),
        opens=[_example(each) for each in raw["opens"]],
        shuts=[_example(each) for each in raw["shuts"]],
    )


def _same(effect: EffectOut) -> EffectOut:
    return effect.model_copy(update={"loosening": False, "says": SAME})


def _example(raw: Mapping[str, Any]) -> ExampleOut:
    return ExampleOut(**{**raw, "before": plainly(raw["before"]), "after": plainly(raw["after"])})


def _says(raw: Mapping[str, Any], others: str, due: str) -> str:
    if not raw["is_whole"] and not raw["more_open"]:
        return TOO_MUCH
    if raw["loosening"]:
        return TWO_PEOPLE
    return others or f"{ONE_PERSON}{due}."


class Told(BaseModel):
    """What a page shows of a proposal, besides its lines."""

    worded: list[WordedOut]
    not_seen: list[str]
    effect: EffectOut | None
    failing: list[str]


def told(visit: Visit, found: Proposal, base: str) -> Told:
    """`base`: the text that this one would replace, or did."""
    raw = told_of(found.payload)
    words = differences(base, found.policy_text or "") if base else []
    effect = None
    if raw is not None:
        often = found.payload.get(often_.OFTEN)
        others = "" if not found.loosening else OFTEN if often else FIRST if words else ONLY_WORDS
        effect = effect_out(raw, others=others, due=_due(visit, found))
    unseen = hidden(base, found.policy_text or "") if base else []
    return Told(
        worded=words,
        not_seen=unseen,
        effect=effect,
        failing=[str(each) for each in found.payload.get(FAILING, ())],
    )


def _due(visit: Visit, found: Proposal) -> str:
    with reading(visit.desk.engine) as conn:
        days = parsed_policy(conn).reviews.tightening_days
    return f" by {(found.proposed_at + timedelta(days=days)).astimezone(visit.zone):%-d %B %Y}"


def versions(
    visit: Visit, *, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[PolicyVersionOut], Cursor | None]:
    """Policies that were in force, newest first; the one in force now is on the first page."""
    with reading(visit.desk.engine) as conn:
        was = list_proposals(conn, visit.now, kind=KIND, state=State.SUPERSEDED, limit=limit, cursor=cursor)
        now = () if cursor else list_proposals(conn, visit.now, kind=KIND, state=State.APPROVED).rows
        found = sorted(
            (*now, *was.rows), key=lambda each: (_since(each), each.state is State.APPROVED), reverse=True
        )
        names = names_for(conn, visit.reader, found)
        told_ = [_version(each, names(each)) for each in found]
    return told_, was.next


def _place(found: Proposal) -> tuple[datetime, bool]:
    return _since(found), found.state is State.APPROVED


def _since(found: Proposal) -> datetime:
    return found.decided_at or found.proposed_at


def _version(found: Proposal, names: Names) -> PolicyVersionOut:
    return PolicyVersionOut(
        id=found.id,
        in_force_at=iso(_since(found)),
        until=iso_or_none(found.ended_at),
        state=found.state,
        loosening=found.loosening,
        proposed_by=names.somebody(found.proposed_by),
        agreed_by=names.somebody_or_none(found.decided_by),
        reason=found.reason,
        agreed_reason=found.decision_reason,
    )
