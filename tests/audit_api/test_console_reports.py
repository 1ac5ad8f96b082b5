"""Page: a month, told and shown, with a way to the months beside it."""

from tests.audit_api.reported import count
from tests.audit_api.school import School
from tests.audit_api.test_console import visible


def test_a_month_is_read_on_a_page_of_its_own(school: School) -> None:
    count(school, 1234, "gambling", "block", pages=5, site="bet.test")
    browser, _ = school.browser("gail")

    page = browser.get("/reports?month=2026-10")

    assert page.status_code == 200
    told = visible(page.text)
    assert "1,234 requests were blocked, 100% of all." in told
    assert "bet.test 1,234" in told
    assert 'href="/reports?month=2026-09"' in page.text
    assert 'href="/reports?month=2026-11"' in page.text
    assert "<script" not in page.text


def test_this_month_has_a_way_back_and_none_ahead(school: School) -> None:
    page = school.browser("cora")[0].get("/reports").text

    assert 'href="/reports?month=2026-10"' in page
    assert "The month after" not in page
    assert "Nothing was blocked." in visible(page)


def test_a_month_that_is_none_is_told_beside_this_one(school: School) -> None:
    for given in ("soon", "2027-01", "2026-11" * 9, "%00"):
        page = school.browser("gail")[0].get(f"/reports?month={given}")

        assert page.status_code == 422
        assert "That is no month to report on" in visible(page.text)
        assert "November 2026" in page.text


def test_the_page_is_in_the_menu_of_those_who_read(school: School) -> None:
    assert 'href="/reports"' in school.browser("gail")[0].get("/").text
    assert 'href="/reports"' not in school.browser("tess")[0].get("/").text
