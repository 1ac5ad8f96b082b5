"""Of whoever asked for help nothing is in the row, whatever else would stand there; others stay."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Site, Url, parse_url
from filter_policy.model import Decision, Person, Reason, Role, SafeHarbour, Verdict
from proxy_addon.identify import NOBODY
from proxy_addon.records import Happening, Outcome, Rows
from proxy_addon.unnamed import WITHOUT
from tests.builders import NOON, a_person, a_policy

POLICY = a_policy(safe_harbour=(SafeHarbour(Site("help.test"), "Helpline", "", "S128"),))
HELP = parse_url("https://www.help.test/secret?q=secret")
ROWS = Rows("gate-1")
EVERYBODY = (
    NOBODY,
    a_person(classes=("6B",)),
    a_person("tess", ("staff",), Role.STAFF),
    Person("", "", None, ("reception-ks1",)),
)


def what(person: Person, url: Url | None = HELP, kind: str = "request") -> Happening:
    return Happening("e1", NOON, kind, person, "10.1.2.3", "GET", url)


@given(
    st.sampled_from(EVERYBODY),
    st.sampled_from(["request", "connect", "tunnel"]),
    st.sampled_from(["safe_harbour.help.test", "report"]),
)
def test_what_was_let_by_as_help_has_nobody_in_it(person: Person, kind: str, rule: str) -> None:
    decision = Decision(Verdict.ALLOW, Reason.SAFE_HARBOUR, rule, "r1")
    row = ROWS.whole(what(person, kind=kind), decision, POLICY, 200)

    assert WITHOUT.items() <= row.items()
    assert row["host"] == "www.help.test"
    assert row["keep"] == "everyone"
    assert "secret" not in str(row)
    assert "terms" not in row


@pytest.mark.parametrize(
    "reason", [Reason.UNREACHABLE, Reason.NOT_TLS, Reason.TLS_FAILED, Reason.FAILED_CLOSED]
)
@pytest.mark.parametrize("person", EVERYBODY)
def test_what_goes_wrong_on_the_way_there_names_nobody_either(person: Person, reason: Reason) -> None:
    assert WITHOUT.items() <= ROWS.whole(what(person), Outcome(reason), POLICY, 0).items()
    reported = replace(Decision(Verdict.BLOCK, reason, "report", "r1"))
    elsewhere = what(person, parse_url("https://console.test:8000/report"))
    assert WITHOUT.items() <= ROWS.whole(elsewhere, reported, POLICY, 502).items()


@pytest.mark.parametrize("person", EVERYBODY)
def test_what_the_gate_itself_refuses_of_the_console_names_nobody(person: Person) -> None:
    rows, page = Rows("gate-1", console="https://console.test:8000/"), "https://console.test:8000/favicon.ico"
    for policy in (POLICY, None):
        row = rows.whole(what(person, parse_url(page)), Outcome(Reason.EGRESS), policy, 403)
        assert WITHOUT.items() <= row.items()
        assert row["url"] == "https://console.test:8000/"
    for other in (page.replace(":8000", ""), page.replace("https", "http"), page.replace("console", "x")):
        row = rows.whole(what(person, parse_url(other)), Outcome(Reason.EGRESS), POLICY, 403)
        assert row["address"] == "10.1.2.3"


def test_where_nobody_was_asked_who_they_are_no_row_says_it() -> None:
    for url in (None, parse_url("https://other.test/")):
        asked = replace(what(NOBODY, url), of_anybody=True)
        assert WITHOUT.items() <= ROWS.whole(asked, Outcome(Reason.BAD_REQUEST), POLICY, 400).items()


def test_whoever_signed_in_where_the_policy_decides_after_all_is_named_as_ever() -> None:
    decision = Decision(Verdict.ALLOW, Reason.UNLISTED_ALLOWED, "unlisted.pupils", "r1")
    assert ROWS.whole(what(a_person()), decision, POLICY, 200)["person"] == a_person().id


@pytest.mark.parametrize("person", EVERYBODY)
def test_a_row_about_anything_else_says_who_as_ever(person: Person) -> None:
    for url in (parse_url("https://nothelp.test/"), parse_url("https://help.test:8443/"), None):
        row = ROWS.whole(what(person, url), Outcome(Reason.PORT), POLICY, 403)
        assert (row["address"], row["groups"]) == ("10.1.2.3", person.filter_groups)


@pytest.mark.parametrize("reason", [Reason.ILLEGAL, Reason.ISOLATED])
def test_what_is_illegal_and_a_device_that_is_evidence_keep_their_own_rows(reason: Reason) -> None:
    row = ROWS.whole(what(NOBODY), Outcome(reason), POLICY, 403)
    assert row["address"] == "10.1.2.3"
    assert (row["host"] is None) == (reason is Reason.ILLEGAL)
