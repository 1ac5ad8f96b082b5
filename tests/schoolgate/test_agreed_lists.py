"""Nobody opens anything alone by editing lists on the server's disk: they are agreed on like the policy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit_log.db import reading
from audit_log.people import person_by_username
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.list_updates import Taken, Took, candidate_order, take_update, update_order
from change_control.lists import propose_lists
from change_control.proposal import Proposal
from change_control.proposals import approve
from change_control.publish import publish
from filter_lists.names import parse_url
from filter_lists.updating import run
from filter_policy.bundle import current_bundle, read_bundle
from schoolgate.doctor import lists_drift
from schoolgate.founding import Founder, found_school
from schoolgate.settings import Settings, load_settings
from schoolgate.telling import Failed
from schoolgate.wiring import open_desk, utc_now

CONFIG = Path(__file__).parents[2] / "config"
TWO = (Founder("tess", "Tess Tanner", "technician"), Founder("cora", "Cora Cole", "coordinator"))
LISTS = """\
lists:
  abuse: {category: child-sexual-abuse, format: plain, source: abuse.txt}
  bets: {category: gambling, format: plain, source: bets.txt}
"""
MORE = "  games: {category: gambling, format: plain, source: games.txt}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A school whose two people have enrolled."""
    (tmp_path / "lists.yaml").write_text(LISTS)
    (tmp_path / "abuse.txt").write_text("abuse.test\nmore-abuse.test\n")
    (tmp_path / "bets.txt").write_text("bets.test\n")
    (tmp_path / "games.txt").write_text("games.test\npoker.test\n")
    environ = {
        "SCHOOLGATE_STATE": str(tmp_path / "state"),
        "SCHOOLGATE_LISTS": str(tmp_path / "lists.yaml"),
    }
    made = load_settings(CONFIG, environ)
    with school(made) as desk:
        found_school(made, desk, TWO, utc_now())
        for code in sorted((made.state / "enrolment").glob("*.code")):
            enrol(desk, code.read_text(), "eleven-grey-owls", utc_now())
    return made


@contextmanager
def school(settings: Settings) -> Iterator[Desk]:
    """As it is after a restart."""
    desk = open_desk(settings)
    yield desk
    desk.engine.dispose()


def somebody(desk: Desk, username: str) -> Actor:
    with reading(desk.engine) as conn:
        found = person_by_username(conn, username)
    assert found is not None
    return Actor(found.id, found.role)


def propose(desk: Desk, settings: Settings, who: str = "tess") -> Proposal:
    """The lists on disk, as the worker builds them."""
    order = candidate_order(desk, utc_now())
    actor, built = somebody(desk, who), run(order)
    return propose_lists(desk, actor, built, order.text, "newer lists", utc_now(), base=order.base)


def update(desk: Desk) -> Taken:
    """As agreed, from what lies on disk: what the clock does every hour."""
    order = update_order(desk, None, utc_now())
    return take_update(desk, run(order), utc_now(), order=order)


def published(settings: Settings) -> str:
    return read_bundle(settings.state, current_bundle(settings.state) or "").lists


def test_a_list_edited_on_disk_opens_nothing_after_a_restart(settings: Settings) -> None:
    before = published(settings)
    (settings.lists.parent / "abuse.txt").write_text("more-abuse.test\n")

    with school(settings) as desk:
        publish(desk)
        assert desk.lists().lookup(parse_url("http://abuse.test/"))

    assert published(settings) == before


def test_a_list_edited_on_disk_opens_nothing_with_the_next_update(settings: Settings) -> None:
    """Two people agreed on no tolerance: what one person takes from a file waits for two."""
    before = published(settings)
    (settings.lists.parent / "bets.txt").write_text(
        "\n".join(f"bets{number}.test" for number in range(1, 99))
    )

    with school(settings) as desk:
        taken = update(desk)
        refused = pytest.raises(ChangeError, match="another person")
        with refused:
            approve(desk, somebody(desk, "cora"), taken.id or "", "fine", utc_now())

    assert (taken.took, published(settings)) == (Took.HELD, before)


