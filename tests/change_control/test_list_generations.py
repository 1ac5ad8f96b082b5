"""Old generations go; none that somebody may still want, or that a gate may be reading."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit_log.db import reading
from change_control.list_generations import past_lists, remove_old_generations
from change_control.list_updates import Took, take_update, update_order
from change_control.lists import propose_held
from change_control.proposals import decline
from filter_lists.generations import FOLDER
from filter_policy.bundle import FOLDER as BUNDLES
from tests.builders import NOON
from tests.change_control.listed import FIRST, LISTS, Listed, some
from tests.change_control.school import is_whole, refused, row_of, the

LATER = NOON + timedelta(hours=2)


def on_disk(listed: Listed) -> set[str]:
    return {path.name for path in (listed.desk.state / FOLDER).iterdir() if len(path.name) == 64}


def grow(listed: Listed, times: int, first: int = 101) -> list[str]:
    """One entry more each time; the generations, the first of them that of the founding."""
    made = [listed.agreed.generation]
    for last in range(first, first + times):
        assert listed.updates({"bets": some("bet", *range(last))}).took is Took.IN_FORCE
        made.append(listed.agreed.generation)
    return made


def age_all(listed: Listed, at: datetime = NOON) -> str:
    """And one more was built a second later, which nobody names: the last."""
    last = listed.build({**FIRST, "learn": some("learn", *range(77))}).generation or ""
    for path in (listed.desk.state / FOLDER).iterdir():
        built = at.timestamp() + (path.name == last)
        os.utime(path, (built, built))
    return last


def forget_bundles(listed: Listed) -> None:
    """But for the one in force."""
    for path in (listed.desk.state / BUNDLES).iterdir():
        if path.name not in ("current", (listed.desk.state / BUNDLES / "current").read_text()):
            path.unlink()


def test_the_one_in_force_and_the_three_before_it_are_kept(listed: Listed) -> None:
    made = grow(listed, 6)
    last = age_all(listed)
    forget_bundles(listed)

    gone = remove_old_generations(listed.desk, LATER)

    assert on_disk(listed) == {*made[-4:], last}
    assert set(gone) == set(made[:-4])
    assert remove_old_generations(listed.desk, LATER) == ()
    assert not list((listed.desk.state / FOLDER).glob(".building-*"))
    assert is_whole(listed.desk)


def test_what_a_bundle_on_disk_names_is_kept_for_the_gate_that_reads_it(listed: Listed) -> None:
    made = grow(listed, 6)
    age_all(listed)

    gone = remove_old_generations(listed.desk, LATER)

    assert gone == tuple(made[:1])
    (listed.desk.state / BUNDLES / ("0" * 64)).write_text("no bundle at all")
    assert remove_old_generations(listed.desk, LATER) == ()


def test_what_waits_for_somebody_is_kept_until_it_is_decided(listed: Listed) -> None:
    waiting = listed.updates({"bets": some("bet", *range(20))}).id or ""
    held = row_of(listed.desk, waiting)["payload"]["generation"]
    asked = listed.proposes("terry", {"bets": some("bet", *range(30))}, LISTS)
    age_all(listed)
    forget_bundles(listed)

    assert remove_old_generations(listed.desk, LATER) == ()
    decline(listed.desk, the(listed.desk, "hedy"), waiting, "no", NOON)
    decline(listed.desk, the(listed.desk, "hedy"), asked.id, "no", NOON)

    assert set(remove_old_generations(listed.desk, LATER)) == {held, asked.generation}


def test_what_was_built_within_the_hour_is_kept_for_whoever_is_about_to_propose_it(listed: Listed) -> None:
    built = listed.build({**FIRST, "bets": some("bet", *range(20))}).generation or ""
    age_all(listed, NOON)

    assert remove_old_generations(listed.desk, NOON + timedelta(minutes=60)) == ()
    assert remove_old_generations(listed.desk, NOON + timedelta(minutes=61)) == (built,)


def test_what_was_built_and_has_gone_before_it_was_taken_is_refused(listed: Listed) -> None:
    order = update_order(listed.desk, (), NOON)
    built = listed.build({**FIRST, "bets": some("bet", *range(99))})
    before = listed.agreed
    age_all(listed)
    remove_old_generations(listed.desk, LATER)

    taken = take_update(listed.desk, built, LATER, order=order)

    assert (taken.took, listed.agreed) == (Took.REFUSED, before)
    assert "missing" in taken.says


def test_what_waits_and_is_lost_cannot_be_taken_up(listed: Listed) -> None:
    waiting = listed.updates({"bets": some("bet", *range(20))}).id or ""
    held: Path = listed.desk.state / FOLDER / row_of(listed.desk, waiting)["payload"]["generation"]
    held.rename(held.with_name("aside"))

    refused("refused", lambda: propose_held(listed.desk, the(listed.desk, "terry"), waiting, "why", NOON))


def test_the_way_back_names_each_generation_once_and_the_last_first(listed: Listed) -> None:
    made = grow(listed, 2)
    listed.goes_back("cora", made[1])

    with reading(listed.desk.engine) as conn:
        past = past_lists(conn, 10)

    assert [each.generation for each in past] == [made[2], made[0]]
    assert {each.config_text for each in past} == {LISTS}


@pytest.mark.parametrize("left", ["names.marisa", ".building-half"])
def test_what_is_no_generation_is_left_alone(listed: Listed, left: str) -> None:
    """But for what a killed program left half built."""
    path = listed.desk.state / FOLDER / left
    path.mkdir()
    age_all(listed)

    remove_old_generations(listed.desk, LATER)

    assert path.exists() is not left.startswith(".building")
