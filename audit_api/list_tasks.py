"""What takes a while: an update, lists.yaml built to be proposed, the way back to earlier lists."""

from collections.abc import Iterable
from dataclasses import asdict

import structlog

from audit_api.list_ages import config_of
from audit_api.list_answers import ListChangeOut, ListOutcomeOut, ProgressOut, TaskOut
from audit_api.list_jobs import Job, Result, RunLists
from audit_api.list_keeping import Fetch, Updating
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit, Window
from audit_log.db import reading
from change_control.desk import Desk
from change_control.list_generations import past_lists, remove_old_generations
from change_control.list_updates import Taken, Took, as_told, candidate_order, update_order
from change_control.lists import agreed_lists, check_config, propose_lists, rollback
from change_control.proposal import Proposal
from change_control.texts import needed
from filter_lists.orders import Outcome
from filter_policy.life_cycle import State

MOST_PAST = 100
SHORTEST_PREFIX = 4
DUE = None  # as `Order.fetch` has it

log = structlog.get_logger()


def start_update(window: Window, by: str, fetch: Fetch) -> Job:
    """Raises Problem list-task-running, or ChangeError where no lists.yaml has been agreed on."""
    update_order(window.desk, fetch, window.clock())
    return window.list_jobs.start("update", by, lambda run: _update(window, run, fetch))


def ask_for_update(visit: Visit, lists: Iterable[str] | None) -> Job:
    """Of these lists, or of every list that is fetched: due or not. Raises Problem."""
    with reading(visit.desk.engine) as conn:
        agreed = agreed_lists(conn)
    config = config_of(agreed.config_text, visit.desk.lists_folder)
    known = [each.list_id for each in config.lists] if config else []
    fetched = [each.list_id for each in config.lists if each.local is None] if config else []
    wanted = fetched if lists is None else list(lists)
    if unknown := sorted(set(wanted) - set(known)):
        says = f"no such list: {', '.join(unknown)}; there are: {', '.join(known) or 'none'}"
        raise Problem("bad-input", errors={"lists": says})
    return start_update(visit.window, visit.reader.person_id, tuple(wanted))


def _update(window: Window, run: RunLists, fetch: Fetch) -> Result:
    desk, clock = window.desk, window.clock
    made = Updating(desk, run, clock).update(fetch)
    for each in made.outcome.lists:
        if each.result == "failed":
            log.error("lists.fetch_failed", list=each.list_id, why=each.why)
    remove_old_generations(desk, clock())
    return _of_update(made.outcome, made.taken)


def _of_update(outcome: Outcome, taken: Taken) -> Result:
    failed = [each for each in outcome.lists if each.result == "failed"]
    says = "; ".join([taken.says, *(f"{each.list_id} could not be fetched: {each.why}" for each in failed)])
    refused = taken.took is Took.REFUSED
    came = "failed" if refused else taken.took.value
    return Result(outcome, says, "failed" if refused else "done", came, taken.id)


def start_proposal(visit: Visit, reason: str) -> Job:
    """lists.yaml as it is on the server now. Raises Problem, or ChangeError with every fault of the text."""
    why, desk = needed(reason), visit.desk
    check_config(desk, desk.lists_text())

    def do(run: RunLists) -> Result:
        order = candidate_order(desk, visit.window.clock())
        outcome = run(order, lambda _: None)
        shown = as_told(desk, outcome, order.text)
        if outcome.faults:
            return Result(shown, "; ".join(outcome.faults), "failed", "failed")
        actor, now = visit.reader.actor, visit.window.clock()
        made = propose_lists(desk, actor, outcome, order.text, why, now, base=order.base)
        if not made.loosening:
            says = "in force, since it only shuts; another person reviews it"
            return Result(shown, says, "done", "in-force", made.id)
        return Result(shown, "proposed; another person can now agree", "done", "proposed", made.id)

    return visit.window.list_jobs.start("proposal", visit.reader.person_id, do)


def start_rollback(visit: Visit, generation: str | None, reason: str) -> Job:
    """To the lists in force before, if none are named. Raises Problem."""
    why, desk, window = needed(reason), visit.desk, visit.window
    target = _past_generation(desk, generation)

    def do(_: RunLists) -> Result:
        base = desk.lists().generation
        changes = window.compare_lists(desk.state, base, target)
        made = rollback(desk, visit.reader.actor, target, changes, why, window.clock(), base=base)
        return _of_rollback(made, Outcome(target, changes=changes))

    return window.list_jobs.start("rollback", visit.reader.person_id, do)


def _past_generation(desk: Desk, named: str | None) -> str:
    with reading(desk.engine) as conn:
        past = [each.generation for each in past_lists(conn, MOST_PAST)]
    if named is None:
        if not past:
            raise Problem("wrong-state", "No other lists were ever in force.")
        return past[0]
    found = [each for each in past if each.startswith(named)] if len(named) >= SHORTEST_PREFIX else []
    if len(found) != 1:
        says = "name one that was in force, by its beginning: " + ", ".join(each[:12] for each in past)
        raise Problem("bad-input", errors={"generation": says})
    return found[0]


def _of_rollback(made: Proposal, outcome: Outcome) -> Result:
    if made.state is State.APPROVED:
        return Result(outcome, "the lists of before are in force again", "done", "in-force", made.id)
    says = "it opens more than one person may: it is a proposal, and another person has to agree"
    return Result(outcome, says, "done", "proposed", made.id)


def task_out(visit: Visit) -> TaskOut | None:
    job = visit.window.list_jobs.last
    return None if job is None else job_out(visit, job)


def job_out(visit: Visit, job: Job) -> TaskOut:
    with reading(visit.desk.engine) as conn:
        by = Names.of(conn, [job.by], pupils=False).somebody(job.by)
    result = job.result
    outcome = (result.outcome if result else None) or Outcome(None)
    progress = job.progress
    return TaskOut(
        id=job.id,
        work=job.work,
        state=result.state if result else "running",
        by=by,
        started_at=iso(job.started_at),
        ended_at=iso_or_none(job.ended_at),
        progress=ProgressOut(**asdict(progress)) if progress and not result else None,
        came=result.came if result else "",
        says=result.says if result else "",
        proposal=result.proposal if result else None,
        generation=outcome.generation,
        lists=[ListOutcomeOut(**asdict(each)) for each in outcome.lists],
        changes=[ListChangeOut(**asdict(each)) for each in outcome.changes],
        faults=list(outcome.faults),
    )