def test_lists_yaml_edited_on_disk_says_nothing_of_an_update(settings: Settings) -> None:
    before = published(settings)
    settings.lists.write_text(LISTS.replace("bets.txt}", 'bets.txt, trust: {loses: "100%"}}'))
    (settings.lists.parent / "bets.txt").write_text("other-bets.test\n")

    with school(settings) as desk:
        assert update(desk).took is Took.HELD

    assert published(settings) == before


def test_the_start_of_a_school_compiles_nothing(settings: Settings) -> None:
    settings.lists.write_text("lists: {}")

    with school(settings) as desk:
        assert desk.lists().generation == published(settings)
        with pytest.raises(ChangeError, match="fault"):
            propose(desk, settings)


def test_edited_lists_come_into_force_when_a_second_person_agrees(settings: Settings) -> None:
    settings.lists.write_text(LISTS + MORE)
    with school(settings) as desk:
        asked = propose(desk, settings)
        assert not desk.lists().lookup(parse_url("http://poker.test/"))

        agreed = approve(desk, somebody(desk, "cora"), asked.id, "yes", utc_now())

        assert desk.lists().lookup(parse_url("http://poker.test/"))
        assert published(settings) == agreed.generation == desk.lists().generation
    (change,) = agreed.changes
    assert (change["list_id"], change["before"], change["after"]) == ("games", 0, 2)
    with school(settings) as desk:
        assert desk.lists().generation == published(settings)
        assert update(desk).took is Took.NOTHING


def test_one_entry_taken_for_another_is_told_too(settings: Settings) -> None:
    (settings.lists.parent / "bets.txt").write_text("other-bets.test\n")

    with school(settings) as desk:
        asked = propose(desk, settings, "cora")

    (change,) = asked.changes
    assert (change["list_id"], change["added"], change["removed"], change["after"]) == ("bets", 1, 1, 1)


@pytest.mark.parametrize(
    "lists",
    [LISTS.replace("child-sexual-abuse", "gambling"), "".join(LISTS.splitlines(keepends=True)[::2])],
)
def test_a_list_of_illegal_content_is_not_even_proposed_away(settings: Settings, lists: str) -> None:
    settings.lists.write_text(lists)

    with school(settings) as desk, pytest.raises(ChangeError, match="child-sexual-abuse") as refused:
        propose(desk, settings)

    assert refused.value.code == "refused"


def test_lists_with_faults_stop_no_school_that_runs_on_those_agreed(settings: Settings) -> None:
    before = published(settings)
    (settings.lists.parent / "bets.txt").unlink()

    with school(settings) as desk:
        publish(desk)
        with pytest.raises(ChangeError, match="bets"):
            propose(desk, settings)
        assert update(desk).took is Took.REFUSED

    assert published(settings) == before


def test_lists_agreed_on_that_are_missing_are_not_replaced_by_others(settings: Settings) -> None:
    before = published(settings)
    (settings.lists.parent / "bets.txt").write_text("other-bets.test\n")
    shutil.rmtree(settings.state / "lists" / before)

    with pytest.raises(Failed, match="missing or damaged"):
        open_desk(settings)

    assert published(settings) == before
    (settings.lists.parent / "bets.txt").write_text("bets.test\n")  # as they were
    with school(settings) as desk:
        assert desk.lists().generation == before


def test_lists_agreed_on_that_are_damaged_are_not_used(settings: Settings) -> None:
    generation = published(settings)
    (settings.lists.parent / "bets.txt").write_text("other-bets.test\n")
    names = settings.state / "lists" / generation / "names.marisa"
    names.chmod(0o600)
    names.write_bytes(names.read_bytes()[:-1] + b"?")

    with pytest.raises(Failed, match="missing or damaged"):
        open_desk(settings)


def test_the_doctor_tells_of_lists_that_are_not_those_in_force(settings: Settings) -> None:
    assert [each.fit for each in lists_drift(settings)] == [True]

    (settings.lists.parent / "bets.txt").write_text("other-bets.test\n")
    (found,) = lists_drift(settings)
    assert (found.fit, "differ from those in force" in found.says) == (False, True)
    settings.lists.write_text(LISTS + MORE)
    (found,) = lists_drift(settings)
    assert (found.fit, "differs from the one agreed on" in found.says) == (False, True)
