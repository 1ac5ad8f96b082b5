"""The live switch of the filtering log in a real browser: rows come by themselves, and as text alone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, build_school, copy_of
from tests.audit_api.served import served
from tests.builders import NOON
from tests.system.browser import a_browser, chromium_or_skip


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    chromium_or_skip()
    build_school(tmp_path / "template")
    desk = copy_of(tmp_path / "template", tmp_path / "state")
    yield School(desk)
    desk.engine.dispose()


def comes(school: School, username: str, seal: int, **changes: object) -> None:
    row = a_row(school.person(username), NOON + timedelta(seconds=seal), opened_in=seal, **changes)
    store(school.desk.engine, [row])
    seal_up_to(school.desk.engine, seal)


def test_rows_come_by_themselves_and_run_nothing(school: School, tmp_path: Path) -> None:
    comes(school, "anna", 1)
    with served(school) as address, a_browser(tmp_path / "home") as browser:
        token = school.token("cora")[0]
        browser.add_cookies([{"name": school.app.state.window.cookie, "value": token, "url": address}])
        page = browser.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.goto(f"{address}/filtering-log")
        page.get_by_role("link", name="Watch live").click()
        page.get_by_text("Live: new rows appear here").wait_for()
        comes(school, "ben", 2, host="<img src=x>", url="https://x.test/<script>alert(1)</script>")
        page.locator("tr.new").wait_for()

        cells = page.locator("tr.new td").all_inner_texts()
        said = "https://x.test/<script>alert(1)</script>"
        assert cells[:2] == ["24 Nov 12:00:02", "a pupil of 6A"]
        assert [cell.strip() for cell in cells[2:4]] == [f"{said} gambling", "Blocked"]
        page.screenshot(path=tmp_path / "live.png", full_page=True)
        page.get_by_role("link", name="Stop watching").click()
        assert page.locator("#rows tr").count() == 2
        assert faults == []


def test_the_switch_works_without_scripts(school: School) -> None:
    comes(school, "anna", 1)
    page = school.browser("cora")[0].get("/filtering-log?live=yes&class=6B&verdict=")

    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert 'data-tail="/api/v1/filtering-log/tail?class=6B&amp;after=' in page.text
    assert (
        "script-src 'none'"
        in school.browser("cora")[0].get("/filtering-log").headers["content-security-policy"]
    )
