"""Everything on this machine that can be wrong, looked at once; each finding is a sentence."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from schoolgate import (
    doctor_database,
    doctor_gate,
    doctor_keys,
    doctor_machine,
    doctor_network,
    doctor_outside,
    doctor_people,
    doctor_storage,
)
from schoolgate.finding import Finding
from schoolgate.front import Front
from schoolgate.settings import Settings, SettingsError
from schoolgate.telling import Failed

MITMPROXY = "12.2.3"  # the one whose behaviour is tested (docs/adr/0010)
OLDEST_CLOCK = datetime(2026, 9, 1, tzinfo=UTC)  # before the first release: a clock that was never set
OLD_LISTS = timedelta(days=30)
LEAST_DISK = 1_000_000_000


def examine(front: Front, *, mail: bool = False) -> list[Finding]:
    """`mail`: the mail server is asked too."""
    found = [_python(), _mitmproxy(), _sqlite(), _clock()]
    try:
        settings = front.settings
    except SettingsError as error:
        return [*found, Finding("settings", False, "; ".join(error.faults))]
    found.append(Finding("settings", True, f"{settings.config / 'school.yaml'} is understood"))
    for check in (*CHECKS, partial(doctor_network.mail, connect=mail)):
        found += _safely(check, settings)
    return found


def at_start(settings: Settings) -> list[Finding]:
    """What `schoolgate run` tells of: quick to see, and nothing that mends itself."""
    found: list[Finding] = []
    for check in (
        doctor_keys.signing_key,
        doctor_database.tables_and_guards,
        doctor_database.floor,
        doctor_gate.pac_file,
    ):
        found += _safely(check, settings)
    return found


def _safely(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    """One check that cannot be made must not hide the others."""
    name = getattr(check, "__name__", "mail").strip("_").replace("_", " ")
    try:
        return list(check(settings))
    except Failed as failed:
        return [Finding(name, False, " ".join(failed.lines))]
    except SQLAlchemyError as error:  # whose words may hold the address with its password
        return [Finding(name, False, f"cannot be looked at: {type(error).__name__}")]
    except Exception as error:  # noqa: BLE001  # a doctor reports what he cannot examine
        return [Finding(name, False, f"cannot be looked at: {type(error).__name__}: {error}")]


def _python() -> Finding:
    fit = sys.version_info >= (3, 12)
    return Finding("python", fit, f"{sys.version.split()[0]} ({sys.executable}); 3.12 or newer is needed")


def _mitmproxy() -> Finding:
    try:
        running = version("mitmproxy")
    except PackageNotFoundError:
        running = "none"
    return Finding("mitmproxy", running == MITMPROXY, f"{running}; tested with {MITMPROXY}")


def _sqlite() -> Finding:
    from audit_log.db import WAL_IS_SAFE_FROM, sqlite_library

    library = sqlite_library()
    number = ".".join(map(str, library.version))
    says = f"{number} ({library.module.__name__}), journal mode {library.journal_mode}"
    if library.version < WAL_IS_SAFE_FROM:
        says += "; older than 3.51.3, whose WAL can lose data: slower, and safe"
    return Finding("sqlite", True, says)


def _clock() -> Finding:
    now = datetime.now(UTC)
    return Finding("clock", now > OLDEST_CLOCK, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _state(settings: Settings) -> Iterator[Finding]:
    if not settings.state.exists():
        yield Finding(
            "state", False, f"{settings.state} is not there yet: schoolgate init, or schoolgate run"
        )
        return
    private = not settings.state.stat().st_mode & 0o077
    yield Finding(
        "state", private, f"{settings.state}, {'private' if private else 'others may look in: chmod 700'}"
    )
    for path in doctor_keys.private_keys(settings):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding("state", False, f"{path} can be read by others: chmod 600")


def _disk(settings: Settings) -> Iterator[Finding]:
    at = settings.state if settings.state.exists() else settings.root
    free = shutil.disk_usage(at).free
    yield Finding("disk", free > LEAST_DISK, f"{free / 1e9:.1f} GB free; a full disk shuts the gate")


def _database(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy import inspect

    from audit_log.db import open_engine, reading
    from audit_log.people import people_count

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        yield Finding("database", False, "is not there yet: schoolgate init, or schoolgate run")
        return
    engine = open_engine(settings.database)
    try:
        if not inspect(engine).has_table("person"):
            yield Finding("database", False, "has no tables yet: schoolgate init")
            return
        with reading(engine) as conn:
            yield Finding("database", True, f"answers; {people_count(conn)} people in the register")
    finally:
        engine.dispose()


def _in_force(settings: Settings) -> Iterator[Finding]:
    from schoolgate.in_force import bundle_in_force

    bundle = bundle_in_force(settings.state)
    yield Finding("policy", True, f"revision {bundle.revision[:12]} in force, {len(bundle.accounts)} people")


def _proof(settings: Settings) -> Iterator[Finding]:
    """As a gate holds it; who approved is in the change log, and no name is known here."""
    from schoolgate.in_force import proven_in_force

    _, proven = proven_in_force(settings.state)
    says = f"what runs was approved by entry {proven.policy_entry} of the change log (policy)"
    says += f" and entry {proven.lists_entry} (lists), in a log of {proven.size} entries"
    if proven.narrows is not None:
        says = "not all that the database holds was agreed on; what was proven last runs, less what was shut"
        says += " since: schoolgate changes verify"
    missing = _not_told(settings, proven.size)
    if missing is not None:
        says = f"what was changed since entry {proven.size} reaches no gate, beginning with entry {missing}:"
        says += " schoolgate changes verify, and what the api logs as bundle.not_proven"
    yield Finding("proof", proven.narrows is None and missing is None, says)


def _not_told(settings: Settings, size: int) -> int | None:
    """The first entry after these that the gates should have heard of."""
    from audit_log.db import open_engine, reading
    from change_control.publish import deciding_since

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        return None  # another finding
    engine = open_engine(settings.database)
    try:
        with reading(engine) as conn:
            return deciding_since(conn, size)
    finally:
        engine.dispose()


def lists_age(settings: Settings) -> Iterator[Finding]:
    from audit_api.list_ages import ages, overdue
    from filter_lists.manifest import MANIFEST
    from schoolgate.agreed import agreed_config
    from schoolgate.in_force import index_in_force

    index = index_in_force(settings.state)
    made = (settings.state / "lists" / index.generation / MANIFEST).stat().st_mtime
    now = datetime.now(UTC)
    age = now - datetime.fromtimestamp(made, UTC)
    known = ages(agreed_config(settings), settings.state, now)
    says = (
        f"{len(index.lists)} lists, {sum(each.entries for each in index.lists)} entries, {age.days} days old"
    )
    scheduled = any(each.config.every for each in known.values())
    yield Finding("lists", scheduled or age < OLD_LISTS, says)
    for list_id in overdue(known.values()):
        yield Finding("lists", False, f"{list_id} is overdue: {known[list_id].record.fault or 'not fetched'}")


def _illegal_content(settings: Settings) -> Iterator[Finding]:
    """Said, and no fault of this machine: the school's provider may have the lists (D10)."""
    from filter_lists.providers import provider_status
    from schoolgate.agreed import agreed_config
    from schoolgate.in_force import index_in_force

    config = agreed_config(settings)
    found = provider_status(config.lists if config else (), index_in_force(settings.state))
    says = [f"{each.title}: {each.says}" for each in found if each.installed]
    yield Finding("illegal content", True, "; ".join(says) or "no licensed list installed", warns=not says)


