"""A device that is evidence is shut off by one senior at once, and let go by two (S174)."""

from datetime import timedelta
from functools import partial

from change_control.desk import Desk
from change_control.incident_devices import MOST_HOURS, OURS, isolate
from change_control.incident_lines import write
from change_control.incidents import join, note, opened_case, to_illegal
from change_control.sealing import change
from filter_lists.names import parse_url
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.decide import decide
from filter_policy.model import Reason, Request
from tests.builders import NOON, a_person
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import is_whole, log_of, refused, somebody, the

HOUR = timedelta(hours=1)
DEVICE = "10.0.3.17"


def is_open(desk: Desk, device: str, now: object = NOON) -> bool:
    bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    request = Request(a_person(), parse_url("https://www.gov.uk/"), address=device)
    return decide(request, bundle.policy, now).reason is not Reason.ISOLATED  # type: ignore[arg-type]  # an instant


def test_one_senior_shuts_a_device_off_at_once_until_its_time(desk: Desk) -> None:
    case = a_case(desk)
    assert is_open(desk, DEVICE)
    case = isolate(desk, the(desk, "cora"), case.id, "::ffff:10.0.3.17", 2, "as it is", NOON)
    assert case_of(desk, case) == case
    assert not is_open(desk, DEVICE)
    assert is_open(desk, "10.0.3.18")
    assert not is_open(desk, DEVICE, NOON + 2 * HOUR - timedelta(seconds=1))
    assert is_open(desk, DEVICE, NOON + 2 * HOUR)
    assert is_whole(desk)


def test_what_the_log_holds_of_it_is_evidence(desk: Desk) -> None:
    case = isolate(desk, the(desk, "cora"), a_case(desk).id, DEVICE, 2, "as it is", NOON)
    (held,) = case.evidence
    assert (held.device, held.from_at, held.to_at) == (DEVICE, NOON - timedelta(days=7), NOON + 2 * HOUR)
    sealed = str([line.sealed for line in log_of(desk)])
    assert DEVICE not in sealed


def test_two_let_it_go_before_its_time(desk: Desk) -> None:
    case = isolate(desk, the(desk, "cora"), a_case(desk).id, DEVICE, 48, "as it is", NOON)
    step(desk, case, "release", isolation=case.isolated[0].id)
    assert is_open(desk, DEVICE)
    refused("wrong-state", lambda: step(desk, case, "release", isolation=case.isolated[0].id))


def test_it_is_shut_off_in_the_illegal_lane_too_and_stays_when_the_case_is_closed(desk: Desk) -> None:
    case = to_illegal(desk, the(desk, "cora"), a_case(desk).id, "a picture", NOON)
    isolate(desk, the(desk, "hedy"), case.id, DEVICE, 48, "for the police", NOON)
    other = isolate(desk, the(desk, "cora"), a_case(desk, "bullying").id, "10.0.3.18", 48, "r", NOON)
    step(desk, other, "close", outcome="no-concern")
    assert not is_open(desk, DEVICE)
    assert not is_open(desk, "10.0.3.18")
    let_go = step(desk, other, "release", now=NOON + HOUR, isolation=other.isolated[0].id)
    assert is_open(desk, "10.0.3.18", NOON + HOUR)
    assert let_go.closed_at == NOON  # the case itself was closed before


def test_longer_is_said_again_and_as_long_is_refused(desk: Desk) -> None:
    case = isolate(desk, the(desk, "cora"), a_case(desk).id, DEVICE, 2, "as it is", NOON)
    refused("wrong-state", lambda: isolate(desk, the(desk, "cora"), case.id, DEVICE, 1, "r", NOON))
    isolate(desk, the(desk, "cora"), case.id, DEVICE, 5, "longer", NOON)
    assert not is_open(desk, DEVICE, NOON + 4 * HOUR)


WRONG: tuple[tuple[str, int, str], ...] = (
    ("127.0.0.1", 1, "device"),
    ("::1", 1, "device"),
    ("::ffff:127.0.0.1", 1, "device"),
    ("0.0.0.0", 1, "device"),  # noqa: S104  # an address that is none
    ("224.0.0.1", 1, "device"),
    ("10.0.3.0/24", 1, "device"),
    ("anna's laptop", 1, "device"),
    (DEVICE, 0, "hours"),
    (DEVICE, MOST_HOURS + 1, "hours"),
    (DEVICE, True, "hours"),
)


def test_only_one_device_and_for_a_month_at_most(desk: Desk) -> None:
    case, cora = a_case(desk).id, the(desk, "cora")
    for device, hours, field in WRONG:
        verb = partial(isolate, desk, cora, case, device, hours, "r", NOON)
        told = refused("bad-input", verb)
        assert list(told.fields) == [field]
        assert (told.fields[field] == OURS) is ("127" in device or device == "::1")


def test_only_seniors_on_the_case_shut_a_device_off(desk: Desk) -> None:
    case = a_case(desk, "technical-breach", None)
    note(desk, the(desk, "terry"), case.id, "seen in the log", NOON)
    for who, code in (("terry", "wrong-role"), ("tess", "not-found"), ("gail", "wrong-role")):
        refused(code, lambda who=who: isolate(desk, the(desk, who), case.id, DEVICE, 1, "r", NOON))  # type: ignore[misc]  # bound at once
    join(desk, the(desk, "cora"), case.id, somebody(desk, "tess").id, NOON)
    assert isolate(desk, the(desk, "tess"), case.id, DEVICE, 1, "r", NOON).isolated


def test_a_line_of_a_case_is_a_hash_in_the_change_log_and_its_words_beside_it(desk: Desk) -> None:
    case = a_case(desk)
    with change(desk, NOON) as made:
        found = opened_case(made, the(desk, "cora"), "note", case.id)
        after = write(made, found, "note", the(desk, "cora"), {"text": "in the corridor"})
    assert [each.text for each in after.notes] == ["in the corridor"]
    line = log_of(desk)[-1]
    assert (line.event, line.object_id, set(line.detail)) == ("incident:note", case.id, {"incident", "facts"})
