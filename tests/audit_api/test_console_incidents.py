"""Pages of incidents: a story by forms alone, without a script, and what is not shown."""

import re
from typing import Any

import pytest

from tests.audit_api.cases import SECRET, a_case, a_staff_case, posted, stepped
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School
from tests.audit_api.test_console import visible
from tests.builders import NOON


class Hand:
    """One person at the console, who sends forms."""

    def __init__(self, school: School, username: str) -> None:
        self.browser, self.csrf = school.browser(username)

    def page(self, path: str) -> str:
        return self.browser.get(path).text

    def send(self, path: str, done: str, **data: Any) -> str:
        answer = self.browser.post(path, data={"csrf": self.csrf, **data})
        assert answer.status_code == 303, visible(answer.text)
        where = answer.headers["location"]
        assert where.endswith(f"?done={done}"), where
        return str(where.partition("?")[0])

    def refused(self, path: str, **data: Any) -> str:
        answer = self.browser.post(path, data={"csrf": self.csrf, **data})
        assert answer.status_code == 422, answer.text
        return visible(answer.text)


def signed(cora: Hand, hedy: Hand, at: str, **asked: Any) -> None:
    """By the form of the page of the one, and by what the page of the other offers then."""
    cora.send(f"{at}/steps", "signed-first", reason="as we saw", **asked)
    form = re.search(rf'action="({at}/steps/\w+/sign)"', hedy.page(at))
    assert form is not None
    hedy.send(form[1], "signed-second")


def test_a_story_from_the_queue_to_the_end_by_forms_alone(school: School) -> None:
    cora, hedy = Hand(school, "cora"), Hand(school, "hedy")
    at = cora.send("/incidents/new", "incident-opened", kind="pupil-messaging", person="anna", text="at home")
    cora.send(f"{at}/classify", "noted", kind="pupil-messaging", place="off-site", intent="careless")
    cora.send(f"{at}/notes", "noted", text="I telephoned home")
    assert "1 new" in visible(hedy.page("/incidents"))
    cora.send(f"{at}/steps", "signed-first", act="investigate", reason="seen")
    assert "1 for your signature" in visible(hedy.page("/incidents"))
    assert "0 for your signature" in visible(cora.page("/incidents"))
    hedy.send(re.findall(rf'action="({at}/steps/\w+/sign)"', hedy.page(at))[0], "signed-second")
    signed(cora, hedy, at, act="substance", substance="yes")
    signed(cora, hedy, at, act="act", response=["internal"])
    signed(cora, hedy, at, act="sanction", action=["warning"], deviation="the first time")
    cora.send(f"{at}/tasks", "noted", kind="parents")
    task = re.findall(rf'action="({at}/tasks/\w+/done)"', hedy.page(at))[0]
    hedy.send(task, "noted", how="by telephone")
    signed(cora, hedy, at, act="close", outcome="dealt-with")
    told = visible(cora.page(at))

    for words in (
        "Closed",
        "Out of school",
        "Careless",
        "I telephoned home",
        "the first time",
        "by telephone",
    ):
        assert words in told
    assert "Open it again" in told
    assert "Attach a file" not in told


def test_what_is_wrong_is_told_on_the_page_and_what_was_written_is_kept(school: School) -> None:
    cora, at = Hand(school, "cora"), f"/incidents/{a_case(school).id}"

    assert "Kind: one of" in cora.refused(f"{at}/classify", kind="odd")
    assert "Hours" in cora.refused(f"{at}/isolate", device="10.0.3.17", hours="many", reason="x")
    told = cora.refused(f"{at}/join", person="nobody")
    assert "User name of a member of staff: nobody of that user name" in told
    assert "Add a note: is needed" in cora.refused(f"{at}/notes", text="")
    told = cora.refused("/incidents/new", kind="unsorted", person="nobody", text="my long story")
    assert "my long story" in told


def test_evidence_is_looked_at_on_a_page_with_a_purpose(school: School) -> None:
    store(school.desk.engine, [a_row(school.person("anna"), NOON)])
    school.clock.forward(hours=2)
    cora, at = Hand(school, "cora"), f"/incidents/{a_case(school).id}"
    cora.send(
        f"{at}/evidence", "noted", person="anna", **{"from": "2026-11-24T11:30", "to": "2026-11-24T12:30"}
    )
    link = re.findall(rf'href="({at}/evidence/\w+)"', cora.page(at))[0]
    before = school.events()
    assert "bet.test" not in cora.page(link)
    assert school.events() == before
    told = visible(cora.page(f"{link}?purpose=to+see"))

    assert "bet.test/odds/today" in told
    assert school.events()[-1] == "incident:look"
    files = {"file": ("shot.png", b"png", "image/png")}
    sent = cora.browser.post(f"{at}/files", data={"csrf": cora.csrf, "says": "hers"}, files=files)
    assert sent.status_code == 303, sent.text
    file = re.findall(rf'href="({at}/files/\w+)"', cora.page(at))[0]
    assert cora.browser.get(file).content == b"png"


