"""Which lists.yaml takes one person, since it only shuts; every other takes two."""

import pytest

from audit_log.db import reading
from change_control.list_updates import Took
from change_control.proposal import Proposal
from change_control.proposals import approve
from change_control.reviews import open_reviews
from filter_lists.index import Index
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON
from tests.change_control.listed import LISTS, Contents, Listed, some
from tests.change_control.school import events_of, is_whole, the

AGREED = LISTS + "# agreed\n"
GAMES = "  games: {category: %s, format: %s, source: games.txt%s}\n"


def with_games(category: str = "gambling", format_: str = "plain", more: str = "") -> str:
    return AGREED + GAMES % (category, format_, more)


def proposed(listed: Listed, text: str, **contents: list[str]) -> Proposal:
    """By Terry alone, after two people agreed on what there is."""
    listed.agree({})
    found: Contents = {"games": some("game", *range(5)), **contents}
    return listed.proposes("terry", found, text)


def test_a_list_that_only_shuts_is_in_force_at_once(listed: Listed) -> None:
    made = proposed(listed, with_games())

    assert (made.loosening, made.state) == (False, State.APPROVED)
    assert (listed.agreed.config_text, listed.agreed.id) == (with_games(), made.id)
    assert read_bundle(listed.desk.state, current_bundle(listed.desk.state) or "").lists == made.generation
    assert events_of(listed.desk)[-1] == "lists:tighten"
    assert is_whole(listed.desk)
    with reading(listed.desk.engine) as conn:
        assert [each.object_id for each in open_reviews(conn)] == [made.id]


def test_entries_that_come_to_a_list_of_ours_shut(listed: Listed) -> None:
    assert not proposed(listed, AGREED, bets=some("bet", *range(103))).loosening


WAITING: tuple[tuple[str, dict[str, list[str]]], ...] = (
    (AGREED + "# all is well\n", {}),
    (with_games("education"), {}),  # open to everybody, and what is on no list is not
    (with_games("video"), {}),  # at certain times
    (with_games("search"), {}),
    (with_games(more=", trust: {loses: 90%}"), {}),
    (with_games(more=", trust: {gains: 900%}"), {}),
    (with_games(more=", trust: {exceptions: category}"), {}),
    (with_games("gambling", "adblock"), {"games": ["||game0.test^", "@@||game1.test^"]}),
    (with_games().replace("loses: 10%, gains: 50%", "loses: 11%, gains: 50%"), {}),
    (with_games().replace("category: education", "category: gambling"), {}),
    (with_games(), {"bets": some("bet", *range(99))}),
    (with_games(), {"bets": some("bet", *range(1, 101))}),
    (with_games(), {"learn": some("learn", *range(41))}),
    (AGREED.replace("  bets:", "  wagers:"), {"wagers": some("bet", *range(100))}),
)


@pytest.mark.parametrize(("text", "contents"), WAITING)
def test_all_else_waits_for_another_person(listed: Listed, text: str, contents: dict[str, list[str]]) -> None:
    made = proposed(listed, text, **contents)

    assert (made.loosening, made.state, listed.agreed.config_text) == (True, State.REQUESTED, AGREED)
    assert made.payload["opens"]


def test_lists_take_two_people_before_two_have_agreed_on_any(listed: Listed) -> None:
    made = listed.proposes("terry", {"games": some("game", 1)}, LISTS + GAMES % ("gambling", "plain", ""))

    assert made.loosening


def test_one_persons_word_is_no_agreement_by_which_updates_are_measured(listed: Listed) -> None:
    """Else whoever adds a list each week would set back what updates have added up to."""
    listed.agree({})
    agreement = listed.agreed.agreement_id
    assert listed.updates({"bets": some("bet", *range(5, 100))}).took is Took.IN_FORCE

    listed.proposes(
        "terry", {"bets": some("bet", *range(5, 100)), "games": some("game", *range(5))}, with_games()
    )

    assert listed.agreed.agreement_id == agreement
    told = {(each["list_id"], each["opened"]) for each in listed.agreed.payload["since"]}
    assert ("bets", 5) in told
    assert listed.updates({"bets": some("bet", *range(11, 100)), "games": some("game", *range(5))}).took is (
        Took.HELD
    )


def test_a_list_added_by_one_person_is_taken_away_by_two(listed: Listed) -> None:
    proposed(listed, with_games())

    back = listed.proposes("terry", {}, AGREED)

    assert (back.loosening, back.state) == (True, State.REQUESTED)
    approve(listed.desk, the(listed.desk, "hedy"), back.id, "yes", NOON)
    assert is_whole(listed.desk)


def test_the_kinds_that_sites_are_of_together_are_told() -> None:
    index = Index.in_memory(
        {
            "a.test": [("games", "one"), ("video", "two")],
            "b.test": [("games", "one")],
            "a.test/x": [("drugs", "one")],
        }
    )

    found = {tuple(sorted(each)) for each in index.category_sets}

    assert found == {("games", "video"), ("games",), ("video",), ("drugs",)}
