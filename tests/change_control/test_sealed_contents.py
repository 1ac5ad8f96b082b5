"""What is on a list of illegal content stays, is tried with guesses by nobody, and lies nowhere openly."""

from dataclasses import asdict, replace

import pytest
from sqlalchemy import update

from audit_log.db import writing
from audit_log.tables import proposal
from change_control.list_updates import Taken, Took, as_told, candidate_order, take_update, update_order
from change_control.proposals import approve
from change_control.sealed_lists import EMPTIED, STAYS, UNSEALED, emptied, from_the_same, refuse_candidate
from tests.builders import NOON
from tests.change_control.listed import LISTS, Listed, some
from tests.change_control.school import refused, the
from tests.change_control.test_sealed_lists import ENTRIES, OPENED, RENAMED, SEALED, built, proposes

ELSEWHERE = SEALED.replace("source: iwf.txt", "source: other.txt")
FETCHED = "  {}: {{{}category: gambling, format: plain, source: '{}', credentials: {}}}\n"


@pytest.fixture
def sealed(listed: Listed) -> Listed:
    listed.put({"iwf": ENTRIES}, SEALED)
    asked = proposes(listed, "terry", SEALED)
    approve(listed.desk, the(listed.desk, "hedy"), asked.id, "yes", NOON)
    return listed


def takes(listed: Listed) -> Taken:
    order = update_order(listed.desk, (), NOON)
    return take_update(listed.desk, built(listed, SEALED), NOON, order=order)


@pytest.mark.parametrize(
    "instead",
    [["one.test"], ENTRIES[:4], [*ENTRIES[:4], *some("junk", *range(100))]],
    ids=["one line", "most gone", "junk in its place"],
)
def test_nobody_empties_it_by_taking_it_from_elsewhere(sealed: Listed, instead: list[str]) -> None:
    sealed.put({"other": instead})

    error = refused("refused", lambda: proposes(sealed, "terry", ELSEWHERE))

    assert error.fields == {"lists.iwf": EMPTIED}


def test_it_may_come_from_elsewhere_if_most_of_it_is_there(sealed: Listed) -> None:
    sealed.put({"other": [*ENTRIES[:5], "new.test"]})
    asked = proposes(sealed, "terry", ELSEWHERE)

    approve(sealed.desk, the(sealed.desk, "hedy"), asked.id, "yes", NOON)

    assert sealed.agreed.config_text == ELSEWHERE


def test_whoever_agrees_is_refused_too(sealed: Listed) -> None:
    """The row says what it likes: both lists are opened and compared."""
    sealed.put({"other": ENTRIES})
    asked = proposes(sealed, "terry", ELSEWHERE + "# moved\n")
    sealed.put({"other": ["one.test"]})
    outcome = built(sealed, ELSEWHERE)
    payload = {**asked.payload, "generation": outcome.generation}
    payload["changes"] = [{**asdict(each), "removed": 0} for each in outcome.changes]
    with writing(sealed.desk.engine) as conn:
        conn.execute(update(proposal).where(proposal.c.id == asked.id).values(payload=payload))

    hedy = the(sealed.desk, "hedy")
    error = refused("refused", lambda: approve(sealed.desk, hedy, asked.id, "yes", NOON))

    assert error.fields == {"lists.iwf": EMPTIED}


@pytest.mark.parametrize("instead", [["iwf1.test"], ENTRIES[:4], some("other", *range(10))])
def test_no_update_empties_it(sealed: Listed, instead: list[str]) -> None:
    before = sealed.agreed
    sealed.put({"iwf": instead})

    taken = takes(sealed)

    assert (taken.took, sealed.agreed) == (Took.REFUSED, before)
    assert "would lose more than half" in taken.says


def test_nobody_goes_back_to_when_it_was_all_but_empty(listed: Listed) -> None:
    listed.put({"iwf": ENTRIES[:2]}, SEALED)
    approve(listed.desk, the(listed.desk, "hedy"), proposes(listed, "terry", SEALED).id, "yes", NOON)
    earlier = listed.agreed.generation
    listed.put({"iwf": ENTRIES})
    assert takes(listed).took is Took.IN_FORCE

    error = refused("refused", lambda: listed.goes_back("cora", earlier))

    assert error.fields == {"lists.iwf": EMPTIED}


