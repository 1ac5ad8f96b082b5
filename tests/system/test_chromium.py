"""What a child and a teacher see: real pages in a real browser, over HTTPS without a certificate warning."""

from pathlib import Path

import pytest

from tests.system.browser import a_browser
from tests.system.school import School, console_password_of, password_of, wait_for

pytestmark = [pytest.mark.system, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def _pupil(school: School, username: str = "ben") -> tuple[str, str]:
    return username, password_of(username)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_pupil_sees_the_page_or_the_block_page_and_never_a_warning(
    school: School, tmp_path: Path, scheme: str
) -> None:
    proxy = f"http://127.0.0.1:{school.port}"
    with a_browser(tmp_path, proxy=proxy, who=_pupil(school), ca=school.ca) as browser:
        page = browser.new_page()
        allowed = page.goto(f"{scheme}://school-books.test/")
        assert allowed is not None
        assert allowed.status == 200
        assert "Welcome to school-books.test" in page.content()

        elsewhere: list[str] = []
        page.on("request", lambda request: elsewhere.append(request.url))
        blocked = page.goto(f"{scheme}://bets.test/")
        assert blocked is not None
        assert blocked.status == 403
        assert "not in trouble" in page.inner_text("body")
        page.screenshot(path=tmp_path / "blocked.png")

    assert {url.split("/")[2] for url in elsewhere} == {"bets.test"}
    assert school.seen("bets.test") == 0


def test_a_lesson_is_asked_for_and_agreed_in_the_console(school: School, tmp_path: Path) -> None:
    console = f"http://127.0.0.1:{school.api_port}"

    with a_browser(tmp_path / "tess") as browser:
        page = browser.new_page()
        _sign_in(page, console, "tess")
        page.goto(f"{console}/unblocks/ask")
        page.screenshot(path=tmp_path / "ask.png", full_page=True)
        page.fill("[name=sites]", "racism-history.test")
        page.fill("[name=classes]", "6B")
        page.fill("[name=day]", "2026-11-24")
        page.fill("[name=starts]", "09:00")
        page.fill("[name=ends]", "11:00")
        page.fill("[name=subject]", "History")
        page.fill("[name=reason]", "sources on the Bristol bus boycott")
        page.get_by_role("button", name="Send the request").click()
        assert "racism-history.test" in page.inner_text("main")

    with a_browser(tmp_path / "terry") as browser:
        page = browser.new_page()
        _sign_in(page, console, "terry")
        page.goto(f"{console}/unblocks/queue")
        page.screenshot(path=tmp_path / "queue.png", full_page=True)
        form = page.locator("form[action$='/approve']").first
        form.locator("[name=reason]").fill("agreed with the plan")
        form.get_by_role("button", name="Approve").click()
        page.screenshot(path=tmp_path / "agreed.png", full_page=True)

    wait_for(lambda: school.status("ben", "https://racism-history.test/") == 200, "the lesson", 5)


def _sign_in(page: object, console: str, username: str) -> None:
    from playwright.sync_api import Page

    assert isinstance(page, Page)
    page.goto(f"{console}/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", console_password_of(username))
    page.locator("main form button").first.click()
    page.wait_for_url(f"{console}/")
