"""A code works once, to choose a password."""

from threading import Barrier, Thread

from audit_log.passwords import sealed_hash, verify_password
from change_control.codes import code_file
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.proposals import propose_unblock
from tests.builders import NOON
from tests.change_control.school import an_ask, events_of, log_of, refused, somebody, the

Founded = tuple[Desk, dict[str, str]]
GOOD = "three-grey-owls"


def test_enrolling_sets_the_console_password_and_leaves_a_line(founded: Founded) -> None:
    desk, codes = founded

    enrolled = enrol(desk, codes["terry"].lower(), GOOD, NOON)

    terry = somebody(desk, "terry")
    assert enrolled == terry
    assert verify_password(terry.console_hash, GOOD)
    assert not terry.console_must_change
    assert terry.password_hash is None
    line = log_of(desk)[-1]
    told = {"enrolled": 1, "hashes": {"console": sealed_hash(terry.console_hash or "")}}
    assert (line.event, line.actor, line.detail) == ("person:enrol", terry.id, told)
    assert not code_file(desk.state, "terry").exists()


def test_a_code_works_once(founded: Founded) -> None:
    desk, codes = founded
    enrol(desk, codes["terry"], GOOD, NOON)

    refused("not-found", lambda: enrol(desk, codes["terry"], "another-good-one", NOON))
    assert verify_password(somebody(desk, "terry").console_hash, GOOD)


def test_a_wrong_code_says_no_more_than_that(founded: Founded) -> None:
    for code in ("", "ABCD", "x" * 1000):
        assert not refused("not-found", lambda code=code: enrol(founded[0], code, GOOD, NOON)).fields  # type: ignore[misc]  # bound at once


def test_a_weak_password_does_not_use_the_code_up(founded: Founded) -> None:
    desk, codes = founded

    assert "password" in refused("bad-input", lambda: enrol(desk, codes["terry"], "short", NOON)).fields

    enrol(desk, codes["terry"], GOOD, NOON)


def test_the_browsing_password_may_be_chosen_at_once_and_is_another(founded: Founded) -> None:
    desk, codes = founded
    same = refused("bad-input", lambda: enrol(desk, codes["terry"], GOOD, NOON, proxy_password=GOOD))
    assert set(same.fields) == {"proxy_password"}

    enrol(desk, codes["terry"], GOOD, NOON, proxy_password="four-quiet-geese")

    assert verify_password(somebody(desk, "terry").password_hash, "four-quiet-geese")


def test_one_of_two_is_not_enough_and_both_are(founded: Founded) -> None:
    desk, codes = founded
    enrol(desk, codes["terry"], GOOD, NOON)
    refused("not-established", lambda: propose_unblock(desk, the(desk, "terry"), an_ask(), NOON))

    enrol(desk, codes["hedy"], "seven-tall-ships", NOON)

    whom = {"filter_groups": ["upper-ks2"]}  # nobody is in a class yet
    asked = propose_unblock(desk, the(desk, "terry"), an_ask(**{"for": whom}), NOON)

    assert asked.state == "requested"


def test_one_code_typed_twice_at_once_is_used_once(founded: Founded) -> None:
    desk, codes = founded
    together, won = Barrier(2), list[str]()

    def try_it(password: str) -> None:
        together.wait()
        try:
            enrol(desk, codes["terry"], password, NOON)
            won.append(password)
        except ChangeError as error:
            assert error.code == "not-found"

    threads = [Thread(target=try_it, args=(f"three-grey-owls-{number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert events_of(desk).count("person:enrol") == 1
    assert verify_password(somebody(desk, "terry").console_hash, won[0])
