"""Whoever owns the database and not the disk takes nobody back to before what this server has seen."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from audit_log.db import migrate, open_engine, reading, writing
from audit_log.tables import change_log, second_factor
from change_control.desk import Desk
from change_control.floor import FOLDER, SEEN, Floor, FloorFault, Seen
from change_control.proposals import approve, decline, withdraw
from change_control.publish import is_published, publish
from change_control.sealed_secrets import SealedSecrets
from change_control.setup import found
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON, POLICY
from tests.change_control.factored import has_one, with_factor
from tests.change_control.protected import school_in
from tests.change_control.put_back import anew, cut_back, older, put_back
from tests.change_control.school import FOUNDERS, asked_by, events_of, is_whole, refused, somebody, the

LATER = NOON + timedelta(minutes=5)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from school_in(request.param, request, tmp_path)


def length(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return conn.scalar(select(func.max(change_log.c.seq))) or 0


def below(desk: Desk) -> str:
    with reading(desk.engine) as conn:
        return desk.log_lines.vouched.below(conn)


def seen(desk: Desk) -> Seen:
    found_ = Floor(desk.state).seen()
    assert found_ is not None
    return found_


def test_after_each_change_the_disk_knows_how_long_the_log_is(desk: Desk) -> None:
    asked = asked_by(desk, "terry")
    first = seen(desk)
    withdraw(desk, the(desk, "terry"), asked, "no more", NOON)

    assert (first.size + 1, length(desk)) == (seen(desk).size, seen(desk).size)
    assert {path.stat().st_mode & 0o777 for path in (desk.state / FOLDER).iterdir()} == {0o600}
    assert len(list((desk.state / FOLDER).iterdir())) == 3  # no file of before is left


def test_a_log_cut_back_opens_nothing_and_still_asks_for_the_second_factor(either: Desk) -> None:
    asked = asked_by(either, "tess")
    size = length(either)
    with_factor(either, "terry", NOON)
    cut_back(either.engine, size)
    with writing(either.engine) as conn:
        conn.execute(delete(second_factor))
    again = anew(either)

    with capture_logs() as alarms:
        assert has_one(again, "terry")
        error = refused("refused", lambda: approve(again, the(again, "hedy"), asked, "fine", LATER))
        decline(again, the(again, "hedy"), asked, "no", LATER)

    assert "schoolgate changes restored" in error.says
    assert events_of(again)[-1] == "unblock:decline"
    assert seen(again).size == size + 1
    assert {"second_factor.log_is_damaged", "bundle.not_proven"} <= {each["event"] for each in alarms}


def test_a_process_that_runs_on_finds_it_too(desk: Desk) -> None:
    publish(desk)
    size = length(desk)
    asked = asked_by(desk, "tess")
    cut_back(desk.engine, size)

    with capture_logs():
        assert not is_published(desk)
        publish(desk)

    assert desk.published.unproven is not None
    assert f"no longer has entry {size + 1}" in desk.published.unproven.says
    assert is_published(desk)  # told once, until it changes
    refused("refused", lambda: approve(desk, the(desk, "hedy"), asked, "fine", LATER))


def test_the_newest_database_put_back_is_believed_again(desk: Desk, tmp_path: Path) -> None:
    before = older(desk, tmp_path / "before")
    with_factor(desk, "terry", NOON)
    newest = older(desk, tmp_path / "newest")
    put_back(desk, before)
    again = anew(desk)
    with capture_logs():
        publish(again)
    assert again.published.below

    put_back(desk, newest)

    assert not is_published(again)
    publish(again)
    assert (again.published.below, again.published.unproven) == ("", None)
    assert has_one(again, "terry")


def test_an_empty_database_is_no_school_to_be_founded_anew(desk: Desk, tmp_path: Path) -> None:
    asked_by(desk, "terry")
    empty = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    migrate(empty)
    empty.dispose()
    put_back(desk, tmp_path / "empty.sqlite")
    again = anew(desk)

    with capture_logs():
        refused("refused", lambda: found(again, POLICY, *FOUNDERS, LATER))

    assert length(again) == 0


def test_a_floor_behind_the_log_is_one_and_is_raised_at_the_next_look(desk: Desk, tmp_path: Path) -> None:
    """A process was killed between the change and the floor."""
    asked = asked_by(desk, "terry")
    shutil.copytree(desk.state / FOLDER, tmp_path / "behind")
    with_factor(desk, "terry", NOON)
    shutil.rmtree(desk.state / FOLDER)
    shutil.copytree(tmp_path / "behind", desk.state / FOLDER)
    again = anew(desk)
    assert seen(again).size < length(again)

    assert not below(again)

    assert seen(again).size == length(again)
    withdraw(again, the(again, "terry"), asked, "no more", LATER)
    assert is_whole(again)


def test_where_none_is_kept_yet_it_begins_with_what_is_there_and_says_so_once(desk: Desk) -> None:
    asked_by(desk, "terry")
    shutil.rmtree(desk.state / FOLDER)
    again = anew(desk)

    with capture_logs() as told:
        assert not below(again)
        assert not below(again)
        asked_by(again, "terry")

    assert [each["event"] for each in told].count("change_log.floor_begun") == 1
    assert seen(again).size == length(again)


def _cut_short(folder: Path) -> None:
    path = folder / SEEN
    path.write_bytes(path.read_bytes()[:-10])


def _another_size(folder: Path) -> None:
    path = folder / SEEN
    path.write_bytes(path.read_bytes().replace(b'"size": ', b'"size": 1'))


def _no_text(folder: Path) -> None:
    (folder / SEEN).write_bytes(b"\xff\x00" * 40)


def _a_folder(folder: Path) -> None:
    (folder / SEEN).unlink()
    (folder / SEEN).mkdir()


@pytest.mark.parametrize("damage", [_cut_short, _another_size, _no_text, _a_folder])
def test_a_damaged_floor_lets_nothing_be_opened_and_is_not_written_over(
    desk: Desk, damage: Callable[[Path], object]
) -> None:
    asked = asked_by(desk, "tess")
    damage(desk.state / FOLDER)
    again = anew(desk)

    with capture_logs():
        assert "is damaged or cannot be read" in below(again)
        refused("refused", lambda: approve(again, the(again, "hedy"), asked, "fine", LATER))
        decline(again, the(again, "hedy"), asked, "no", LATER)

    with pytest.raises(FloorFault):
        Floor(desk.state).seen()


def test_what_the_floor_tells_of_secrets_is_believed_only_whole(desk: Desk) -> None:
    with_factor(desk, "terry", NOON)
    size = length(desk)
    for path in (desk.state / FOLDER).iterdir():
        if path.name == seen(desk).secrets:
            path.write_bytes(path.read_bytes().replace(b'"factors": {', b'"factors": { '))
    assert not below(anew(desk))  # the log tells all of it
    cut_back(desk.engine, size - 1)

    assert below(anew(desk))
    with pytest.raises(FloorFault):
        Floor(desk.state).secrets(seen(desk))


def test_where_it_cannot_be_written_the_change_stands_and_it_is_tried_again(
    desk: Desk, tmp_path: Path
) -> None:
    """As on a full disk."""
    asked_by(desk, "terry")
    before = seen(desk).size
    hindrance = desk.state / FOLDER / f".{SEEN}.{os.getpid()}"
    hindrance.mkdir()
    with capture_logs() as told:
        asked_by(desk, "terry")
        asked_by(desk, "terry")

    assert (seen(desk).size, length(desk)) == (before, before + 2)
    assert [each["event"] for each in told].count("change_log.floor_not_written") == 1
    newest = older(desk, tmp_path / "newest")
    cut_back(desk.engine, before + 1)  # this process has seen more than is written there
    assert below(desk)
    with capture_logs():
        refused("refused", lambda: asked_by(desk, "terry"))
    put_back(desk, newest)
    hindrance.rmdir()
    assert not below(desk)
    assert seen(desk).size == before + 2


def test_a_log_that_went_on_otherwise_is_another_one(desk: Desk, tmp_path: Path) -> None:
    """An older database that a program without a floor has gone on with."""
    before = older(desk, tmp_path / "before")
    with_factor(desk, "terry", NOON)
    shutil.copytree(desk.state / FOLDER, tmp_path / "floor")
    put_back(desk, before)
    shutil.rmtree(desk.state / FOLDER)
    for _ in range(3):
        asked_by(anew(desk), "hedy")
    shutil.rmtree(desk.state / FOLDER)
    shutil.copytree(tmp_path / "floor", desk.state / FOLDER)
    again = anew(desk)

    with capture_logs():
        assert "are not those that this server has seen" in below(again)
        assert has_one(again, "terry")


def test_of_many_writers_none_takes_it_back(tmp_path: Path) -> None:
    def keep(size: int) -> None:
        Floor(tmp_path).keep(Seen(size, bytes(32), size.to_bytes(32), told=size), SealedSecrets())

    threads = [Thread(target=keep, args=(size,)) for size in (5, 9, 2, 12, 7, 3, 11, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = Floor(tmp_path).seen()
    assert kept is not None
    assert (kept.size, kept.leaf) == (12, (12).to_bytes(32))


WORDS = st.text("ab_1", min_size=1, max_size=4)


@settings(max_examples=20)
@given(
    st.builds(
        SealedSecrets,
        passwords=st.dictionaries(st.tuples(WORDS, st.sampled_from(("proxy", "console"))), WORDS),
        codes=st.dictionaries(WORDS, WORDS),
        factors=st.dictionaries(WORDS, WORDS),
        tokens=st.sets(WORDS),
        envelope=st.none() | st.tuples(WORDS, WORDS),
    )
)
def test_what_was_told_is_read_back_as_it_was(secrets: SealedSecrets) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Floor(Path(folder)).keep(Seen(3, bytes(32), bytes(32), told=2), secrets)
        again = Floor(Path(folder))
        kept = again.seen()

        assert kept is not None
        assert again.secrets(kept) == secrets


def test_the_floor_knows_somebody_by_id_alone(desk: Desk) -> None:
    with_factor(desk, "terry", NOON)

    content = b"".join(path.read_bytes() for path in (desk.state / FOLDER).iterdir())

    assert somebody(desk, "terry").id.encode() in content
    assert b"erry" not in content
