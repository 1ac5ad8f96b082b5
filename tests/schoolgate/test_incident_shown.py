"""What the second signer reads at the keyboard before they sign, in school time."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schoolgate.commands.incident_shown import Clock, put_queue, step_lines

CLOCK = Clock(ZoneInfo("Europe/London"))
CORA, HILDA, BEN = ({"name": name} for name in ("Cora Chen", "Hilda Hart", "Ben Burrows"))
CASE: dict[str, Any] = {
    "id": "c1",
    "about": "pupil",
    "lane": "inappropriate",
    "says": "Sharing passwords",
    "person": BEN,
    "opened_at": "2026-07-01T09:00:00Z",
    "isolated": [{"id": "i1", "device": "10.0.3.17"}],
}


def a_step(facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"asked_by": CORA, "asked_at": "2026-07-01T09:30:00Z", "reason": "as we saw"}
    undone = {"signed_by": None, "signed_at": None, "ended_at": None, "waits": "you"}
    return {"id": "s1", "says": "Decide on sanctions", "facts": facts, **asked, **undone, **more}


@pytest.mark.parametrize(
    ("facts", "label", "says"),
    [
        ({"actions": ["warning", "parents"]}, "actions", "Warning; Inform parents or carers"),
        ({"suggested": []}, "suggested", "nothing"),
        ({"responses": ["police"]}, "response", "Police"),
        ({"removal": {"until": "2026-07-08T14:00:00Z"}}, "removed until", "Wed 8 Jul 2026, 15:00"),
        ({"outcome": "no-blame"}, "outcome", "No blame"),
        ({"substance": False}, "substance", "no"),
        ({"isolation": "i1"}, "device", "10.0.3.17"),
        ({"sites": ["a.example"], "ends_at": "2026-07-01T10:00:00Z"}, "until", "Wed 1 Jul 2026, 11:00"),
    ],
)
def test_each_fact_of_a_step_is_shown_in_words_and_in_school_time(
    facts: dict[str, Any], label: str, says: str
) -> None:
    lines = dict(step_lines(CASE, a_step(facts), CLOCK))
    assert lines[f"  {label}"] == says
    assert lines["step"] == "s1 Decide on sanctions: waits for you"
    assert lines["  asked by"] == "Cora Chen, Wed 1 Jul 2026, 10:30"


def test_a_step_that_two_signed_names_both_and_one_that_ended_early_says_so() -> None:
    signed = {"signed_by": HILDA, "signed_at": "2026-07-01T10:00:00Z", "waits": None}
    lines = dict(step_lines(CASE, a_step({}, **signed), CLOCK))
    assert (lines["step"], lines["  signed by"]) == (
        "s1 Decide on sanctions: signed by two",
        "Hilda Hart, Wed 1 Jul 2026, 11:00",
    )
    over = {"ended_at": "2026-07-01T10:20:00Z", "waits": None}
    for more, says in (
        (signed | over, "ended early Wed 1 Jul 2026, 11:20"),
        (over | {"ended_by": CORA}, "taken back by Cora Chen Wed 1 Jul 2026, 11:20"),
        ({"waits": None}, "nobody signed it in time"),
    ):
        assert dict(step_lines(CASE, a_step({}, **more), CLOCK))["step"] == f"s1 Decide on sanctions: {says}"


def test_the_queue_says_about_whom_in_which_lane_and_who_asked(capsys: pytest.CaptureFixture[str]) -> None:
    waits = [{"case": CASE, "step": a_step({})}]
    put_queue({"overdue": [], "to_sign": waits, "asked": [], "new": [CASE]}, CLOCK)
    _, to_sign, new = capsys.readouterr().out.splitlines()
    for word in ("to sign", "inappropriate", "Ben Burrows", "Cora Chen", "Wed 1 Jul 2026, 10:30"):
        assert word in to_sign
    assert ("Ben Burrows" in new, "Wed 1 Jul 2026, 10:00" in new) == (True, True)
