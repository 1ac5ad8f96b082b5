"""What people do with the lists: propose others, take up an update that waits, go back to earlier ones.

A new lists.yaml needs two people, since it can change where lists come from and how far they are trusted; but
one that only adds lists which shut more (`lists_effects.py`) takes one, at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from audit_log.db import reading
from change_control.desk import SYSTEM, Actor, Desk, Lists
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input, with_faults
from change_control.in_force import AgreedLists as AgreedLists
from change_control.in_force import agreed_lists as agreed_lists
from change_control.in_force import parsed_policy
from change_control.list_changes import Between, next_since, rolled_back, still_rolled_back, weigh
from change_control.list_generations import LONGEST_WAY, Past, past_lists
from change_control.list_rows import (
    KIND,
    STALE,
    Step,
    bring_in,
    changes_of,
    check_base,
    facts,
    opened,
    replace_waiting,
    require_fit,
)
from change_control.list_updates import waiting_updates
from change_control.lists_effects import opens
from change_control.often import too_often
from change_control.policies import LONGEST_POLICY, by_line
from change_control.proposal import Proposal, proposal_of
from change_control.proposals import may_propose, row_to_change, submit
from change_control.roles import entitle, require_established
from change_control.sealed_lists import from_the_same, masked
from change_control.sealing import Change, change
from change_control.texts import fault_of, needed
from filter_lists.diffing import Change as ListChange
from filter_lists.lists_config import ListsConfig, ListsError, parse_lists
from filter_lists.orders import Outcome
from filter_policy.life_cycle import State

OFTEN_ENOUGH = "one person makes the lists stricter three times a day at most; this one waits for another"


def propose_lists(  # noqa: PLR0917  # as every verb: who, what, why and when
    desk: Desk, actor: Actor, outcome: Outcome, text: str, reason: str, now: datetime, *, base: str | None
) -> Proposal:
    """`outcome` is what came of the order for this text (`candidate_order`), against the lists `base`."""
    why = needed(reason)
    with reading(desk.engine) as conn:
        may_propose(conn, actor, KIND, now)
    config = check_config(desk, text)
    new = _built(desk, outcome, config)
    with change(desk, now) as made:
        may_propose(made.conn, actor, KIND, now)
        agreed = agreed_lists(made.conn)
        if agreed.is_agreed and (agreed.config_text, agreed.generation) == (text, new.generation):
            raise bad_input({"text": "nothing would change: these lists are in force"})
        _require_base(agreed, base)
        found = Between(agreed, opened(desk, agreed.generation), new)
        same = from_the_same(agreed, text, desk.lists_folder)
        policy = parsed_policy(made.conn)
        require_fit(policy, found, outcome.changes, same)
        told = masked(outcome.changes, agreed, text, desk.lists_folder)
        why_two = opens(policy, found, outcome.changes, config, desk.lists_folder)
        if not why_two and too_often(made.conn, actor, KIND, now):
            why_two = (OFTEN_ENOUGH,)
        step_ = Step(
            what="proposal",
            config=text,
            lists=new,
            base=agreed,
            changes=told,
            # One person's word is no agreement: what has been added up since the last one stays.
            since=() if why_two else next_since(agreed, outcome.changes),
            rolled_back=() if why_two else still_rolled_back(found),
            is_agreement=bool(why_two),
        )
        payload = {**step_.payload, "opens": list(why_two)}
        loosening = bool(why_two)
        return submit(made, actor, Draft(KIND, payload, why, texts={"lists": text}, loosening=loosening))


def _require_base(agreed: AgreedLists, base: str | None) -> None:
    """What was compared must be what is in force: counts alone cannot tell."""
    if base != agreed.generation:
        raise ChangeError("wrong-state", STALE)


def check_config(desk: Desk, text: str) -> ListsConfig:
    """Raises ChangeError bad-input: one field for each fault, named by file and line."""
    if fault := fault_of(text, LONGEST_POLICY):
        raise bad_input({"text": fault})
    try:
        return parse_lists(text, desk.lists_folder)
    except ListsError as error:
        says = with_faults("lists.yaml", error.faults)
        raise ChangeError("bad-input", says, by_line(error.faults)) from error


def _built(desk: Desk, outcome: Outcome, config: ListsConfig) -> Lists:
    """What was built, and from this text. Raises ChangeError."""
    if outcome.generation is None or outcome.faults:
        faults = {f"lists ({number})": fault for number, fault in enumerate(outcome.faults, 1)}
        raise bad_input(faults or {"lists": "nothing was built"})
    new = opened(desk, outcome.generation)
    wanted = {(each.list_id, each.source, each.format) for each in config.lists}
    if {(each.list_id, each.source, each.format) for each in new.lists} != wanted:
        raise bad_input({"text": "these lists were built from another lists.yaml; build anew"})
    return new


def propose_held(desk: Desk, actor: Actor, held_id: str, reason: str, now: datetime) -> Proposal:
    """An update that waits becomes this person's proposal, and then another person agrees or does not."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, KIND, now)
        row = row_to_change(made, held_id)
        if row["kind"] != KIND or row["proposed_by"] != SYSTEM.person_id:
            raise ChangeError("not-found", "there is no such update")
        if row["state"] != State.REQUESTED:
            raise ChangeError("wrong-state", f"this update waits no more: it is {row['state']}")
        replace_waiting(made.conn, [held_id], actor, now)
        return submit(made, actor, Draft(KIND, _taken_up(desk, made.conn, row), why))


