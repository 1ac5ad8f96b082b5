"""The page about lists: plain words for governors, and buttons for those who may."""

from tests.audit_api.listed import AGREED, LESS, MORE, ListedSchool
from tests.audit_api.school import School
from tests.audit_api.test_console import visible


def test_a_governor_reads_what_there_is_and_changes_nothing(listed: ListedSchool) -> None:
    page = listed.browser("gail")[0].get("/lists")
    seen = visible(page.text)

    assert "bets gambling 100 Kept by hand" in seen
    assert "no licensed list installed" in seen
    assert "Fetch now" not in seen
    assert "<form" not in page.text.partition("<main")[2]
    assert "bet7.test" not in page.text


def test_before_two_people_agreed_the_page_says_so(school: School) -> None:
    assert "Nobody has agreed to them yet" in visible(school.browser("gail")[0].get("/lists").text)


def test_a_held_update_is_taken_up_by_one_and_agreed_by_another(listed: ListedSchool) -> None:
    listed.put(LESS)
    held = listed.update()["proposal"]
    browser, csrf = listed.browser("terry")
    page = visible(browser.get("/lists").text)
    assert "An update that is held" in page
    assert "bets gambling 100 40 60 0" in page
    assert "Propose it to somebody else" in page
    assert "Propose it" not in visible(listed.browser("gail")[0].get("/lists").text)

    made = browser.post("/lists/proposals", data={"csrf": csrf, "held": held, "reason": "the feed says so"})
    url = made.headers["location"].partition("?")[0]
    assert "You asked for this yourself" in visible(browser.get(url).text)
    refused = browser.post(f"{url}/approve", data={"csrf": csrf, "reason": ""})
    assert (refused.status_code, "That was not done" in refused.text) == (409, True)

    other, csrf = listed.browser("hedy")
    assert other.post(f"{url}/approve", data={"csrf": csrf, "reason": ""}).status_code == 303
    assert "In force" in visible(other.get(url).text)
    assert not listed.has("bet90.test")


def test_lists_are_fetched_proposed_and_gone_back_on_from_the_page(listed: ListedSchool) -> None:
    listed.put(MORE)
    browser, csrf = listed.browser("terry")
    before = listed.agreed.generation
    assert browser.post("/lists/updates", data={"csrf": csrf}).headers["location"] == "/lists?done=fetching"
    listed.wait()
    seen = visible(browser.get("/lists").text)
    assert "by Terry Tyler. They are in force : an update within what was agreed on" in seen

    form = {"csrf": csrf, "generation": before, "reason": "blocks a school"}
    assert "Go back to these" in browser.get("/lists").text
    assert browser.post("/lists/rollback", data=form).headers["location"] == "/lists?done=going-back"
    listed.wait()
    assert listed.agreed.generation == before

    listed.put({}, AGREED + "# more\n")
    assert "lists.yaml on the server has changed" in visible(browser.get("/lists").text)
    assert browser.post("/lists/proposals", data={"csrf": csrf, "reason": "more"}).status_code == 303
    proposal = listed.wait()["proposal"]
    page = browser.get(f"/lists/proposals/{proposal}").text
    assert '<span class="plus">+# more</span>' in page
    assert "No site comes or goes." in visible(page)


def test_what_is_wrong_is_told_on_the_page(listed: ListedSchool) -> None:
    browser, csrf = listed.browser("terry")
    listed.put({}, "lists:\n  bets: {format: plian}\n")

    answer = browser.post("/lists/proposals", data={"csrf": csrf, "reason": "newer"})
    assert answer.status_code == 422
    assert "plian" in visible(answer.text)
    back = browser.post("/lists/rollback", data={"csrf": csrf, "generation": "ffff", "reason": "back"})
    assert "Generation" in visible(back.text)


def test_the_first_page_counts_what_waits(listed: ListedSchool) -> None:
    listed.put(LESS)
    listed.update()

    assert "1 Changes of the lists" in visible(listed.browser("gail")[0].get("/").text)
