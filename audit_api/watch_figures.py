"""What machines that watch may know of how the filter watches itself: figures, nobody's browsing."""

from collections.abc import Iterator
from datetime import datetime

from audit_api.canaries import interval, is_late
from audit_api.watch_alarms import fallen, shares
from audit_api.window import Window
from audit_log.canaries import latest, newest
from audit_log.db import reading
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from filter_policy.parse import PolicyError

Figure = tuple[str, str, str, int]  # name, what it says, labels, value


def watch_figures(window: Window, now: datetime) -> Iterator[Figure]:
    """Of canaries and blocks nothing before the founding; of the gate nothing where it is elsewhere."""
    gate = window.probe_gate()
    if gate is not None:
        says = "1: the gate did not answer what must be blocked with its own block page"
        yield "schoolgate_gate_unwell", says, "", int(gate != "")
    try:
        with reading(window.desk.engine) as conn:
            policy = parsed_policy(conn)
            found, last = latest(conn, interval(policy)), newest(conn)
            late, low = is_late(conn, policy, now), fallen(shares(conn, policy, now))
    except (ChangeError, PolicyError):
        return
    yield "schoolgate_canaries_asked", "Groups and kinds of site that were asked for", "", len(found)
    failed = sum(not each.works for each in found)
    yield "schoolgate_canaries_failed", "Of these, not answered as the policy says", "", failed
    yield "schoolgate_canaries_late", "1: the gate has not asked itself for three intervals", "", int(late)
    if last is not None:
        seconds = int((now - last).total_seconds())
        yield "schoolgate_canaries_age_seconds", "Since the gate asked itself last", "", seconds
    says = "Hours of lessons within a day in which less was blocked than usual"
    yield "schoolgate_block_share_fallen_hours", says, "", len(low)
