"""Of the doctor: are there the people without whom nothing can be agreed on, and is their way in guarded?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from schoolgate.finding import Finding
from schoolgate.settings import Settings


def who_there_is(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy import inspect, text

    from audit_log.db import open_engine, reading
    from audit_log.people import people
    from change_control.roles import APPROVING, is_active
    from filter_policy.model import Role

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        return  # another finding
    engine = open_engine(settings.database)
    try:
        tables = inspect(engine).get_table_names()
        if "person" not in tables:
            return
        with reading(engine) as conn:
            now = datetime.now(UTC)
            active = [each for each in people(conn) if is_active(each, now)]
            with_factor = set[str]()
            if "second_factor" in tables:
                with_factor = {
                    row.person_id for row in conn.execute(text("SELECT person_id FROM second_factor"))
                }
    finally:
        engine.dispose()
    approving = [each for each in active if each.role in APPROVING]
    ready = [each for each in approving if each.console_hash is not None]
    says = f"{len(approving)} may agree to changes, {len(ready)} of them have enrolled"
    yield Finding("two approvers", len(approving) >= 2, says, warns=len(ready) < 2)
    without = sum(each.id not in with_factor for each in approving)
    says = f"{without} of {len(approving)} who may agree sign in with a password alone"
    yield Finding("second factor", True, says, warns=without > 0)
    for role, check in ((Role.COORDINATOR, "safeguarding lead"), (Role.GOVERNOR, "governor")):
        named = sum(each.role is role for each in active)
        yield Finding(check, True, f"{named} named", warns=not named)
