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


SAYS = "is {state} already, so nobody can {act} it any more"
SAID = {
    State.WITHDRAWN: "taken back",
    State.REVOKED: "shut early",
    State.ENDED: "over",
    State.SUPERSEDED: "replaced by a later one",
}


class LifeCycleError(Exception):
    """This cannot happen to a change in this state."""

    def __init__(self, state: State, act: Act) -> None:
        waits = state is State.REQUESTED
        says = "is still waiting for an answer, so nobody can {act} it yet" if waits else SAYS
        super().__init__("it " + says.format(state=SAID.get(state, state), act=act))
        self.state = state
        self.act = act


def step(state: State, act: Act) -> State:
    """The next state. Raises LifeCycleError for every pair that is not in the table."""
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise LifeCycleError(state, act) from None
