"""Investigation mode: two seniors, one device, named sites, a short time, and nothing that is illegal."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.incident_devices import isolate
from change_control.incident_modes import MOST_MINUTES
from change_control.incidents import ask_step, classify, join, sign_step, to_illegal
from change_control.investigations import ask_mode, end_mode, is_running
from filter_lists.names import parse_url
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.decide import decide
from filter_policy.model import Listing, Reason, Request
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import events_of, is_whole, log_of, refused, somebody, the

MINUTE = timedelta(minutes=1)
DEVICE = "10.0.3.17"
RAW: dict[str, Any] = {
    "device": DEVICE,
    "sites": ["porn.test"],
    "minutes": 30,
    "reason": "what anna was shown",
}


def a_mode(desk: Desk, case: Incident, by: str = "cora", **more: Any) -> Incident:
    return ask_mode(desk, the(desk, by), case.id, RAW | more, NOON)


def opened(desk: Desk, case: Incident, **more: Any) -> Incident:
    asked = a_mode(desk, case, **more)
    return sign_step(desk, the(desk, "hedy"), case.id, asked.steps[-1].id, NOON)


def looked_into(desk: Desk, kind: str = "pupil-circumvention", **more: Any) -> Incident:
    return step(desk, a_case(desk, kind, **more), "investigate")


def answer(
    desk: Desk, who: str, address: str = DEVICE, now: datetime = NOON, host: str = "porn.test"
) -> Reason:
    """As a gate that has what is published would answer; the kind of site is locked."""
    bundle: Bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    listing = Listing("pornography", "pornography-list", host)
    person = replace(bundle.accounts[who].person, password_ends_at=None)  # nobody has chosen one here
    request = Request(person, parse_url(f"https://{host}/"), (listing,), address=address)
    return decide(request, bundle.policy, now).reason


def test_two_seniors_open_it_for_themselves_on_one_device_and_the_clock_ends_it(desk: Desk) -> None:
    case = opened(desk, looked_into(desk))
    assert answer(desk, "cora") is Reason.INVESTIGATION
    assert answer(desk, "hedy") is Reason.INVESTIGATION
    assert answer(desk, "cora", "10.0.3.18") is not Reason.INVESTIGATION
    assert answer(desk, "cora", host="gambling.test") is not Reason.INVESTIGATION
    assert answer(desk, "anna") is not Reason.INVESTIGATION
    assert answer(desk, "cora", now=NOON + 30 * MINUTE - timedelta(seconds=1)) is Reason.INVESTIGATION
    assert answer(desk, "cora", now=NOON + 30 * MINUTE) is not Reason.INVESTIGATION
    assert is_running(case.steps[-1], NOON)
    assert not is_running(case.steps[-1], NOON + 30 * MINUTE)
    assert "porn.test" not in str([line.sealed for line in log_of(desk)])
    assert is_whole(desk)


def test_nobody_opens_it_alone_nor_before_two_are_on_the_case(desk: Desk) -> None:
    refused("wrong-state", lambda: a_mode(desk, a_case(desk, "pupil-files")))
    case = looked_into(desk)
    waiting = a_mode(desk, case).steps[-1].id
    assert answer(desk, "cora") is not Reason.INVESTIGATION
    refused("same-person", lambda: sign_step(desk, the(desk, "cora"), case.id, waiting, NOON))
    refused("wrong-role", lambda: sign_step(desk, the(desk, "terry"), case.id, waiting, NOON))
    refused("not-found", lambda: sign_step(desk, the(desk, "tess"), case.id, waiting, NOON))


def test_one_of_them_ends_it_before_its_time(desk: Desk) -> None:
    case = opened(desk, looked_into(desk))
    running = case.steps[-1].id
    end_mode(desk, the(desk, "cora"), case.id, running, NOON + MINUTE)
    assert answer(desk, "cora", now=NOON + MINUTE) is not Reason.INVESTIGATION
    refused("wrong-state", lambda: end_mode(desk, the(desk, "cora"), case.id, running, NOON + MINUTE))
    other = opened(desk, case).steps[-1].id
    late = NOON + 31 * MINUTE
    refused("wrong-state", lambda: end_mode(desk, the(desk, "cora"), case.id, other, late))
    refused("wrong-state", lambda: end_mode(desk, the(desk, "cora"), case.id, case.steps[0].id, NOON))
    refused("not-found", lambda: end_mode(desk, the(desk, "tess"), case.id, other, NOON))


def test_what_may_be_illegal_is_looked_into_by_nobody(desk: Desk) -> None:
    case = opened(desk, looked_into(desk))
    to_illegal(desk, the(desk, "cora"), case.id, "a picture of abuse", NOON)
    assert answer(desk, "cora") is not Reason.INVESTIGATION
    refused("wrong-state", lambda: a_mode(desk, case_of(desk, case)))
    waiting = looked_into(desk, "pupil-files", about="ben")
    asked = a_mode(desk, waiting).steps[-1].id
    to_illegal(desk, the(desk, "cora"), waiting.id, "a picture of abuse", NOON)
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), waiting.id, asked, NOON))


def test_a_site_of_the_illegal_lists_is_refused_and_asking_leaves_its_line(desk: Desk) -> None:
    case, cora = looked_into(desk), the(desk, "cora")
    for number, site in enumerate(("abuse.test", "abuse.test/pictures", "*.abuse.test"), 1):
        refused("refused", partial(a_mode, desk, case, sites=["porn.test", site]))
        assert events_of(desk).count("illegal-list:probe") == number
    # Nor does the general way of asking for a step lead past it.
    raw = RAW | {"sites": ["abuse.test"]}
    refused("refused", lambda: ask_step(desk, cora, case.id, "mode", raw, NOON))
    assert [each.act for each in case_of(desk, case).steps] == ["investigate"]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"device": "10.0.3.0/24"}, "device"),
    ({"device": None}, "device"),
    ({"sites": []}, "sites"),
    ({"sites": ["com"]}, "sites"),
    ({"sites": [f"s{n}.example" for n in range(21)]}, "sites"),
    ({"minutes": 0}, "minutes"),
    ({"minutes": MOST_MINUTES + 1}, "minutes"),
    ({"minutes": "30"}, "minutes"),
    ({"minutes": True}, "minutes"),
    ({"people": ["p_nobody"]}, "people"),
    ({"people": "cora"}, "people"),
    ({"ends_at": "2030-01-01T00:00:00Z"}, "ends_at"),
    ({"reason": "x" * 3000}, "reason"),
)


def test_what_is_asked_for_is_short_and_named(desk: Desk) -> None:
    case, cora = looked_into(desk), the(desk, "cora")
    for raw, field in WRONG:
        told = refused("bad-input", partial(ask_mode, desk, cora, case.id, RAW | raw, NOON))
        assert list(told.fields) == [field]


def test_a_mode_needs_a_reason_like_any_step(desk: Desk) -> None:
    case = looked_into(desk)
    refused("bad-input", lambda: a_mode(desk, case, reason=" "))


def test_whom_it_is_for_sign_it_and_nobody_else(desk: Desk) -> None:
    case = looked_into(desk)
    tess = somebody(desk, "tess").id
    refused("bad-input", lambda: a_mode(desk, case, people=[somebody(desk, "cora").id, tess]))
    join(desk, the(desk, "cora"), case.id, tess, NOON)
    waiting = a_mode(desk, case, people=[somebody(desk, "cora").id, tess]).steps[-1].id
    refused("wrong-role", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    sign_step(desk, the(desk, "tess"), case.id, waiting, NOON)
    assert (answer(desk, "tess"), answer(desk, "cora")) == (Reason.INVESTIGATION,) * 2
    assert answer(desk, "hedy") is not Reason.INVESTIGATION


def test_a_mode_whose_time_is_over_is_signed_by_nobody(desk: Desk) -> None:
    case = looked_into(desk)
    waiting = a_mode(desk, case).steps[-1].id
    late = NOON + 30 * MINUTE
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, late))


def test_one_computer_serves_for_the_whole_procedure(desk: Desk) -> None:
    case = opened(desk, looked_into(desk))
    told = refused("bad-input", lambda: a_mode(desk, case, device="10.0.3.18"))
    assert DEVICE in told.fields["device"]
    after = opened(desk, case, device="10.0.3.18", deviation="the first one broke")
    assert after.steps[-1].facts["deviation"] == "the first one broke"


def test_the_device_itself_and_one_that_is_shut_off_are_not_looked_into(desk: Desk) -> None:
    case = looked_into(desk, device=DEVICE)
    refused("bad-input", lambda: a_mode(desk, case))
    assert opened(desk, case, deviation="it is the only one with the program").steps[-1].signed_at
    isolate(desk, the(desk, "cora"), case.id, "10.0.3.19", 1, "evidence", NOON)
    refused("bad-input", lambda: a_mode(desk, case, device="10.0.3.19", deviation="all the same"))


def test_a_device_is_spelled_in_one_way_however_it_was_sorted(desk: Desk) -> None:
    case = looked_into(desk)
    classify(desk, the(desk, "cora"), case.id, {"device": "::ffff:10.0.3.17"}, NOON)
    refused("bad-input", lambda: a_mode(desk, case))  # it is that device
    named = classify(desk, the(desk, "cora"), case.id, {"device": " his own telephone "}, NOON)
    assert named.device == "his own telephone"
    wrong = {"device": "x" * 101}
    refused("bad-input", lambda: classify(desk, the(desk, "cora"), case.id, wrong, NOON))
