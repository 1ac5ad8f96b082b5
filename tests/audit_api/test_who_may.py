"""The table "who may do what": all of it in plain words, and what it says is what is enforced."""

import csv
import io

from audit_api.right_words import WORDS
from audit_api.rights import PUBLIC, RIGHTS, may
from audit_api.who_may import key_of, rights_table, unnamed
from change_control.roles import MAY
from filter_policy.model import Role
from tests.audit_api.school import School


def test_every_route_and_every_event_stands_on_a_line_in_plain_words() -> None:
    assert unnamed() == []


def test_no_line_speaks_of_what_is_not_there() -> None:
    there = {*RIGHTS, *map(key_of, RIGHTS), *MAY}

    assert [key for keys in WORDS.values() for key in keys if key not in there] == []


def test_nothing_stands_on_two_lines() -> None:
    keys = [key for keys in WORDS.values() for key in keys]

    assert sorted(keys) == sorted(set(keys))


def test_a_line_speaks_of_what_the_same_people_may() -> None:
    """One may be asked more of by the change log than by the door, and never less."""
    for line in rights_table().rows:
        doors = {RIGHTS[route] for route in line.routes}
        assert len(doors) <= 1, line.action
        for door in doors - {PUBLIC}:
            assert isinstance(door, frozenset)
            assert all(MAY[event] <= door for event in line.events), line.action


def test_a_tick_is_what_is_enforced() -> None:
    for line in rights_table().rows:
        for role in Role:
            ticked = role in line.roles or line.anybody
            enforced = all(may(route, role) for route in line.routes)
            assert ticked == (enforced and all(role in MAY[event] for event in line.events)), line.action


def test_the_words_are_plain() -> None:
    for action in WORDS:
        assert action[0].isupper()
        assert not set(action) & set("{}/_`"), action


def test_governors_read_the_table_as_json_csv_and_page(school: School) -> None:
    client = school.as_("gail")
    told = client.get("/api/v1/rights").json()
    sheet = list(
        csv.DictReader(io.StringIO(client.get("/api/v1/rights", headers={"Accept": "text/csv"}).text))
    )
    page = school.browser("gail")[0].get("/rights").text

    assert told == rights_table().model_dump(mode="json")
    assert [row["action"] for row in sheet] == [row["action"] for row in told["rows"]]
    approve = next(
        row for row in sheet if row["action"] == "Agree to a request for sites that somebody else made"
    )
    assert (approve["technician"], approve["staff"], approve["governor"]) == ("yes", "no", "no")
    assert page.count("<tr>") == len(told["rows"]) + 1
    assert "Agree to a change of the policy that somebody else proposed" in page
