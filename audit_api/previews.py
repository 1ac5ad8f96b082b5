"""What a proposal would have changed, told to whoever may know it.

Those who may approve see which sites, and how many people asked for each. A governor sees no site and no
group that at most three people stand behind: those are told together, and without the salt that would let
them be guessed. Nobody sees a person, or more of an address than its site.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from audit_api.answers import Instant, _Out
from audit_api.few import FEW
from audit_api.report_groups import OTHER, key_of, named
from audit_api.rights import APPROVING
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from change_control import preview
from change_control.preview import Report
from filter_policy.model import Policy

FIGURES = ("requests", "pages", "people")


class ProgressOut(_Out):
    done: int
    of: Annotated[int, Field(description="0 where it is not known yet")]


class PreviewOut(_Out):
    proposal: str
    state: Annotated[
        Literal["none", "running", "done", "not finished"],
        Field(description="of the last that was started; `report` is the newest that was finished"),
    ]
    days: int | None = None
    started_at: Instant | None = None
    progress: ProgressOut | None = None
    says: Annotated[str, Field(description="why it did not finish")] = ""
    sha256: Annotated[str | None, Field(description="of the whole report as RFC 8785 JSON")] = None
    made_at: Instant | None = None
    whole: Annotated[bool, Field(description="false: what few people stand behind is told together")] = False
    report: dict[str, Any] | None = None


def start(visit: Visit, proposal_id: str, days: int) -> PreviewOut:
    """Raises ChangeError or Problem."""
    visit.window.previews.start(proposal_id, days)
    return told(visit, proposal_id)


def told(visit: Visit, proposal_id: str) -> PreviewOut:
    job = visit.window.previews.of(proposal_id)
    with reading(visit.desk.engine) as conn:
        found = preview.newest(conn, proposal_id)
    whole = visit.reader.role in APPROVING
    made = PreviewOut(proposal=proposal_id, state="done" if found else "none", whole=whole)
    if found is not None:
        made.sha256, made.made_at = found.sha256, iso(found.made_at)
        made.report = found.report if whole else veiled(found.report, visit.window.bundle().policy)
    if job is not None:
        made.state, made.days, made.says = job.state, job.days, job.says
        made.started_at = iso_or_none(job.started_at)
        if job.state == "running":
            made.progress = ProgressOut(done=job.done, of=job.of)
    return made


def veiled(report: Report, policy: Policy) -> Report:
    """Without what few people stand behind."""
    shown = {name: value for name, value in report.items() if name != "salt"}
    return shown | {way: _turned(report[way], policy) for way in ("opens", "shuts")}


def _turned(turned: Mapping[str, Any], policy: Policy) -> Report:
    sites = [each for each in turned["sites"] if each["people"] > FEW]
    hidden = [each for each in turned["sites"] if each["people"] <= FEW]
    rest = turned["other_sites"]
    return {
        **turned,
        "people": turned["people"] if turned["people"] > FEW else None,
        "groups": _groups(turned["groups"], policy),
        "sites": sites,
        "other_sites": {
            "sites": rest["sites"] + len(hidden),
            **{name: rest[name] + sum(each[name] for each in hidden) for name in ("requests", "pages")},
        },
    }


def _groups(rows: list[Mapping[str, Any]], policy: Policy) -> list[Report]:
    """As in the month's report: sets of groups that few of these people have are told as one."""
    people = {key_of(each["filter_groups"]): each["people"] for each in rows if each["people"]}
    names = named([key_of(each["filter_groups"]) for each in rows], people, policy)
    sums: dict[str, Report] = {}
    for each in rows:
        name = names[key_of(each["filter_groups"])]
        groups = [OTHER] if name == OTHER else list(each["filter_groups"])
        one = sums.setdefault(name, {"filter_groups": groups, **dict.fromkeys(FIGURES, 0)})
        one |= {figure: one[figure] + each[figure] for figure in FIGURES}
    for one in sums.values():
        if 0 < one["people"] <= FEW:
            one["people"] = None
    return sorted(sums.values(), key=lambda one: (one["filter_groups"] == [OTHER], -one["requests"]))