def places_of_help(settings: Settings) -> Iterator[Finding]:
    from filter_policy.standing import fallen
    from schoolgate.in_force import bundle_in_force, index_of

    bundle = bundle_in_force(settings.state)
    if not bundle.policy.safe_harbour:
        return
    gone = fallen(bundle.policy, index_of(settings.state, bundle.lists).within)
    shut = ", ".join(each.site.host for each in gone)
    says = f"{shut}: a list of illegal content has a page there, so that it is no place of help now"
    many = f"{len(bundle.policy.safe_harbour)} open to everybody"
    yield Finding("places of help", True, says if gone else many, warns=bool(gone))


def _drift(settings: Settings) -> Iterator[Finding]:
    """The file is what somebody wants; what is in force is what two people agreed on."""
    from schoolgate.in_force import bundle_in_force

    same = settings.policy.read_text(encoding="utf-8") == bundle_in_force(settings.state).policy_text
    says = "is what is in force" if same else "differs from what is in force: schoolgate policy propose"
    yield Finding("drift", same, f"{settings.policy} {says}")


def lists_drift(settings: Settings) -> Iterator[Finding]:
    """A changed lists.yaml changes nothing by itself; it waits for two people, like the policy."""
    from filter_lists.compiler import ListsError
    from filter_lists.ensure import is_built_from
    from schoolgate.agreed import agreed_text
    from schoolgate.in_force import index_in_force

    agreed = agreed_text(settings)
    if agreed is not None and settings.lists.read_text(encoding="utf-8") != agreed:
        says = "differs from the one agreed on: schoolgate lists build, then schoolgate lists propose"
        yield Finding("lists drift", False, f"{settings.lists} {says}")
        return
    try:
        same = is_built_from(index_in_force(settings.state), settings.lists, settings.state)
    except ListsError as error:
        yield Finding("lists drift", False, f"the lists on disk cannot be used: {'; '.join(error.faults)}")
        return
    says = "the lists on disk are those in force" if same else "lists on disk differ from those in force"
    yield Finding("lists drift", same, says if same else f"{says}: schoolgate lists update")


CHECKS = (  # in the order that they are told in
    _state,
    _disk,
    doctor_keys.ca,
    doctor_keys.signing_key,
    doctor_keys.console_certificate,
    doctor_gate.ports,
    _database,
    doctor_database.tables_and_guards,
    doctor_database.change_log,
    doctor_database.floor,
    doctor_storage.stored,
    doctor_storage.damage,
    doctor_gate.recorder,
    doctor_storage.backlog,
    doctor_storage.room,
    _in_force,
    _proof,
    lists_age,
    _drift,
    lists_drift,
    _illegal_content,
    places_of_help,
    doctor_outside.checkpoints,
    doctor_machine.who_runs,
    doctor_machine.files_at_once,
    doctor_machine.unsafe_files,
    doctor_machine.time_zone,
    doctor_machine.clock_and_records,
    doctor_machine.state_files,
    doctor_machine.leftovers,
    doctor_network.console_reached,
    doctor_network.proxy_reached,
    doctor_network.front_ends,
    doctor_network.egress_allowed,
    doctor_gate.gate_filters,
    doctor_gate.pac_file,
    doctor_network.readable_certificate,
    doctor_network.database_role,
    doctor_people.who_there_is,
)