def test_what_may_be_illegal_has_no_link_file_row_or_address_on_any_page(school: School) -> None:
    case = a_case(school, text=f"at {SECRET}", event_id="e" * 16)
    posted(
        school,
        "cora",
        case.id,
        "evidence",
        person="anna",
        **{"from": "2026-11-24T10:00", "to": "2026-11-24T11:00"},
    )
    cora, at = Hand(school, "cora"), f"/incidents/{case.id}"
    cora.browser.post(f"{at}/files", data={"csrf": cora.csrf}, files={"file": ("secret.png", b"p")})
    evidence = re.findall(rf'href="({at}/evidence/\w+)"', cora.page(at))[0]
    cora.send(f"{at}/illegal", "halted", reason="it is a picture of abuse")
    for page in (cora.page(at), Hand(school, "hedy").page(at), cora.page("/incidents")):
        for word in ("hidden-place", "e" * 16, "secret.png", "/files", "/evidence/", "Investigation mode"):
            assert word not in page.replace(f'action="{at}/evidence"', ""), word
    assert "nobody looks at it here" in visible(cora.page(f"{evidence}?purpose=x"))
    assert "leave it to the police" in visible(cora.page(at))


@pytest.mark.parametrize("username", ["cora", "sam", "tess", "terry", "gail"])
def test_a_case_about_staff_is_on_no_page_of_anybody_else(school: School, username: str) -> None:
    case = a_staff_case(school)
    hand = Hand(school, username)
    for path in ("/incidents", "/", "/incidents?open=yes", "/incidents?kind=staff-personal-channels"):
        text = hand.page(path)
        assert case.id not in text, path
        assert 'Incidents <span class="count">' not in text
    assert case.id in Hand(school, "hedy").page("/incidents")


def test_the_menu_and_the_first_page_say_how_many_wait(school: School) -> None:
    case = a_case(school)
    posted(school, "cora", case.id, "steps", act="investigate", reason="seen")
    hedy = visible(Hand(school, "hedy").page("/"))

    assert "Incidents 2 waiting" in hedy
    assert "Incidents wait for you: 1 new, 1 for your signature." in hedy
    assert "Incidents wait" not in visible(Hand(school, "tess").page("/"))


def test_somebody_named_to_a_case_finds_it_and_may_leave_it(school: School) -> None:
    case = a_case(school)
    Hand(school, "cora").send(f"/incidents/{case.id}/join", "noted", person="tess")
    tess = Hand(school, "tess")
    stepped(school, case.id, "investigate", by=("tess", "cora"))

    assert "Tess Taylor and Cora Clark" in visible(tess.page(f"/incidents/{case.id}"))
    assert tess.send(f"/incidents/{case.id}/leave", "passed-on", person="tess") == "/incidents"
    assert tess.browser.get(f"/incidents/{case.id}").status_code == 404


def test_a_governor_sees_numbers_at_the_same_address(school: School) -> None:
    a_case(school)
    told = visible(Hand(school, "gail").page("/incidents"))

    assert "Anna" not in told
    assert "Incidents" in told


def test_the_list_is_filtered_and_paged_by_links(school: School) -> None:
    for about in ("anna", "ben", "pim"):
        a_case(school, "bullying", about)
    cora = Hand(school, "cora")
    first = cora.page("/incidents?kind=bullying&limit=2&state=reported")
    older = re.findall(r'href="(/incidents\?[^"]*cursor[^"]*)"', first)[0].replace("&amp;", "&")

    assert "kind=bullying" in older
    assert cora.page(older).split("All that you deal with")[1].count('<td class="wrap">') == 1
    assert "Nothing matches" in visible(cora.page("/incidents?state=closed"))
    assert "nobody of that user name" in visible(cora.page("/incidents?person=nobody"))


def test_a_report_with_a_page_s_code_is_a_claim_and_is_shown_as_one(school: School) -> None:
    anna = school.person("anna")
    claimed: dict[str, Any] = {"happened_at": NOON, "self_reported": True, "kind": "pupil-offensive-material"}
    cases = {
        "claim": a_case(school, **claimed, source="block-page"),
        "own": a_case(school, **claimed, source="staff", by=anna.id, joins=False),
    }
    cora, _ = school.browser("cora")
    pages = {name: cora.get(f"/incidents/{case.id}").text for name, case in cases.items()}

    told = "code came from somebody who did not sign in"
    assert {name: told in page for name, page in pages.items()} == {"claim": True, "own": False}
    assert {name: "perhaps: whoever sent it" in page for name, page in pages.items()} == {
        "claim": True,
        "own": False,
    }
    assert "they said so themselves" in pages["own"]
