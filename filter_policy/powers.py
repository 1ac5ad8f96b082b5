"""The roles whose word opens something for others: what the gate and change control must both know."""

from filter_policy.model import Role

# A169, S62: technical staff or another designated person agrees.
APPROVING = frozenset({Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER})
