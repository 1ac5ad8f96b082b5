"""Pages of incidents: what was not done is told where it was asked, and nothing that was written is lost."""

import re

from tests.audit_api.cases import a_case, posted, stepped
from tests.audit_api.school import School
from tests.audit_api.test_console import visible
from tests.audit_api.test_console_incidents import Hand


def test_a_form_that_was_not_done_keeps_all_that_was_written_and_stands_open(school: School) -> None:
    cora, at = Hand(school, "cora"), f"/incidents/{a_case(school).id}"
    refer = {"code": "", "to": "the police in town", "reference": "LN-7", "reason": "a long reason"}
    cora.refused(f"{at}/refer", **refer)
    shown = cora.browser.post(f"{at}/refer", data={"csrf": cora.csrf, **refer}).text
    for said in list(refer.values())[1:]:
        assert f'value="{said}"' in shown
    assert "<details open><summary>Note that it was referred" in shown
    assert shown.count("<details open") == 1
    assert 'id="p-code-error"' in shown
    assert '<select id="p-code" name="code" required' in shown
    asked = {"act": "close", "outcome": "", "reason": "told twice"}
    shown = cora.browser.post(f"{at}/steps", data={"csrf": cora.csrf, **asked}).text
    assert 'id="close-outcome-error"' in shown
    assert 'value="told twice"' in shown
    assert '<option value="">Choose one</option>' in shown
    asked = {"person": "anna", "from": "2026-11-24T11:30", "to": "never", "why": "what it shows"}
    shown = cora.browser.post(f"{at}/evidence", data={"csrf": cora.csrf, **asked}).text
    assert 'value="2026-11-24T11:30"' in shown
    assert 'value="what it shows"' in shown


def test_what_may_be_illegal_comes_first_and_the_way_to_stop_stands_on_top(school: School) -> None:
    first, second = a_case(school), a_case(school, about="ben")
    cora = Hand(school, "cora")
    top, _, rest = cora.page(f"/incidents/{second.id}").partition("<dt>About</dt>")
    assert "It may be illegal: stop looking at it" in top
    assert "stop looking at it" not in rest
    cora.send(f"/incidents/{second.id}/illegal", "halted", reason="a picture")
    new = cora.page("/incidents").partition('id="h-new"')[2].partition('id="h-all"')[0]
    assert new.index(second.id) < new.index(first.id)
    assert "A new incident may be illegal" in visible(cora.page("/"))


def test_a_step_that_waits_in_a_closed_case_is_in_the_queue(school: School) -> None:
    case = a_case(school)
    stepped(school, case.id, "close", outcome="duplicate")
    posted(school, "cora", case.id, "steps", act="reopen", reason="more was found")

    assert "1 for your signature" in visible(Hand(school, "hedy").page("/incidents"))
    assert "1 for your signature" in visible(Hand(school, "hedy").page("/"))
    assert "Signed by you" in visible(Hand(school, "cora").page("/incidents"))


def test_who_lets_a_device_on_again_sees_which_and_the_other_can_be_asked_for(school: School) -> None:
    cora, at = Hand(school, "cora"), f"/incidents/{a_case(school).id}"
    for device in ("10.0.3.17", "10.0.3.18"):
        cora.send(f"{at}/isolate", "shut-off", device=device, hours="5", reason="x")
    ids = re.findall(r'name="isolation" value="(\w+)"', cora.page(at))
    assert len(ids) == 2
    cora.send(f"{at}/steps", "signed-first", act="release", isolation=ids[0], reason="cleaned")
    hedy = Hand(school, "hedy").page(at)
    waits = visible(hedy.partition('aria-label="A step that waits"')[2].partition("</section>")[0])
    assert "10.0.3.17" in waits
    assert "10.0.3.18" not in waits
    assert re.findall(r'name="isolation" value="(\w+)"', hedy) == ids[1:]
    cora.send(f"{at}/steps", "signed-first", act="release", isolation=ids[1], reason="cleaned too")
    assert Hand(school, "hedy").page(at).count('aria-label="A step that waits"') == 2


