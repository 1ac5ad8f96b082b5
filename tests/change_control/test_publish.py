"""From the database to the gates: the same content has the same name, and a failure is made good."""

import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock, Thread

import pytest
from structlog.testing import capture_logs

from audit_log.change_log import append
from audit_log.db import reading, writing
from change_control.desk import Desk, Published
from change_control.looks import record_look
from change_control.openings import open_for_class
from change_control.proposals import approve, revoke, withdraw
from change_control.publish import KEPT, is_published, publish, publish_if_needed, read_open
from filter_lists.index import Index
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON
from tests.change_control.listed import LISTS, Listed, some
from tests.change_control.school import an_empty_desk, asked_by, events_of, lists, row_of, the


def in_force(desk: Desk) -> Bundle:
    return read_bundle(desk.state, current_bundle(desk.state) or "")


def approved(desk: Desk) -> str:
    asked = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)
    return asked


def test_approving_and_revoking_reach_the_bundle(desk: Desk) -> None:
    asked = approved(desk)
    assert [each.id for each in in_force(desk).policy.unblocks] == [asked]

    revoke(desk, the(desk, "cora"), asked, "moved", NOON)

    assert in_force(desk).policy.unblocks == ()


def test_the_bundle_is_what_is_in_the_database(desk: Desk) -> None:
    approved(desk)
    open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)

    bundle = in_force(desk)
    with reading(desk.engine) as conn:
        found = read_open(conn)

    assert bundle.policy_text == found.policy_text
    assert bundle.policy.unblocks == found.unblocks
    assert bundle.policy.openings == found.openings
    assert sorted(bundle.accounts) == ["anna", "ben", "cora", "gail", "gus", "hedy", "terry", "tess"]
    assert bundle.accounts["anna"].password_hash == found.accounts[0].password_hash
    assert bundle.lists == lists().generation


def test_the_same_content_has_the_same_name(desk: Desk) -> None:
    first = publish(desk)
    again = Desk(desk.engine, desk.state, desk.key, desk.lists)

    assert publish(again) == first == current_bundle(desk.state)


def test_what_is_over_leaves_the_bundle_with_the_next_change(desk: Desk) -> None:
    approved(desk)
    open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON + timedelta(hours=2))

    assert in_force(desk).policy.unblocks == ()


def test_gates_are_not_told_of_what_opens_nothing(desk: Desk) -> None:
    before = current_bundle(desk.state)
    assert publish_if_needed(desk) == before
    told = (desk.state / "bundle" / "current").stat().st_mtime_ns

    asked = asked_by(desk, "tess")
    withdraw(desk, the(desk, "tess"), asked, "", NOON)
    record_look(desk, the(desk, "cora"), None, "with names", "a worry", NOON)

    assert is_published(desk)
    assert (desk.state / "bundle" / "current").stat().st_mtime_ns == told
    assert desk.published.of == (len(events_of(desk)), lists().generation)


def test_every_line_that_is_not_known_to_be_quiet_is_told(desk: Desk) -> None:
    publish(desk)
    with writing(desk.engine) as conn:  # another process of ours
        append(conn, at=NOON, event="somebody:acts", actor="p_1", role="technician", object_id="x")

    assert not is_published(desk)


