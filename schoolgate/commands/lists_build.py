"""lists.yaml of this machine, compiled beside what is in force: what comes of it, before anybody is asked."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put, put_json, put_table, tell

if TYPE_CHECKING:
    from audit_api.list_answers import ListOut
    from filter_lists.orders import Order, Outcome
    from schoolgate.settings import Settings

COLUMNS = ("list_id", "categories", "format", "entries", "lines", "understood")


def build(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Compile what lists.yaml names, and tell what of each list was understood. Nothing comes into force.

    Fetches what was never fetched here, and nothing else. To bring the result in: schoolgate lists propose.
    """
    from audit_api.list_ages import told
    from schoolgate.in_force import index_of

    settings = front_of(ctx).settings
    outcome = _run(_order(settings))
    if outcome.generation is None or outcome.faults:
        raise Failed(*outcome.faults)
    index = index_of(settings.state, outcome.generation)
    rows = [told(each, None) for each in index.lists]
    if as_json:
        lists = [row.model_dump(mode="json", include=_SHOWN) for row in rows]
        put_json({"generation": index.generation, "names": len(index), "lists": lists})
        return
    put_table([row.model_dump() for row in rows], COLUMNS)
    for row in rows:
        put_lines(row)
    tell(f"{len(index)} names in {outcome.seconds:.1f} s, generation {index.generation}")


_SHOWN = {*COLUMNS, "licence", "source", "sha256", "sealed", "counts", "not_understood", "noted", "left_out"}


def put_lines(row: "ListOut") -> None:
    """What of a list was not understood, or read wider or narrower than it stands there."""
    for each in row.not_understood:
        put(f"{row.list_id}: skipped {each.count}, first in line {each.first_line}: {each.what}")
    for each in row.noted:
        put(f"{row.list_id}: noted {each.count}, first in line {each.first_line}: {each.what}")
    if row.left_out:
        put(f"{row.list_id}: its categories that lists.yaml does not name: {', '.join(row.left_out)}")


def _order(settings: "Settings") -> "Order":
    """Raises Failed."""
    from filter_lists.lists_config import ListsError, load_lists
    from filter_lists.orders import Order
    from filter_lists.source_store import SourceStore
    from schoolgate.wiring import ensure_state

    try:
        config = load_lists(settings.lists)
    except ListsError as error:
        raise Failed(*error.faults) from error
    ensure_state(settings.state)
    store = SourceStore(settings.state)
    never = tuple(each.list_id for each in config.lists if each.local is None and store.path(each) is None)
    return Order(config.text, config.folder, settings.state, never, None, datetime.now(UTC))


def _run(order: "Order") -> "Outcome":
    from filter_lists.worker_client import WorkerError, run_worker
    from schoolgate.progress import shown_progress

    try:
        with shown_progress() as show:
            return run_worker(order, lambda told: show(told.stage, told.done, told.total))
    except WorkerError as error:
        raise Failed(str(error)) from error