def _taken_up(desk: Desk, conn: Connection, row: Mapping[Any, Any]) -> dict[str, Any]:
    payload = row["payload"]
    found = check_base(desk, conn, payload)
    step_ = Step(
        what="proposal",
        config=payload["config"],
        lists=found.new,
        base=found.agreed,
        changes=changes_of(payload),
        replaces=[row["id"]],
        held=row["id"],
        is_agreement=True,
    )
    return {**step_.payload, "because": payload["because"]}


class Going(NamedTuple):
    """Back to which lists, and why."""

    between: Between
    changes: tuple[ListChange, ...]
    why: str


def rollback(  # noqa: PLR0917  # as every verb: who, what, why and when
    desk: Desk,
    actor: Actor,
    generation: str,
    changes: tuple[ListChange, ...],
    reason: str,
    now: datetime,
    *,
    base: str | None,
) -> Proposal:
    """Back to lists that were in force; `changes` are those to them from the lists `base`, in force now.

    Within every tolerance one person does it, at once; otherwise it is a proposal. What is left is
    remembered: no update brings it back by itself.
    """
    why = needed(reason)
    with reading(desk.engine) as conn:
        entitle(conn, actor, "lists:rollback", now)
    new = opened(desk, generation)
    with change(desk, now) as made:
        entitle(made.conn, actor, "lists:rollback", now)
        require_established(made.conn)
        agreed = agreed_lists(made.conn)
        past = _past(made.conn, agreed, generation)
        _require_base(agreed, base)
        found = Between(agreed, opened(desk, agreed.generation), new)
        same = from_the_same(agreed, past.config_text or agreed.config_text, desk.lists_folder)
        require_fit(parsed_policy(made.conn), found, changes, same)
        return _go_back(desk, made, actor, past, Going(found, changes, why))


def _past(conn: Connection, agreed: AgreedLists, generation: str) -> Past:
    if generation == agreed.generation:
        raise ChangeError("wrong-state", "these lists are in force")
    for each in past_lists(conn, LONGEST_WAY):
        if each.generation == generation:
            return each
    raise ChangeError("refused", "these lists were never in force; propose them")


def _go_back(desk: Desk, made: Change, actor: Actor, past: Past, going: Going) -> Proposal:
    found, changes = going.between, going.changes
    agreed = found.agreed
    config = past.config_text or agreed.config_text
    past_tolerance = weigh(parsed_policy(made.conn), found, changes, desk.lists_folder)
    loosens = [each for each in past_tolerance if each.loosens]
    two_people = bool(loosens) or config != agreed.config_text
    step_ = Step(
        what="rollback",
        config=config,
        lists=found.new,
        base=agreed,
        changes=changes,
        because=loosens,
        since=() if two_people else next_since(agreed, changes),
        rolled_back=rolled_back(found, actor.person_id, made.at),
        replaces=() if two_people else [row["id"] for row in waiting_updates(made.conn)],
        is_agreement=two_people,
    )
    if two_people:
        may_propose(made.conn, actor, KIND, made.at)
        return submit(made, actor, Draft(KIND, step_.payload, going.why))
    row = bring_in(made, step_, going.why, decided_by=actor)
    told = {**facts(row), "proposed_by": SYSTEM.person_id}
    made.seal("lists:rollback", actor, row["id"], told, {"reason": going.why})
    return proposal_of(row_to_change(made, row["id"]))
