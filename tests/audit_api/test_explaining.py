"""To explain is to decide: the window's answer is the gate's."""

import json

import pytest

from filter_lists.names import parse_url
from filter_policy.decide import decide
from filter_policy.judge import judge_url
from filter_policy.model import Request
from tests.audit_api.school import School, an_ask, fields_of, problem_of
from tests.builders import NOON

URL = "/api/v1/explain"
ADDRESSES = [
    "bet.test",
    "maths.test/a?b=c",
    "porn.test",
    "abuse.test",
    "www.gov.uk",
    "nowhere.test",
    "http://bet.test:81/",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("username", ["anna", "tess", "gus"])
def test_the_verdict_is_that_of_decide(school: School, username: str, address: str) -> None:
    told = school.as_("terry").get(URL, params={"user": username, "url": address}).json()
    bundle = school.app.state.window.bundle()
    url = parse_url(address if "://" in address else f"https://{address}")
    request = Request(bundle.accounts[username].person, url, tuple(school.desk.lists().lookup(url)))
    decision = decide(request, bundle.policy, NOON)

    assert told["url"] == str(url)
    assert (told["decision"]["verdict"], told["decision"]["reason"]) == (decision.verdict, decision.reason)
    assert told["decision"]["rule"] == decision.rule
    assert told["steps"][-1]["hit"]


def test_every_rule_that_was_looked_at_is_told(school: School) -> None:
    told = school.as_("terry").get(URL, params={"user": "anna", "url": "bet.test"}).json()

    assert [(step["rule"], step["hit"]) for step in told["steps"]] == [
        ("access.gambling", False), ("person", False), ("access.gambling.everyone", True),
    ]  # fmt: skip


def test_the_time_asked_for_is_school_time(school: School) -> None:
    def verdict(at: str) -> str:
        made = school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()
        school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
        wanted = {"user": "anna", "url": "racism-history.test", "at": at}
        told = school.as_("terry").get(URL, params=wanted).json()["decision"]
        return f"{told['verdict']}, {told['reason']}"

    assert verdict("2026-11-24T13:00") == "allow, unblock"
    assert verdict("2026-11-24T14:00") == "block, category-not-allowed"


def test_an_entry_of_an_illegal_list_is_read_out_to_nobody(school: School) -> None:
    told = school.as_("terry").get(URL, params={"user": "tess", "url": "sub.abuse.test"}).json()

    assert told["decision"]["reason"] == "illegal"
    assert [each["entry"] for each in told["listings"]] == [None]
    assert told["decision"]["listing"]["entry"] is None


def test_to_find_out_that_an_address_is_illegal_leaves_a_line_and_nothing_else_does(school: School) -> None:
    school.as_("terry").get(URL, params={"user": "tess", "url": "porn.test"})
    assert school.events()[-1] != "illegal-list:probe"

    school.as_("terry").get(URL, params={"user": "tess", "url": "https://sub.abuse.test/page"})

    row = school.as_("gail").get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    assert (row["event"], row["actor"]["name"]) == ("illegal-list:probe", "Terry Tyler")
    assert "abuse.test" not in json.dumps(row)


@pytest.mark.parametrize("path", [URL, "/api/v1/lists/lookup"])
def test_an_illegal_address_in_other_words_leaves_a_line_too(school: School, path: str) -> None:
    params = {"user": "tess", "url": "http://[::ffff:203.0.113.7]/"}
    told = school.as_("terry").get(path, params=params).json()

    assert [each["list_id"] for each in told["listings"]] == ["abuse-list"]
    assert school.events()[-1] == "illegal-list:probe"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"user": "nobody-here"}, "user"),
        ({"url": "not a site"}, "url"),
        ({"url": "ftp://bet.test"}, "url"),
        ({"at": "noon"}, "at"),
    ],
)
def test_what_cannot_be_explained_names_the_field(school: School, wanted: dict[str, str], field: str) -> None:
    answer = school.as_("terry").get(URL, params={"user": "anna", "url": "bet.test"} | wanted)

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {field}


def test_explaining_records_nothing(school: School) -> None:
    before = school.events()
    school.as_("terry").get(URL, params={"user": "anna", "url": "bet.test"})

    assert school.events() == before


@pytest.mark.parametrize("path", ["/games", "/GAMES", "/g%61mes", "/a/../games", "//games", "/maths"])
def test_every_spelling_of_an_address_is_judged_as_the_gate_does(school: School, path: str) -> None:
    """The school blocks allowed.example/games for pupils; a server may read each of these as that page."""
    wanted = {"user": "anna", "url": f"https://allowed.example{path}"}
    told = school.as_("terry").get(URL, params=wanted).json()["decision"]
    bundle = school.app.state.window.bundle()
    person, lookup = bundle.accounts["anna"].person, school.desk.lists().lookup
    decision = judge_url(parse_url(wanted["url"]), person, bundle.policy, lookup, NOON)

    assert (told["verdict"], told["reason"], told["rule"]) == (
        decision.verdict,
        decision.reason,
        decision.rule,
    )
    assert told["verdict"] == ("allow" if path == "/maths" else "block")
