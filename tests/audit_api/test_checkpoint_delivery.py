"""Checkpoints leave the server each morning, into a folder and by mail; nothing holds them up for good."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from audit_api.checkpoint_delivery import Delivering, overdue_ways
from audit_api.mail import MailServer, Ways
from audit_log.checkpoint import checkpoints, read_note
from audit_log.db import reading, writing
from audit_log.tables import break_glass
from change_control.checkpoint_delivery import ALARM, Delivery, deliveries
from change_control.in_force import parsed_policy
from change_control.proposals import approve, propose_policy, propose_unblock
from change_control.tightening import suspend
from tests.audit_api.mailed import Mailbox, a_mail_server
from tests.audit_api.school import School, an_ask
from tests.audit_api.test_changes import drop_guards
from tests.builders import NOON, POLICY

NOTIFY = """
notify:
  governor: [gail@home.test, gil@home.test]
  headteacher: [hedy@school.test]
  coordinator: [cora@school.test]
"""
TOLD = ["gail@home.test", "gil@home.test", "hedy@school.test"]
PUPIL_NAMES = re.compile(r"Anna|Akhtar|Ben Brown|Poole|Quick")


def with_addresses(school: School) -> School:
    """Two people agree on whom the filter tells."""
    asked = propose_policy(school.desk, school.actor("terry"), POLICY + NOTIFY, "governors asked", NOON)
    approve(school.desk, school.actor("hedy"), asked.id, "", NOON)
    return school


@contextmanager
def mailing(school: School, mailbox: Mailbox) -> Iterator[Delivering]:
    with a_mail_server(mailbox) as server:
        yield by_mail(school, server)


def by_mail(school: School, server: MailServer) -> Delivering:
    window = school.app.state.window
    window.ways = Ways(mail=server, console="https://filter.school.test")
    return Delivering(window)


def into(school: School, folder: Path) -> Delivering:
    window = school.app.state.window
    window.ways = Ways(folder=folder)
    return Delivering(window)


def known(school: School) -> dict[str, Delivery]:
    with reading(school.desk.engine) as conn:
        return deliveries(conn)


def newest(school: School) -> str:
    with reading(school.desk.engine) as conn:
        return checkpoints(conn, limit=1)[0].note


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def late(school: School) -> list[str]:
    with reading(school.desk.engine) as conn:
        policy = parsed_policy(conn)
        return list(overdue_ways(school.app.state.window, conn, policy, school.clock.now))


# Into a folder


def test_the_newest_checkpoint_lies_in_the_folder_as_it_was_signed(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    into(school, folder).look(NOON)
    note = newest(school)

    size = read_note(note).size
    assert files(folder) == [f"checkpoint-2026-11-24-{size}.txt"]
    assert (folder / f"checkpoint-2026-11-24-{size}.txt").read_text() == note
    assert (known(school)["folder"].size, known(school)["folder"].at) == (size, NOON)


def test_one_file_is_written_each_morning_and_none_is_written_over(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    delivering = into(school, folder)
    for hours in (0, 1, 10, 17.9, 18.1, 20, 42.5):  # noon, and the mornings of two days
        delivering.look(NOON + timedelta(hours=hours))
    days = [name[11:21] for name in files(folder)]

    assert days == ["2026-11-24", "2026-11-25", "2026-11-26"]


def test_a_folder_that_is_not_there_is_not_made_and_is_tried_again_each_hour(
    school: School, tmp_path: Path
) -> None:
    share = tmp_path / "share" / "checkpoints"
    delivering = into(school, share)
    delivering.look(NOON)
    assert "cannot be used" in str(known(school)["folder"].fault)

    share.mkdir(parents=True)
    delivering.look(NOON + timedelta(minutes=59))
    assert files(share) == []
    delivering.look(NOON + timedelta(minutes=61))
    assert len(files(share)) == 1
    assert known(school)["folder"].fault is None


def test_a_log_that_was_cut_off_contradicts_what_was_delivered(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    delivering = into(school, folder)
    delivering.look(NOON)
    size = known(school)["folder"].size
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("DELETE FROM change_log WHERE seq > 3"))
        conn.execute(text("DELETE FROM checkpoint WHERE size > 3"))
    tomorrow = NOON + timedelta(days=1)
    delivering.look(tomorrow)

    fault = f"a checkpoint of {size} entries was delivered, and the log has only 3"
    assert known(school)["folder"].fault == ALARM + fault
    assert fault in school.browser("gail")[0].get("/").text
    assert "schoolgate_checkpoint_delivery_failed 1" in school.nobody().get("/metrics").text
    assert known(school)["folder"].at == NOON
    assert len(files(folder)) == 2  # both, to be compared


def test_a_log_whose_past_was_changed_contradicts_what_was_delivered(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    delivering = into(school, folder)
    delivering.look(NOON)
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET leaf = prev WHERE seq = 2"))
    asked = propose_unblock(school.desk, school.actor("tess"), an_ask(), NOON)
    assert asked.id
    delivering.look(NOON + timedelta(days=1))

    assert "says otherwise, so the log was written anew since" in str(known(school)["folder"].fault)


def test_a_checkpoint_that_was_not_signed_here_goes_nowhere(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE checkpoint SET note = replace(note, 'schoolgate', 'elsewhere')"))
    into(school, folder).look(NOON)

    assert "not one that was signed here" in str(known(school)["folder"].fault)
    assert not folder.exists()


def test_what_somebody_left_in_the_folder_is_no_hindrance(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    folder.mkdir()
    (folder / "notes.txt").write_text("ask the office")
    (folder / "checkpoint-2026-11-24-0.txt").write_bytes(b"\xff\xfe")
    into(school, folder).look(NOON)

    assert known(school)["folder"].fault is None


# By mail


def test_governors_and_the_headteacher_each_get_a_letter_of_their_own(school: School) -> None:
    mailbox = Mailbox()
    with mailing(with_addresses(school), mailbox) as delivering:
        delivering.look(NOON)

    assert mailbox.told == TOLD
    for (to, letter), address in zip(mailbox.letters, TOLD, strict=True):
        assert (to, letter["To"], letter["Cc"], letter["Bcc"]) == ([address], address, None, None)
        others = set(TOLD) - {address}
        assert not any(other in letter.as_string() for other in others)


def test_the_letter_holds_the_note_what_happened_and_how_to_check(school: School) -> None:
    mailbox, day = Mailbox(), NOON + timedelta(days=1)
    with mailing(with_addresses(school), mailbox) as delivering:
        delivering.look(NOON)
        asked = propose_unblock(school.desk, school.actor("tess"), an_ask(), NOON)
        approve(school.desk, school.actor("terry"), asked.id, "fine", NOON)
        delivering.look(day)
    said = mailbox.text()

    before = known(school)["mail"].size
    assert f"has {before} entries." in said
    assert f"The last letter told of {before - 2} entries." in said
    assert "Entries since the last letter: 2\n- 2 about sites for lessons" in said
    approved = "Terry Tyler (technician) approved the request of Tess Taylor (staff)"
    assert f"{approved} to open racism-history.test for class 6B" in said
    assert "docs/verifying.md" in said
    assert "https://filter.school.test/changes" in said
    assert newest(school).strip() in said
    (attached,) = mailbox.letters[-1][1].iter_attachments()
    assert attached.get_filename() == f"checkpoint-{before}.txt"
    assert attached.get_content() == newest(school).encode()


def test_no_pupil_and_no_reason_stands_in_a_letter(school: School) -> None:
    anna = school.person("anna").id
    for_anna = an_ask("bet.test") | {"for": {"people": ["anna"]}, "reason": "Anna's essay"}
    asked = propose_unblock(school.desk, school.actor("tess"), for_anna, NOON)
    approve(school.desk, school.actor("terry"), asked.id, "for Anna", NOON)
    suspend(school.desk, school.actor("terry"), anna, None, "Anna looked", NOON)
    mailbox = Mailbox()
    with mailing(with_addresses(school), mailbox) as delivering:
        delivering.look(NOON)

    said = mailbox.text()
    assert not PUPIL_NAMES.search(said)
    assert anna not in said
    assert "bet.test" not in said
    assert "about enrolments, suspensions and accounts" in said


def test_an_address_that_is_refused_is_tried_again_and_the_others_are_left_in_peace(school: School) -> None:
    mailbox = Mailbox({"gil@home.test": "450 4.2.0 <gil@home.test> greylisted"})
    with mailing(with_addresses(school), mailbox) as delivering:
        delivering.look(NOON)
        fault = str(known(school)["mail"].fault)
        assert fault == "1 of 3 addresses did not take it: the mail server refused the address (450)"
        mailbox.refuses.clear()
        delivering.look(NOON + timedelta(minutes=30))
        delivering.look(NOON + timedelta(minutes=61))

    assert mailbox.told == ["gail@home.test", "hedy@school.test", "gil@home.test"]
    assert known(school)["mail"].fault is None


def test_a_mail_server_that_is_away_is_tried_again_and_overdue_after_a_day(school: School) -> None:
    with a_mail_server(Mailbox()) as server:
        pass
    delivering = by_mail(with_addresses(school), server)
    delivering.look(NOON)
    mail = known(school)["mail"]
    assert (mail.at, mail.size) == (None, 0)
    assert "cannot be reached" in str(mail.fault)
    assert late(school) == ["mail"]  # the school is older than a day, and nothing ever arrived

    mailbox = Mailbox()
    with a_mail_server(mailbox) as back:
        school.app.state.window.ways = Ways(mail=back)
        school.clock.forward(hours=2)
        delivering.look(school.clock.now)
    assert mailbox.told == TOLD
    assert late(school) == []
    school.clock.forward(hours=26.1)
    assert late(school) == ["mail"]


def test_a_broken_seal_is_told_at_once(school: School) -> None:
    mailbox = Mailbox()
    with mailing(with_addresses(school), mailbox) as delivering:
        delivering.look(NOON)
        used = NOON + timedelta(minutes=5)
        with writing(school.desk.engine) as conn:
            conn.execute(
                insert(break_glass).values(
                    id="b" * 16, code_hash="0" * 64, made_by="p_1", agreed_by="p_2", made_at=NOON,
                    used_at=used, used_by="p_3",
                )
            )  # fmt: skip
        delivering.look(used + timedelta(seconds=5))
        delivering.look(used + timedelta(seconds=10))

    assert mailbox.told == [*TOLD, *TOLD]


def test_without_an_address_or_a_server_there_is_no_mail_to_wait_for(school: School) -> None:
    mailbox = Mailbox()
    with mailing(school, mailbox) as delivering:
        delivering.look(NOON)

    assert mailbox.told == []
    assert known(school) == {}
    assert late(school) == []


def test_a_line_that_cannot_be_read_stops_no_letter(school: School) -> None:
    mailbox = Mailbox()
    drop_guards(with_addresses(school))
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET entry = CAST(x'ff7b' AS TEXT) WHERE seq = 4"))
    with mailing(school, mailbox) as delivering:
        delivering.look(NOON)

    assert mailbox.told == TOLD


def test_a_database_that_is_away_is_told_and_the_next_look_goes_on(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    delivering = into(school, folder)
    database = school.desk.state / "schoolgate.sqlite"
    school.desk.engine.dispose()
    database.rename(school.desk.state / "away")
    database.mkdir()
    delivering.look(NOON)
    database.rmdir()
    (school.desk.state / "away").rename(database)
    delivering.look(NOON)

    assert len(files(folder)) == 1


def test_a_time_of_delivery_that_lies_ahead_is_not_believed(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    with writing(school.desk.engine) as conn:
        far = "2099-01-01 00:00:00.000000"
        says = "INSERT INTO delivery (way, size, at, tried_at) VALUES ('folder', 9, :far, :far)"
        conn.execute(text(says), {"far": far})
    into(school, folder)
    assert late(school) == ["folder"]
    into(school, folder).look(NOON)

    assert late(school) == []
    assert len(files(folder)) == 1


def test_the_upkeep_of_the_window_delivers_by_itself(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    school.app.state.window.ways = replace(Ways(), folder=folder)
    with school.nobody():
        pass

    assert len(files(folder)) == 1


def test_an_envelope_row_that_was_made_unreadable_stops_no_morning(school: School) -> None:
    folder = school.desk.state / "checkpoints"
    with writing(school.desk.engine) as conn:
        says = (
            "INSERT INTO break_glass (id, code_hash, made_by, agreed_by, made_at, used_at, used_by)"
            " VALUES ('b', 'c', 'p_1', 'p_2', 'then', '!', 'p_3')"
        )
        conn.execute(text(says))
    into(school, folder).look(NOON)

    assert len(files(folder)) == 1
