"""From the database to the gates: the bundle, after every change and at start.

A bundle is a function of what is in the database and of nothing else: "now" is the instant of the last sealed
change, so that the same content always has the same name. What ends meanwhile is ended by `decide`, and
leaves the bundle with the next change that the gates must hear of.
"""

import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, func, select

from audit_log.change_log import entries
from audit_log.db import reading
from audit_log.incident_fold import ACTS
from audit_log.people import accounts_of
from audit_log.tables import change_log, checkpoint
from change_control.case_orders import orders_in_force
from change_control.desk import Desk, Unproven
from change_control.file_lock import holding
from change_control.gate_files import files_of, is_whole, remove_damaged, write_public_keys
from change_control.in_force import agreed_lists, openings_in_force, policy_in_force, unblocks_in_force
from filter_policy.bundle import (
    FOLDER,
    Account,
    Bundle,
    BundleFault,
    current_bundle,
    is_name,
    name_current,
    read_bundle,
    save_bundle,
    write_durably,
)
from filter_policy.bundle_proof import (
    SUFFIX,
    Proof,
    ProofFault,
    proof_path,
    prove,
    proven_by,
    read_proof,
    signed_proof,
)
from filter_policy.case_orders import Order
from filter_policy.model import Opening, Unblock
from filter_policy.narrowing import Wanted, narrowed

LOCK = "publish.lock"
KEPT = 5  # older bundles stay a while, for gates that are just reading one and for people who compare
MOST_LINES = 200  # after more than that we publish without reading them
# Lines after which the gates have nothing new to hear; after any other they are told.
DECIDING = ("propose", "approve", "decline", "withdraw", "lapse")
TOLD_TO_GATES = frozenset({"sign", "illegal", "isolate", "end"})  # an investigation, or a device shut off
QUIET = frozenset(
    {
        *(
            f"{kind}:{act}"
            for kind in ("policy", "lists", "unblock", "people")
            for act in ("propose", "decline", "withdraw", "lapse")
        ),
        *(
            f"{kind}:{act}"
            for kind in ("correction", "hold-release", "break-glass", "disclosure")
            for act in DECIDING
        ),
        *(f"disclosure:{act}" for act in ("revoke", "end", "read")),
        *("review:sign", "break-glass:use"),  # what an envelope approves has a line of its own
        *(f"erasure:{act}" for act in DECIDING if act != "approve"),
        *("hold:place", "person:access"),
        "lists:hold",
        "unblock:end",  # `decide` has ended it already
        *(f"filtering-log:{act}" for act in ("read", "export", "tail", "tail-end")),
        "illegal-list:probe",
        *(f"incident:{act}" for act in ACTS if act not in TOLD_TO_GATES),
        *("second-factor:set", "second-factor:clear", "token:create", "token:revoke"),
        *("change-log:seen", "change-log:review", "incident-log:review"),
        "journal:release",  # the recorder's business; no gate decides by it
    }
)
EPOCH = datetime.fromtimestamp(0, UTC)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Open:
    """All that a bundle says, from one view of the database."""

    changes: int  # length of the change log
    policy_text: str
    lists: str  # the generation in force
    sealed_lists: frozenset[str]  # lists of illegal content that must be among them
    accounts: tuple[Account, ...]
    unblocks: tuple[Unblock, ...]
    openings: tuple[Opening, ...]
    orders: tuple[Order, ...]


def publish(desk: Desk) -> str:
    """Write the bundle of what is in the database now, and its proof; returns its name. One at a time.

    Raises IndexFault when the lists agreed on are missing or damaged: the gates go on with what they have.
    What nothing proves reaches no gate: then the last bundle that was proven is narrowed, and an alarm says
    so. Raises ProofFault where there is none.
    """
    with desk.publish_lock, holding(desk.state / LOCK):
        with reading(desk.engine) as conn:
            found = read_open(conn)
            proof = _proof_of(desk, conn, found)
        desk.lists_of(found.lists)
        named, all_was_told = current_bundle(desk.state), _is_all_told(desk)
        remove_damaged(desk.state, named)
        write_public_keys(desk)
        name = _write_proven(desk, found, proof)
        if all_was_told and named not in (None, name):
            log.error("bundle.current_was_changed", named=str(named)[:12], bundle=name[:12])
        desk.published.of, desk.published.name = (found.changes, found.lists), name
        desk.published.files = files_of(desk.state, name)
        _remove_old(desk.state, name)
    return name


