"""`schoolgate policy preview`: what a proposal would have changed, shown to whoever may know it."""

import json
from typing import Any

import pytest

from schoolgate.commands.preview import _show
from tests.running import Demo
from tests.schoolgate.conftest import Session

TURNED = {
    "requests": 12,
    "pages": 3,
    "people": None,
    "groups": [{"filter_groups": ["upper-ks2", "library"], "requests": 12, "pages": 3, "people": 5}],
    "sites": [{"site": "bet.test", "requests": 10, "pages": 2, "people": None}],
    "other_sites": {"sites": 2, "requests": 2, "pages": 1},
}
NOTHING = {
    "requests": 0,
    "pages": 0,
    "people": 0,
    "groups": [],
    "sites": [],
    "other_sites": {"sites": 0, "requests": 0, "pages": 0},
}
REPORT: dict[str, Any] = {
    "from": "2026-10-24T12:00:00.000000Z",
    "to": "2026-11-23T12:00:00.000000Z",
    "requests": 4000,
    "by_host_alone": 7,
    "without_a_name": 0,
    "answered_otherwise_then": 3,
    "not_by_the_policy": {"unblock": 5},
    "opens": TURNED,
    "shuts": NOTHING,
    "checks": {"asked": 1, "failing": ["upper-ks2 must not see bet.test"], "before": []},
}


def test_a_proposal_is_tried_out_and_its_report_shown(demo: Demo, session: Session) -> None:
    tess, cora = session("tess"), session("cora")
    text = demo.cli("policy", "show", session=tess).stdout + "# tried out\n"
    file = demo.state.parent / "tried.yaml"
    file.write_text(text.replace("gambling:", "gambling: {everyone: allowed} #", 1))
    proposed = demo.cli("policy", "propose", str(file), "--reason", "odds", "--json", session=tess)
    proposal = json.loads(proposed.stdout)["id"]

    shown = demo.cli("policy", "preview", proposal, session=cora)
    anew = demo.cli("policy", "preview", proposal, "--days", "7", "--json", session=cora)
    demo.cli("policy", "decline", proposal, "--reason", "only to try it", session=cora)

    assert shown.returncode == 0, shown.stderr
    assert "WOULD HAVE OPENED" in shown.stdout
    told = json.loads(anew.stdout)
    assert told["state"] == "done"
    assert told["sha256"] not in shown.stdout


def test_lists_that_are_not_there_cannot_be_tried_out(demo: Demo, session: Session) -> None:
    assert demo.cli("lists", "preview", "nosuch", session=session("cora")).returncode == 1


def test_a_report_without_what_few_people_did_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _show({"report": REPORT, "whole": False, "sha256": "0" * 64})

    said = capsys.readouterr()
    assert "upper-ks2, library  12        3      5" in said.out
    assert "bet.test  10        2      at most 3" in said.out
    assert "and 2 requests to 2 other sites" in said.out
    assert "would no longer hold: upper-ks2 must not see bet.test" in said.out
    assert "5 requests left out: unblock" in said.err
    assert "at most three people" in said.err
