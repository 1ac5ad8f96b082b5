"""`schoolgate lists` through the API: other lists, newer lists, earlier lists, by whoever is signed in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Demo, Done
from tests.schoolgate.conftest import Session

TRUST = "trust: {loses: 100%, gains: 900%}"
OWN = f"  own-dice: {{category: gambling, format: plain, source: own-dice.txt, {TRUST}}}\n"
DICE = "https://dice.test/"


@pytest.fixture(scope="module")
def own(demo: Demo, session: Session) -> Iterator[Path]:
    """A list of the school's own, beside lists.yaml; proposed by Tess and agreed by Cora. Its file."""
    config = demo.state / "config"
    before = (config / "lists.yaml").read_text()
    (config / "own-dice.txt").write_text("one-dice.test\n")
    (config / "lists.yaml").write_text(before.replace("lists:\n", "lists:\n" + OWN, 1))
    agree(demo, session)
    yield config / "own-dice.txt"
    (config / "lists.yaml").write_text(before)
    agree(demo, session)  # and all is as it was


def agree(demo: Demo, session: Session) -> None:
    done = demo.cli("lists", "propose", "--reason", "our own", "--json", session=session("tess"))
    assert approve(demo, session, json.loads(done.stdout)["proposal"]).returncode == 0


def approve(demo: Demo, session: Session, proposal: str, who: str = "cora") -> Done:
    return demo.cli("lists", "approve", proposal, "--reason", "looked at it", session=session(who))


def listed(demo: Demo, site: str) -> list[str]:
    looked = demo.cli("lists", "lookup", site, "--json")
    return [each["list_id"] for each in json.loads(looked.stdout)["listings"]]


def test_nobody_agrees_with_himself_about_lists(demo: Demo, session: Session, own: Path) -> None:
    text = (own.parent / "lists.yaml").read_text()
    (own.parent / "lists.yaml").write_text(text + "# more\n")
    done = demo.cli("lists", "propose", "--reason", "more", session=session("tess"))
    assert "schoolgate lists approve" in done.stderr
    rows = json.loads(demo.cli("lists", "proposals", "--json", session=session("tess")).stdout)["rows"]

    alone = approve(demo, session, rows[0]["id"], "tess")
    assert (alone.returncode, "Nobody agrees with themselves" in alone.stderr) == (1, True)
    shown = demo.cli("lists", "show", rows[0]["id"], session=session("cora")).stdout
    assert shown.rstrip().endswith("# more")
    taken = demo.cli("lists", "withdraw", rows[0]["id"], "--reason", "no", session=session("tess"))
    assert "withdrawn" in taken.stdout
    (own.parent / "lists.yaml").write_text(text)


def test_an_update_comes_into_force_and_can_be_gone_back_on(demo: Demo, session: Session, own: Path) -> None:
    own.write_text("one-dice.test\ndice.test\n")
    done = demo.cli("lists", "update", session=session("tess"))

    assert done.returncode == 0, done.stderr
    assert "in-force" in done.stderr
    assert "own-dice" in done.stdout
    assert listed(demo, DICE) == ["own-dice"]

    back = demo.cli("lists", "rollback", "--reason", "a mistake", session=session("cora"))
    assert back.returncode == 0, back.stderr
    assert listed(demo, DICE) == []
    table = demo.cli("lists", "generations", session=session("cora")).stdout
    assert [line.split()[1] for line in table.splitlines()[1:4]] == ["rollback", "update", "proposal"]


def test_what_the_api_refuses_is_told(demo: Demo, session: Session, own: Path) -> None:
    unknown = demo.cli("lists", "update", "own-dices", session=session("tess"))
    nowhere = demo.cli("lists", "rollback", "ffff", "--reason", "back", session=session("tess"))

    assert (unknown.returncode, "no such list: own-dices" in unknown.stderr) == (1, True)
    assert (nowhere.returncode, "generation" in nowhere.stderr) == (1, True)


def test_a_lists_yaml_with_faults_is_refused_with_every_fault(
    demo: Demo, session: Session, own: Path
) -> None:
    text = (own.parent / "lists.yaml").read_text()
    (own.parent / "lists.yaml").write_text("lists:\n  a: {format: plian, source: none.txt}\n")
    done = demo.cli("lists", "propose", "--reason", "more", session=session("tess"))
    (own.parent / "lists.yaml").write_text(text)

    assert done.returncode == 1
    assert "plian" in done.stderr
    assert "category" in done.stderr
