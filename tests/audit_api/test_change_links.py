"""Where a line of the change log leads to."""

import pytest

from audit_api.change_links import PAGES, link_to_entry, link_to_object
from audit_api.rights import RIGHTS
from filter_policy.model import Role


@pytest.mark.parametrize("page", PAGES.values())
def test_every_page_that_a_line_leads_to_is_there(page: str) -> None:
    assert f"GET {page}" in RIGHTS


def test_nobody_is_led_to_a_page_that_they_may_not_open() -> None:
    assert link_to_object("people:approve", "p1", Role.GOVERNOR) is None
    assert link_to_object("people:approve", "p1", Role.TECHNICIAN) == "/people/proposals/p1"


def test_what_has_no_page_has_no_link_and_no_id_leads_elsewhere() -> None:
    assert link_to_object("break-glass:use", "x", Role.TECHNICIAN) is None
    assert link_to_object("retention:purge", "x", Role.TECHNICIAN) is None
    assert link_to_object("unblock:approve", "../a?b", Role.GOVERNOR) == "/unblocks/..%2Fa%3Fb"


def test_an_entry_is_the_first_of_its_page() -> None:
    assert link_to_entry(41) == "/changes?cursor=42#entry-41"
