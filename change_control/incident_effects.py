"""What a signed step does besides moving its case: with the second signature, or not at all."""

from collections.abc import Callable, Mapping

from audit_log.incident_model import Incident, Step
from change_control.desk import Actor
from change_control.sealing import Change

Effect = Callable[[Change, Incident, Step, Actor], None]
EFFECTS: Mapping[str, Effect] = {}


def apply_step(made: Change, case: Incident, step: Step, actor: Actor) -> None:
    """Raises ChangeError where it cannot be done: then nothing of the step is."""
    if effect := EFFECTS.get(step.act):
        effect(made, case, step, actor)
