"""Anybody reports, without signing in: nobody learns who did, nothing is lost, and a flood buries nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from audit_api.rates import Rates
from audit_api.reporting import OF_ONE_ADDRESS, REST, is_ours, new_form, rest_after, wait_for
from audit_log.db import reading
from audit_log.incident_model import Incident
from audit_log.incidents import open_cases
from audit_log.tables import change_log
from change_control.proposals import approve, propose_policy
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School, problem_of
from tests.builders import NOON, POLICY

HIDDEN = re.compile(r'name="form" value="([^"]+)"')


def form_of(client: TestClient, ref: str = "") -> str:
    answer = client.get("/report", params={"ref": ref} if ref else {})
    assert answer.status_code == 200
    found = HIDDEN.search(answer.text)
    assert found
    return found[1]


def sent(school: School, **said: str) -> Any:
    client = school.nobody(headers={"Accept": "text/html"})
    return client.post("/report", data={"form": form_of(client)} | said)


def cases(school: School) -> list[Incident]:
    with reading(school.desk.engine) as conn:
        return open_cases(conn)


def test_a_child_reports_from_a_short_address(school: School) -> None:
    page = school.nobody().get("/report").text
    assert "Do not reply. Do not forward it." in page
    assert page.count("<label") == 3
    done = sent(school, happened="stranger", text="he wants a photo", name="Anna, 6B")

    assert (done.status_code, done.headers["location"]) == (303, "/report/thanks")
    (case,) = cases(school)
    (told,) = case.reports
    assert (case.kind, case.person_id, told.by) == ("unsorted", None, None)
    assert (told.source, told.happened) == ("short-address", "stranger")
    assert told.text == "he wants a photo\n(They say who they are: Anna, 6B)"
    thanks = school.nobody().get("/report/thanks").text
    assert "Do not reply" in thanks
    assert "0800 1111" in thanks


def test_whoever_saw_something_by_accident_says_so_from_the_block_page(school: School) -> None:
    anna = school.person("anna")
    row = a_row(anna, NOON - timedelta(minutes=3))
    store(school.desk.engine, [row])
    sent(school, happened="saw", ref=row["reference"])
    (case,) = cases(school)

    assert (case.person_id, case.reports[0].event_id) == (anna.id, row["event_id"])
    assert case.reports[0].self_reported
    assert case.reports[0].source == "block-page"


def test_the_answer_is_the_same_whatever_the_reference(school: School) -> None:
    row = a_row(school.person("anna"), NOON)
    store(school.desk.engine, [row])
    answers = []
    for ref in (row["reference"], "ZZZ-ZZZ", "../../etc", "x" * 5000, ""):  # the last two are none
        page = school.nobody().get("/report", params={"ref": ref})
        answers.append((page.status_code, HIDDEN.sub("", page.text).replace(ref or "-", "")))
        done = sent(school, happened="saw", text="it was horrible", ref=ref)
        assert (done.status_code, done.headers["location"], done.content) == (303, "/report/thanks", b"")
    assert {status for status, _ in answers} == {200}
    assert len({page for _, page in answers[:3]}) == 1
    assert '<option value="saw" selected>' in answers[0][1]
    assert sorted(case.person_id is None for case in cases(school)) == [False, *[True] * 4]


def test_no_line_of_the_change_log_says_who_reported_or_what(school: School) -> None:
    sent(school, happened="other", text="Cora reads our messages", name="Ben Brown")
    body = {"kind": "bullying", "text": "seen in the corridor", "person": "anna"}
    school.as_("tess").post("/api/v1/incidents/reports", json=body)
    with reading(school.desk.engine) as conn:
        asked = select(change_log.c.entry).where(change_log.c.entry.contains("incident:report"))
        lines = "".join(conn.scalars(asked).all())

    for secret in (school.person("tess").id, school.person("anna").id, "Ben", "messages", "bullying"):
        assert secret not in lines
    assert lines.count('"actor":"system"') == 2


def test_what_is_about_a_grown_up_is_for_the_headteacher_alone(school: School) -> None:
    sent(school, happened="grown-up", text="she rings me at home")
    (case,) = cases(school)

    assert (case.restricted, case.person_id, case.reports[0].text) == (True, None, "she rings me at home")


def test_the_same_form_sent_twice_is_one_report(school: School) -> None:
    client = school.nobody()
    said = {"form": form_of(client), "text": "they laughed at me", "happened": "unkind"}
    assert [client.post("/report", data=said).status_code for _ in range(2)] == [303, 303]
    assert len(cases(school)) == 1
    client.post("/report", data=said | {"text": "they laughed at me again"})
    assert len(cases(school)) == 2


def test_what_cannot_be_taken_yet_is_shown_again_and_not_thrown_away(school: School) -> None:
    client = school.nobody()
    old = form_of(client)
    nothing = client.post("/report", data={"form": old})
    assert (nothing.status_code, "please write a few words" in nothing.text) == (422, True)
    long = client.post("/report", data={"form": old, "text": "help " * 2000})
    assert (long.status_code, long.text.count("help ") > 1900) == (422, True)
    school.clock.forward(days=2)
    late = client.post("/report", data={"form": old, "text": "help me"})
    assert (late.status_code, "press Send once more" in late.text, "help me" in late.text) == (
        200,
        True,
        True,
    )
    forged = client.post("/report", data={"form": "x" * 40, "text": "help me"})
    assert "press Send once more" in forged.text
    assert cases(school) == []
    odd = sent(school, text="help\0me", happened="no such word", ref="AB\nC")
    assert odd.status_code == 303
    assert cases(school)[0].reports[0].text == "help?me"


def test_another_site_sends_nothing_in_a_childs_name(school: School) -> None:
    client = school.nobody()
    said = {"form": form_of(client), "text": "lies"}
    other = client.post("/report", data=said, headers={"Sec-Fetch-Site": "cross-site"})
    problem_of(other, 403, "cross-site")
    assert cases(school) == []


def test_when_too_much_came_it_is_said_in_words_with_where_else_to_turn(school: School) -> None:
    school.app.state.window.rates = Rates(clock=lambda: 0.0, factor=0.4)
    most = round(OF_ONE_ADDRESS.burst * 0.4)
    client = school.nobody()
    form = form_of(client)
    answers = [
        client.post("/report", data={"form": form, "text": f"lie {number}"}) for number in range(most + 1)
    ]
    elsewhere = TestClient(school.app, follow_redirects=False, client=("127.9.0.44", 5000))
    other = elsewhere.post("/report", data={"form": form, "text": "true"})

    assert {answer.status_code for answer in answers[:-1]} == {303}
    full = answers[-1]
    assert (full.status_code, full.headers["retry-after"]) == (429, "25")
    assert "Yours was not sent" in full.text
    assert "0800 1111" in full.text
    assert f"lie {most}" in full.text
    assert other.status_code == 303
    told = sorted(len(case.reports) for case in cases(school))
    assert (len(told), sum(told)) == (30, most + 1)  # the others became part of one case


def test_a_class_behind_one_unknown_address_gets_through_at_once() -> None:
    rates = Rates(clock=lambda: 0.0)
    waits = [wait_for(rates, "192.0.2.1") for _ in range(2 * 30)]  # each child twice

    assert set(waits) == {0}


def test_where_nothing_can_be_kept_who_reports_is_told_what_to_do(school: School) -> None:
    client = school.nobody()
    form = form_of(client)
    school.desk.engine.dispose()
    database = school.desk.state / "schoolgate.sqlite"
    database.rename(school.desk.state / "away")
    database.mkdir()
    answer = client.post("/report", data={"form": form, "text": "help me"})

    assert answer.status_code == 503
    assert "tell a grown-up now" in answer.text
    assert "help me" in answer.text


def test_a_form_of_another_school_is_not_ours(school: School) -> None:
    form = new_form(school.desk, NOON)

    assert is_ours(school.desk, form, NOON + timedelta(hours=23))
    assert not is_ours(school.desk, form, NOON + timedelta(hours=25))
    assert not is_ours(school.desk, form[:-4] + "AAAA", NOON)


@pytest.fixture(autouse=True)
def quickly(school: School) -> None:
    school.app.state.window.reporting.seconds = 0.001


def test_every_answer_takes_as_long() -> None:
    assert [spent + rest_after(spent) for spent in (0.01, 0.25)] == [pytest.approx(REST)] * 2
    assert 0.35 + rest_after(0.35) == pytest.approx(2 * REST)


def test_staff_report_in_the_console_and_leave_a_leader_out(school: School) -> None:
    browser, csrf = school.browser("tess")
    page = browser.get("/incidents/report")
    assert "Cora Clark, coordinator" in page.text
    form = {"csrf": csrf, "kind": "bullying", "text": "in the corridor", "person": "Anna Akhtar"}
    done = browser.post("/incidents/report", data=form | {"exclude": "cora", "place": "off-site"})
    assert (done.status_code, done.headers["location"]) == (303, "/incidents/report?done=reported")
    (case,) = cases(school)
    assert case.person_id == school.person("anna").id
    assert list(case.excluded) == [school.person("cora").id]

    wrong = browser.post("/incidents/report", data=form | {"text": "", "person": "Nobody Here"})
    assert wrong.status_code == 422
    assert "is nobody on the register" in wrong.text
    assert "Nobody Here" in wrong.text


def test_a_wrong_pick_is_told_beside_the_list_where_kinds_of_the_staff_say_so(school: School) -> None:
    browser, csrf = school.browser("cora")
    form = {"csrf": csrf, "kind": "staff-circumvention", "text": "in the corridor", "person": "Anna Akhtar"}
    for at in ("/incidents/report", "/incidents/new"):
        listed = browser.get(at).text
        assert ">Staff: Using proxy sites" in listed
        assert ">Using proxy sites" in listed
        wrong = browser.post(at, data=form)
        assert (wrong.status_code, "this is a kind of the table for staff" in wrong.text) == (422, True)
        assert "in the corridor" in wrong.text
    assert not cases(school)
    nobody = browser.post("/incidents/report", data=form | {"kind": "unsorted", "exclude": "tess"}).text
    assert "Who must not learn of it?</a> must be" in nobody


def test_a_technician_is_asked_about_a_breach_first(school: School) -> None:
    page = school.browser("terry")[0].get("/incidents/report").text

    assert '<option value="technical-breach" selected>' in page


def test_the_helplines_are_those_of_the_policy(school: School) -> None:
    assert "the school is not told" not in school.nobody().get("/report").text
    harbour = "{site: help.example, name: Somebody Listens, telephone: '0800 123', reason: help}"
    written = "{site: text.example, name: By Message, telephone: text SHOUT to 85258, reason: help}"
    text = f"{POLICY}safe_harbour:\n  - {harbour}\n  - {written}\n"
    asked = propose_policy(school.desk, school.actor("terry"), text, "help", NOON)
    approve(school.desk, school.actor("hedy"), asked.id, "", NOON)
    page = school.nobody().get("/report").text

    assert '<a href="https://help.example/" rel="noreferrer">Somebody Listens</a>' in page
    assert '<a href="tel:0800123">0800 123</a>' in page
    assert '<a href="sms:85258?body=SHOUT">text SHOUT to 85258</a>' in page
    assert "the school is not told that you went there" in page