def test_its_provider_may_exchange_its_entries_and_not_take_most_away(sealed: Listed) -> None:
    old = sealed.index()
    for entries, lost in ((some("other", *range(10)), []), (some("other", *range(4)), ["iwf"])):
        sealed.put({"iwf": entries})
        new = sealed.index(built(sealed, SEALED).generation or "")
        assert emptied(old, new, {"iwf"}) == lost
        assert emptied(old, new, set()) == ["iwf"]


def test_what_is_fetched_from_the_same_address_comes_from_the_same(sealed: Listed) -> None:
    fetched = SEALED.replace("source: iwf.txt", "source: 'https://lists.example/iwf'")
    agreed, folder = replace(sealed.agreed, config_text=fetched), sealed.folder

    assert from_the_same(agreed, fetched, folder) == {"iwf"}
    assert from_the_same(agreed, fetched.replace("example/iwf", "example/other"), folder) == set()
    assert from_the_same(sealed.agreed, SEALED, folder) == set()  # somebody here may edit the file
    assert from_the_same(agreed, "", folder) == set()


def test_a_proposal_does_not_tell_how_many_guesses_are_right(sealed: Listed) -> None:
    told = []
    for right in (5, 9):
        sealed.put({"other": [*ENTRIES[:right], *some("guess", *range(20 - right))]})
        asked = proposes(sealed, "terry", ELSEWHERE)
        told.append([each for each in asked.payload["changes"] if each["list_id"] == "iwf"])
        outcome = as_told(sealed.desk, built(sealed, ELSEWHERE), ELSEWHERE)
        assert [asdict(each) for each in outcome.changes if each.list_id == "iwf"] == told[-1]

    counts = {"before": 10, "after": 20, "added": 20, "removed": 10, "opened": 10, "shut": 20}
    assert told == [[{"list_id": "iwf", "category": "child-sexual-abuse", **counts}]] * 2


def test_of_other_lists_and_the_same_source_a_proposal_tells_all(sealed: Listed) -> None:
    sealed.put({"iwf": [*ENTRIES[1:], "new.test"], "bets": some("bet", *range(1, 101))})
    asked = proposes(sealed, "terry", SEALED + "# more\n")

    told = [(each["list_id"], each["removed"]) for each in asked.payload["changes"]]
    assert told == [("bets", 1), ("iwf", 1)]


OPEN = "  open: {category: gambling, format: plain, source: "


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (LISTS, {"lists.iwf": STAYS}),
        (OPENED, {"lists.iwf": STAYS}),
        (RENAMED, {"lists.iwf": STAYS}),
        (SEALED + OPEN + "iwf.txt}\n", {"lists.open": UNSEALED}),
        (SEALED + OPEN + "./iwf.txt}\n", {"lists.open": UNSEALED}),
    ],
)
def test_a_lists_yaml_that_would_show_it_is_refused_before_anything_is_fetched(
    sealed: Listed, text: str, fields: dict[str, str]
) -> None:
    sealed.put({}, text)

    assert refused("refused", lambda: candidate_order(sealed.desk, NOON)).fields == fields


@pytest.mark.parametrize(
    ("source", "credentials", "is_refused"),
    [
        ("https://lists.example/iwf", "another", True),
        ("https://LISTS.example:443/iwf", "another", True),
        ("https://lists.example/mirror", "member", True),
        ("https://lists.example/bets", "another", False),
    ],
)
def test_nor_is_its_address_or_its_password_used_in_the_open(
    sealed: Listed, source: str, credentials: str, is_refused: bool
) -> None:
    iwf = FETCHED.format("iwf", "sealed: true, ", "https://lists.example/iwf", "member")
    agreed = replace(sealed.agreed, config_text=LISTS + iwf)
    text = LISTS + iwf + FETCHED.format("open", "", source, credentials)

    if is_refused:
        error = refused("refused", lambda: refuse_candidate(agreed, text, sealed.folder))
        assert error.fields == {"lists.open": UNSEALED}
    else:
        refuse_candidate(agreed, text, sealed.folder)


def test_a_lists_yaml_that_keeps_it_or_has_faults_is_ordered(sealed: Listed) -> None:
    """Of one with faults nothing is fetched, and every fault is told."""
    for text in (SEALED, ELSEWHERE, "lists: ["):
        sealed.put({}, text)
        order = candidate_order(sealed.desk, NOON)
        assert (order.text, order.agreed) == (text, SEALED)
