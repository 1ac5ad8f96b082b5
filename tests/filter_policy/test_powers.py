"""Who may open something for others is one set, wherever it is asked."""

from audit_api import rights
from change_control import roles
from filter_policy.model import Role
from filter_policy.powers import APPROVING


def test_the_gate_the_console_and_change_control_mean_the_same_roles() -> None:
    assert APPROVING == roles.APPROVING == rights.APPROVING


def test_pupils_guests_and_teachers_are_not_among_them() -> None:
    assert not APPROVING & {Role.PUPIL, Role.GUEST, Role.COMMUNITY, Role.STAFF, Role.GOVERNOR}
