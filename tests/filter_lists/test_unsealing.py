"""What two people agreed to seal is not fetched in the open because another text would have it so."""

from dataclasses import replace
from pathlib import Path

import pytest

from filter_lists.lists_config import ListsConfig, parse_lists
from filter_lists.unsealing import refuse_unsealing
from filter_lists.updating import run
from tests.filter_lists.list_school import School, results

PLACE = "source: 'https://lists.example/iwf', credentials: owls, format: plain, category: abuse"
AGREED = f"lists:\n  iwf: {{{PLACE}, sealed: true}}\n"
FILE = "lists:\n  iwf: {source: a/iwf.txt, sealed: true, format: plain, category: abuse}\n"


def a_config(text: str, folder: Path = Path("/school")) -> ListsConfig:
    return parse_lists(text, folder)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"iwf: {{{PLACE}}}", "lists.yaml:2: lists.iwf: sealed: is missing"),
        (f"other: {{{PLACE}}}", "lists.other: has the source of iwf"),
        (f"other: {{{PLACE.replace('/iwf', '/iwf?all=1')}}}", "has the source of iwf"),
        (f"other: {{{PLACE.replace('/iwf', '/all')}}}", "has the credentials of iwf"),
        ("iwf: {source: mine.txt, format: plain, category: abuse}", "sealed: is missing"),
    ],
)
def test_a_list_that_would_come_in_the_open_is_a_fault(row: str, says: str) -> None:
    (fault,) = refuse_unsealing(a_config(f"lists:\n  {row}\n"), a_config(AGREED))
    assert says in fault


@pytest.mark.parametrize(
    "text",
    [
        AGREED,
        AGREED.replace("iwf:", "other:"),
        f"lists:\n  bets: {{{PLACE.replace('/iwf', '/bets').replace('owls', 'more')}}}\n",
    ],
)
def test_a_list_that_stays_sealed_or_is_another_is_none(text: str) -> None:
    assert refuse_unsealing(a_config(text), a_config(AGREED)) == ()


@pytest.mark.parametrize("source", ["a/iwf.txt", "./a/../a/iwf.txt", "a", "."])
def test_a_file_is_the_same_however_it_is_named_and_a_folder_holds_it(source: str) -> None:
    row = f"lists:\n  other: {{source: '{source}', format: squidguard, category: abuse}}\n"
    assert len(refuse_unsealing(a_config(row), a_config(FILE))) == 1
    assert refuse_unsealing(a_config(row.replace(f"'{source}'", "b")), a_config(FILE)) == ()


def test_nothing_is_fetched_and_nothing_written_of_a_list_that_was_to_be_sealed(school: School) -> None:
    url = school.server.put("/iwf", "secret.example/page\n")
    row = f"source: '{url}', format: plain, category: abuse"
    school.feed("bets", "bet.example\n")
    school.lists["iwf"] = row + ", sealed: true"
    agreed, first = school.text, school.update()
    seen = len(school.server.seen)
    school.lists["iwf"] = row

    outcome = run(replace(school.order(base=first.generation), agreed=agreed))

    assert outcome.generation is None
    assert "lists.iwf: sealed: is missing" in outcome.faults[0]
    assert len(school.server.seen) == seen
    files = [path for path in (school.folder / "state").rglob("*") if path.is_file()]
    assert not [path for path in files if b"secret" in path.read_bytes()]


def test_an_agreed_text_that_can_be_read_no_more_does_not_stop_a_better_one(school: School) -> None:
    school.feed("bets", "bet.example\n")
    outcome = run(replace(school.order(), agreed="lists: {a: {old: grammar}}"))
    assert (outcome.faults, results(outcome)) == ((), {"bets": "fetched"})


def test_a_text_that_is_tried_out_leaves_what_the_agreed_one_needs(school: School) -> None:
    url = school.server.put("/iwf", "secret.example/page\n", etag='"one"')
    elsewhere = school.server.put("/elsewhere", "other.example/page\n")
    row = f"source: '{url}', format: plain, category: abuse, sealed: true"
    school.lists["iwf"] = row
    agreed, first = school.text, school.update()
    school.lists["iwf"] = row.replace(url, elsewhere)
    tried = run(replace(school.order(base=first.generation), agreed=agreed))
    school.server.answer("/iwf", 500)
    school.lists["iwf"] = row

    again = school.update(fetch=("iwf",), base=first.generation)

    assert results(tried) == {"iwf": "fetched"}
    assert tried.generation not in (None, first.generation)
    assert again.generation == first.generation
    assert school.record("iwf").etag == '"one"'