def test_only_the_owner_reads_what_is_published(desk: Desk) -> None:
    name = publish(desk)

    assert stat.S_IMODE((desk.state / "bundle" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((desk.state / "publish.lock").stat().st_mode) == 0o600


def break_publishing(desk: Desk) -> Path:
    """A file where the folder should be."""
    aside = (desk.state / "bundle").rename(desk.state / "aside")
    (desk.state / "bundle").touch()
    return aside


def test_a_failed_publication_leaves_the_change_and_raises_an_alarm(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    break_publishing(desk)

    with capture_logs() as alarms:
        approve(desk, the(desk, "terry"), asked, "fine", NOON)

    assert row_of(desk, asked)["state"] == State.APPROVED
    assert events_of(desk)[-1] == "unblock:approve"
    assert [(each["event"], each["log_level"]) for each in alarms] == [("bundle.publish_failed", "error")]
    assert (alarms[0]["error"], alarms[0]["why"]) == ("NotADirectoryError", "Not a directory")
    assert not {word for word in ("anna", "argon2") if word in repr(alarms)}


def test_a_failed_publication_is_made_good_when_it_can_be(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    aside = break_publishing(desk)
    with capture_logs():
        approve(desk, the(desk, "terry"), asked, "fine", NOON)
    with pytest.raises(OSError, match="bundle"):
        publish_if_needed(desk)

    (desk.state / "bundle").unlink()
    aside.rename(desk.state / "bundle")

    assert publish_if_needed(desk) == current_bundle(desk.state)
    assert [each.id for each in in_force(desk).policy.unblocks] == [asked]
    assert publish_if_needed(desk) is None


def test_a_new_process_publishes_at_its_start(desk: Desk) -> None:
    fresh = an_empty_desk(desk.state)
    assert not is_published(fresh)

    publish_if_needed(fresh)

    assert is_published(fresh)
    fresh.engine.dispose()


def test_lists_that_nobody_agreed_on_are_not_published(listed: Listed) -> None:
    before = listed.agreed.generation
    listed.proposes("terry", {"bets": ["new.test"]}, LISTS)
    listed.updates({"bets": ["newer.test"]})

    publish(listed.desk)

    assert in_force(listed.desk).lists == before


def test_the_gates_hear_of_lists_in_force_and_not_of_those_that_wait(listed: Listed) -> None:
    listed.updates({"bets": ["new.test"]})
    assert is_published(listed.desk)
    bundle = current_bundle(listed.desk.state)

    listed.updates({"bets": some("bet", *range(99))})

    assert is_published(listed.desk)
    assert current_bundle(listed.desk.state) != bundle


def test_a_log_that_was_cut_is_no_reason_not_to_publish(desk: Desk) -> None:
    publish(desk)
    desk.published.of = (len(events_of(desk)) + 10, lists().generation)

    assert not is_published(desk)


def test_lists_that_cannot_be_opened_change_nothing_in_force(desk: Desk) -> None:
    def broken() -> Index:
        raise OSError("the lists are gone")

    before = current_bundle(desk.state)
    with pytest.raises(OSError, match="gone"):
        publish(Desk(desk.engine, desk.state, desk.key, broken))

    assert current_bundle(desk.state) == before


def test_a_damaged_bundle_in_force_is_written_anew(desk: Desk) -> None:
    name = publish(desk)
    (desk.state / "bundle" / name).write_bytes(b"{}")

    with capture_logs() as alarms:
        assert publish(desk) == name

    assert read_bundle(desk.state, name).accounts
    assert alarms[0]["event"] == "bundle.damaged"


@pytest.mark.parametrize("named", ["an older one", "x", "../../\x00", "\udcff", "../keys/anything"])
def test_whoever_names_another_bundle_is_overruled_and_told_of(desk: Desk, named: str) -> None:
    older = publish(desk)
    approved(desk)
    mine = current_bundle(desk.state)
    current = desk.state / "bundle" / "current"
    secret = desk.state / "keys" / "anything"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("not a bundle")
    written = older if named == "an older one" else named
    current.write_bytes(written.encode("utf-8", "surrogateescape"))

    assert not is_published(desk)
    with capture_logs() as logs:
        assert publish_if_needed(desk) == mine == current_bundle(desk.state)

    assert [each["event"] for each in logs] == ["bundle.current_was_changed"]
    assert is_published(desk)
    assert secret.exists()


def test_another_process_that_publishes_the_same_or_more_is_no_alarm(desk: Desk) -> None:
    publish(desk)
    other = replace(desk, published=Published(), publish_lock=Lock())
    approved(other)

    assert not is_published(desk)
    with capture_logs() as logs:
        publish_if_needed(desk)
        publish_if_needed(other)

    assert logs == []


def test_old_bundles_and_what_a_dead_process_left_are_removed(desk: Desk) -> None:
    folder = desk.state / "bundle"
    for number in range(KEPT + 4):
        old = folder / f"{number:064x}"
        old.touch()
        os.utime(old, (number, number))
    (folder / ".half.123").touch()

    name = publish(desk)

    kept = {path.name for path in folder.iterdir()}
    of_this_one = {name, f"{name}.proof", "current", "change-log.pub"}
    assert of_this_one < kept
    assert len([each for each in kept if len(each) == len(name)]) == KEPT + 1
    assert ".half.123" not in kept


def test_many_publishers_at_once_agree(desk: Desk) -> None:
    approved(desk)
    desks = [Desk(desk.engine, desk.state, desk.key, desk.lists) for _ in range(4)]
    names: list[str] = []
    threads = [Thread(target=lambda each=each: names.append(publish(each))) for each in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(names) == {current_bundle(desk.state)}
    assert len(names) == 4