def test_the_page_says_why_a_case_cannot_be_closed_yet(school: School) -> None:
    cora, case = Hand(school, "cora"), a_case(school)
    at = f"/incidents/{case.id}"
    assert "cannot be closed yet" not in cora.page(at)
    stepped(school, case.id, "investigate")
    assert "first two of you decide whether the concern has substance" in visible(cora.page(at))
    cora.send(f"{at}/illegal", "halted", reason="a picture")
    assert "cannot be closed yet: first refer it to the police" in visible(cora.page(at))


def test_whom_a_case_is_about_may_be_said_by_a_whole_name_and_never_in_the_future(school: School) -> None:
    cora = Hand(school, "cora")
    anna = school.person("anna").name
    at = cora.send("/incidents/new", "incident-opened", kind="pupil-messaging", person=anna.lower(), text="x")
    assert anna in visible(cora.page(at))
    late = cora.refused("/incidents/new", kind="unsorted", text="x", happened_at="2027-01-01T10:00")
    assert "When? is in the future" in late


def test_a_mode_that_ended_early_says_when_and_by_whom(school: School) -> None:
    case = a_case(school)
    stepped(school, case.id, "investigate")
    mode = {"device": "10.0.3.17", "minutes": 60, "sites": ["bet.test"], "reason": "to see"}
    asked = posted(school, "cora", case.id, "mode", **mode)
    posted(school, "hedy", case.id, f"steps/{asked['steps'][-1]['id']}/sign")
    school.clock.forward(minutes=5)
    hedy, at = Hand(school, "hedy"), f"/incidents/{case.id}"
    hedy.send(f"{at}/steps/{asked['steps'][-1]['id']}/end", "revoked")

    assert re.search(r"Ended early .* by Hedy", visible(hedy.page(at)))


def test_what_a_child_chose_and_the_filter_noticed_is_told_in_words(school: School) -> None:
    case = a_case(school, happened="illegal-content")
    told = visible(Hand(school, "cora").page(f"/incidents/{case.id}"))

    assert "An address on a list of illegal content was asked for, and blocked." in told
    stepped(school, case.id, "close", outcome="duplicate")
    assert "Kept until the case is closed" not in visible(Hand(school, "cora").page(f"/incidents/{case.id}"))


def test_a_file_that_is_too_large_is_told_of_on_a_page_that_leads_back(school: School) -> None:
    cora, at = Hand(school, "cora"), f"/incidents/{a_case(school).id}"
    sent = cora.browser.post(
        f"{at}/files",
        data={"csrf": cora.csrf},
        files={"file": ("big.bin", b"x" * 10_200_000)},
        headers={"accept": "text/html"},
    )
    assert sent.status_code == 413
    assert "10 MB at most" in visible(sent.text)
    assert f'href="{at}"' in sent.text
    gone = cora.browser.get(f"{at}/notes", headers={"accept": "text/html"})
    assert gone.status_code == 405
    assert "only takes what a form of the console sends" in visible(gone.text)
    assert f'href="{at}"' in gone.text


def test_what_was_written_while_a_session_ended_is_shown_at_the_sign_in(school: School) -> None:
    cora = Hand(school, "cora")
    school.clock.forward(hours=1)
    form = {"csrf": cora.csrf, "text": "it took me long to write this"}
    shown = cora.browser.post("/incidents/report", data=form, headers={"accept": "text/html"})
    assert shown.status_code == 401
    assert "it took me long to write this</textarea>" in shown.text
    assert 'name="next" value="/incidents/report"' in shown.text
    other = cora.browser.post("/incidents/review", data=form, headers={"accept": "text/html"})
    assert other.status_code == 303


def test_there_is_a_way_to_report_on_the_first_page_and_before_anybody_signs_in(school: School) -> None:
    for username in ("tess", "gail", "terry"):
        home = Hand(school, username).page("/").partition('<ul class="tiles">')[2]
        assert 'href="/incidents/report"' in home, username
    assert 'href="/report"' in school.nobody().get("/sign-in").text


def test_what_is_wrong_with_a_report_is_told_by_the_words_over_its_field(school: School) -> None:
    told = Hand(school, "tess").refused("/incidents/report", text="x", exclude="anna", person="no such one")

    assert "Who must not learn of it? must be the user name" in told
    assert "Whom is it about? is nobody on the register" in told