def publish_or_alarm(desk: Desk) -> None:
    """After a commit: the change stands whatever happens here; the next try is `publish_if_needed`."""
    try:
        publish_if_needed(desk)
    except Exception as error:  # noqa: BLE001  # the change is made and sealed; this is told, and tried again
        desk.published.of = None
        log.error("bundle.publish_failed", **_fault(error))


def _fault(error: Exception) -> dict[str, str]:
    """What and where, and none of the values: a traceback with its locals would name everybody."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    why = (error.strerror or "") if isinstance(error, OSError) else ""
    return {"error": type(error).__name__, "why": why, "where": f"{Path(frame.filename).name}:{frame.lineno}"}


def publish_if_needed(desk: Desk) -> str | None:
    """For a small loop (a second or so): publish when the database has moved on.

    Returns the new name, or None when the gates have it already. Raises what made the publication fail, as
    long as it fails: the loop logs it, and readiness says so.
    """
    if is_published(desk):
        return None
    return publish(desk)


def is_published(desk: Desk) -> bool:
    """Whether the gates have been told of everything in the database, and of nothing else; cheap.

    All but what nothing proves: `desk.published.unproven` says so.
    """
    is_named = current_bundle(desk.state) == desk.published.name
    return is_named and is_whole(desk) and _is_all_told(desk)


def deciding_since(conn: Connection, size: int) -> int | None:
    """The first line after these that the gates must hear of; None: there is none."""
    while since := entries(conn, after=size, limit=MOST_LINES):
        if (seq := next((line.seq for line in since if line.event not in QUIET), None)) is not None:
            return seq
        size = since[-1].seq
    return None


def _is_all_told(desk: Desk) -> bool:
    """By this process, whatever somebody wrote over it since."""
    told = desk.published.of
    if told is None:
        return False
    with reading(desk.engine) as conn:
        since = entries(conn, after=told[0], limit=MOST_LINES)
        was_cut = _length(conn) < told[0]
        was_cut = was_cut or desk.log_lines.vouched.below(conn) != desk.published.below  # or mended
    if was_cut or len(since) == MOST_LINES or any(line.event not in QUIET for line in since):
        return False
    if since:
        desk.published.of = (since[-1].seq, told[1])
    return True


def read_open(conn: Connection) -> Open:
    as_of = _last_change(conn)
    accounts, policy, lists = accounts_of(conn), policy_in_force(conn), agreed_lists(conn)
    return Open(
        _length(conn),
        policy.text,
        lists.generation,
        lists.sealed_lists,
        tuple(accounts[username] for username in sorted(accounts)),
        unblocks_in_force(conn, as_of),
        openings_in_force(conn, as_of),
        orders_in_force(conn, as_of),
    )


def _length(conn: Connection) -> int:
    return conn.scalar(select(func.max(change_log.c.seq))) or 0


def _last_change(conn: Connection) -> datetime:
    """When a change was last sealed."""
    asked = select(checkpoint.c.made_at).order_by(checkpoint.c.size.desc()).limit(1)
    return conn.execute(asked).scalars().first() or EPOCH


def _proof_of(desk: Desk, conn: Connection, found: Open) -> Proof | ProofFault:
    try:
        desk.published.below = desk.log_lines.vouched.below(conn)
        if desk.published.below:
            raise ProofFault(desk.published.below)
        people = [each.person.id for each in found.accounts]
        return desk.log_lines.proof(conn, people, found.unblocks, found.openings, found.orders)
    except ProofFault as fault:
        return fault


def _write_proven(desk: Desk, found: Open, proof: Proof | ProofFault) -> str:
    """The proof lies there before `current` names the bundle."""
    try:
        if isinstance(proof, ProofFault):
            raise proof
        name = _save(desk.state, found)
        proven_by(proof, read_bundle(desk.state, name), desk.key.public_key())
        _write_proof(desk, name, proof)
        desk.published.unproven = None
    except ProofFault as fault:
        log.error("bundle.not_proven", why=str(fault))
        desk.published.unproven = Unproven(str(fault))
        name = _write_narrowed(desk, found, fault)
    name_current(desk.state, name)
    return name


def _write_narrowed(desk: Desk, found: Open, fault: ProofFault) -> str:
    """What is in force, less what has been shut since. Raises ProofFault where nothing in force is proven."""
    in_force = _in_force(desk)
    if in_force is None:
        raise fault
    now, base, size = in_force
    desk.published.unproven = Unproven(str(fault), size, _signed_at(desk, size))
    less = narrowed(now, Wanted(found.accounts, found.unblocks, found.openings, found.orders))
    name = _save(desk.state, Open(found.changes, now.policy_text, now.lists, now.sealed_lists, *_of(less)))
    if name != base:
        _write_proof(desk, name, Proof("", (), (), base, number=_last_number(desk.state) + 1))
    return name


def _last_number(state: Path) -> int:
    """A gate takes only a higher one. Of all that are kept: `current` may have been put back meanwhile."""
    found = 0
    for path in (state / FOLDER).glob(f"*{SUFFIX}"):
        with suppress(ProofFault):
            found = max(found, read_proof(state, path.stem).number)
    return found


def _in_force(desk: Desk) -> tuple[Bundle, str, int] | None:
    """The bundle that is named now, and the one that was proven by lines (itself, or another): its name, and
    how long the log was.
    """
    name = current_bundle(desk.state)
    try:
        if name is None:
            return None
        bundle = read_bundle(desk.state, name)
        proven = prove(desk.state, name, bundle, desk.key.public_key())
        return bundle, proven.narrows or name, proven.size
    except BundleFault:
        return None


def _signed_at(desk: Desk, size: int) -> datetime | None:
    with reading(desk.engine) as conn:
        return conn.execute(select(checkpoint.c.made_at).where(checkpoint.c.size == size)).scalars().first()


def _write_proof(desk: Desk, name: str, proof: Proof) -> None:
    write_durably(proof_path(desk.state, name), signed_proof(proof, name, desk.key.sign))


def _of(
    less: Wanted,
) -> tuple[tuple[Account, ...], tuple[Unblock, ...], tuple[Opening, ...], tuple[Order, ...]]:
    return less.accounts, less.unblocks, less.openings, less.orders


def _save(state: Path, found: Open) -> str:
    name = _saved(state, found)
    return _saved(state, found) if remove_damaged(state, name) else name


def _saved(state: Path, found: Open) -> str:
    return save_bundle(
        state,
        policy_text=found.policy_text,
        lists=found.lists,
        accounts=found.accounts,
        unblocks=found.unblocks,
        openings=found.openings,
        sealed_lists=found.sealed_lists,
        orders=found.orders,
    )


def _remove_old(state: Path, current: str) -> None:
    """Under the lock nobody else writes here, so a temporary file is one that a dead process left.

    A bundle goes with its proof; the one that the bundle in force narrows stays.
    """
    folder = state / FOLDER
    kept = {current, _narrows(state, current)}
    old = [path for path in folder.iterdir() if is_name(path.name) and path.name not in kept]
    old.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    alone = [path for path in folder.glob(f"*{SUFFIX}") if not path.with_suffix("").exists()]
    for path in [
        *old[KEPT:],
        *(proof_path(state, path.name) for path in old[KEPT:]),
        *alone,
        *folder.glob(".*"),
    ]:
        path.unlink(missing_ok=True)


def _narrows(state: Path, name: str) -> str | None:
    try:
        return read_proof(state, name).narrows
    except ProofFault:
        return None
