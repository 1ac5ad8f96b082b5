"""The life of a change, whatever its kind: everything that may happen to it stands in this table."""

from enum import StrEnum


class State(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    REVOKED = "revoked"
    ENDED = "ended"
    SUPERSEDED = "superseded"


class Act(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    REVOKE = "revoke"
    END = "end"
    SUPERSEDE = "supersede"


TRANSITIONS = {
    (State.REQUESTED, Act.APPROVE): State.APPROVED,
    (State.REQUESTED, Act.DECLINE): State.DECLINED,
    (State.REQUESTED, Act.WITHDRAW): State.WITHDRAWN,
    (State.REQUESTED, Act.LAPSE): State.LAPSED,
    (State.REQUESTED, Act.SUPERSEDE): State.SUPERSEDED,  # an update that waits, when a newer one comes
    (State.APPROVED, Act.REVOKE): State.REVOKED,
    (State.APPROVED, Act.END): State.ENDED,
    (State.APPROVED, Act.SUPERSEDE): State.SUPERSEDED,
}


class LifeCycleError(Exception):
    """This cannot happen to a change in this state."""

    def __init__(self, state: State, act: Act) -> None:
        super().__init__(f"a change that is {state} cannot be met with {act}")
        self.state = state
        self.act = act


def step(state: State, act: Act) -> State:
    """The next state. Raises LifeCycleError for every pair that is not in the table."""
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise LifeCycleError(state, act) from None
