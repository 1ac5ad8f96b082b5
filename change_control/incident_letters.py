"""What is written to those who are told of an incident: the school's own words, or ours (S6, S177, S179)."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from string import Template

import yaml

from filter_policy.model import Policy

SUPPORT = "support"  # to nobody: what is done instead of a sanction
ANYBODY = "local-authority"  # the words for whom nobody has written any


@cache
def usual_letters() -> Mapping[str, str]:
    text = (resources.files("change_control") / "incident_letters.yaml").read_text("utf-8")
    found: Mapping[str, str] = yaml.safe_load(text)
    return found


def letter(policy: Policy, to: str, reference: str, now: datetime) -> str:
    """Filled in with the school, the day and the reference; any other $word stays as it is written."""
    usual = usual_letters()
    text = policy.incidents.letters.get(to) or usual.get(to, usual[ANYBODY])
    day = now.astimezone(policy.timetable.zone).date()
    told = {"school": policy.school, "reference": reference, "date": f"{day.day} {day:%B %Y}"}
    return Template(text).safe_substitute(told).strip()
