"""What people do about what is known of a person: correct it (S103), let a hold go and erase (S104).

Each takes two people; the kinds themselves stand in `corrections.py`, `holds.py` and `erasing.py`.
"""

from datetime import datetime

from change_control import corrections, disclosures, erasing, holds
from change_control.corrections import WrongIdentity
from change_control.desk import Actor, Desk
from change_control.erasing import Which
from change_control.proposal import Proposal
from change_control.proposals import may_propose, submit
from change_control.sealing import change
from change_control.texts import needed

__all__ = ["WrongIdentity", "propose_correction", "propose_disclosure", "propose_erasure", "propose_release"]


def propose_correction(
    desk: Desk, actor: Actor, asked: WrongIdentity, reason: str, now: datetime
) -> Proposal:
    """Rows of that time were somebody else's, or nobody's who is known. No row is rewritten."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, corrections.KIND, now)
        return submit(made, actor, corrections.draft(made.conn, actor, asked, why, now))


def propose_disclosure(
    desk: Desk, actor: Actor, asked: disclosures.Wanted, reason: str, now: datetime
) -> Proposal:
    """Rows of a member of staff, to be read by whoever asks (S190)."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, disclosures.KIND, now)
        return submit(made, actor, disclosures.draft(made.conn, actor, asked, why, now))


def propose_release(desk: Desk, actor: Actor, hold_id: str, reason: str, now: datetime) -> Proposal:
    """Rows that are kept by this hold go when their time is over; perhaps at once."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, holds.KIND, now)
        return submit(made, actor, holds.draft(made.conn, actor, hold_id, why))


def propose_erasure(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, person: str, texts: Which, reason: str, now: datetime
) -> Proposal:
    """`person`: user name or id of somebody who has left. `texts`: which of what people wrote goes too."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, erasing.KIND, now)
        return submit(made, actor, erasing.draft(made.conn, person, texts, why, now))
