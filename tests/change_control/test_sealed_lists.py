"""A list of illegal content that was once in force stays, whoever agrees with whom (D9)."""

from pathlib import Path

import pytest

from change_control.list_updates import Took, take_update, update_order
from change_control.lists import propose_lists
from change_control.proposal import Proposal
from change_control.proposals import approve
from filter_lists.orders import Order, Outcome
from filter_lists.updating import run
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.listed import LISTS, Listed, some
from tests.change_control.school import refused, the
from tests.filter_lists.list_server import a_list_server

SEALED = LISTS + "  iwf: {sealed: true, category: child-sexual-abuse, format: plain, source: iwf.txt}\n"
OPENED = SEALED.replace("sealed: true, ", "")
RENAMED = SEALED.replace("  iwf:", "  better-iwf:")
STAYS = "is a list of illegal content, and stays"
ENTRIES = some("iwf", *range(10))
CONTENT = "\n".join(ENTRIES)
FETCHED = ("iwf",)


def built(listed: Listed, text: str, fetch: tuple[str, ...] = ()) -> Outcome:
    """By the real updating, which seals."""
    now_in_force = listed.agreed.generation
    return run(Order(text, listed.folder, listed.desk.state, fetch=fetch, base=now_in_force, now=NOON))


def proposes(listed: Listed, who: str, text: str, fetch: tuple[str, ...] = ()) -> Proposal:
    base, outcome = listed.agreed.generation, built(listed, text, fetch)
    return propose_lists(listed.desk, the(listed.desk, who), outcome, text, "why", NOON, base=base)


@pytest.fixture
def sealed(listed: Listed) -> Listed:
    listed.put({"iwf": ENTRIES}, SEALED)
    asked = proposes(listed, "terry", SEALED)
    approve(listed.desk, the(listed.desk, "hedy"), asked.id, "yes", NOON)
    return listed


def in_the_bundle(listed: Listed) -> frozenset[str]:
    return read_bundle(listed.desk.state, current_bundle(listed.desk.state) or "").sealed_lists


def test_the_gates_are_told_which_lists_must_be_there(sealed: Listed) -> None:
    assert in_the_bundle(sealed) == {"iwf"}


@pytest.mark.parametrize("text", [LISTS, OPENED, RENAMED], ids=["gone", "no longer sealed", "another name"])
@pytest.mark.parametrize("who", ["terry", "cora", "hedy"])
def test_nobody_proposes_lists_without_it(sealed: Listed, who: str, text: str) -> None:
    before = sealed.agreed

    error = refused("refused", lambda: proposes(sealed, who, text))

    assert error.fields["lists.iwf"] == STAYS
    assert sealed.agreed == before
    assert in_the_bundle(sealed) == {"iwf"}


def test_no_update_brings_lists_without_it(sealed: Listed) -> None:
    before = sealed.agreed

    taken = take_update(sealed.desk, built(sealed, LISTS), NOON, order=update_order(sealed.desk, (), NOON))

    assert (taken.took, sealed.agreed) == (Took.REFUSED, before)
    assert STAYS in taken.says


def test_nobody_goes_back_to_lists_without_it(listed: Listed) -> None:
    earlier = listed.agreed.generation
    listed.put({"iwf": ENTRIES}, SEALED)
    approve(listed.desk, the(listed.desk, "hedy"), proposes(listed, "terry", SEALED).id, "yes", NOON)
    before = listed.agreed

    error = refused("refused", lambda: listed.goes_back("cora", earlier))

    assert error.fields["lists.iwf"] == STAYS
    assert listed.agreed == before


def test_it_stays_after_other_changes_too(sealed: Listed) -> None:
    text = SEALED + "# reviewed\n"
    approve(sealed.desk, the(sealed.desk, "hedy"), proposes(sealed, "cora", text).id, "yes", NOON)

    assert in_the_bundle(sealed) == {"iwf"}
    refused("refused", lambda: proposes(sealed, "terry", LISTS))


def test_one_in_a_file_that_was_exchanged_for_as_many_others_is_refused(sealed: Listed) -> None:
    """Nobody can look into it: that its entries are others is all there is to see."""
    before = sealed.agreed
    sealed.put({"iwf": some("other", *range(10))})

    taken = take_update(sealed.desk, built(sealed, SEALED), NOON, order=update_order(sealed.desk, (), NOON))

    assert (taken.took, sealed.agreed) == (Took.REFUSED, before)


def test_a_feed_that_changes_as_such_lists_do_comes_into_force_by_itself(
    listed: Listed, tmp_path: Path
) -> None:
    with a_list_server(tmp_path, tls=False) as server:
        text = SEALED.replace("iwf.txt", f"'{server.put('/iwf', CONTENT)}'")
        listed.put({}, text)
        asked = proposes(listed, "terry", text, FETCHED)
        approve(listed.desk, the(listed.desk, "hedy"), asked.id, "yes", NOON)
        server.put("/iwf", "\n".join([*ENTRIES[1:], "new.test/page"]))
        update, order = built(listed, text, FETCHED), update_order(listed.desk, FETCHED, NOON)
        taken = take_update(listed.desk, update, NOON, order=order)

    assert taken.took is Took.IN_FORCE
    assert in_the_bundle(listed) == {"iwf"}


@pytest.mark.parametrize("left", [9, 5])
def test_one_in_a_file_that_somebody_cut_short_waits_for_two_people(sealed: Listed, left: int) -> None:
    before = sealed.agreed
    sealed.put({"iwf": ENTRIES[:left]})

    taken = take_update(sealed.desk, built(sealed, SEALED), NOON, order=update_order(sealed.desk, (), NOON))

    assert (taken.took, sealed.agreed) == (Took.HELD, before)
    assert all(each.loosens for each in taken.because)


def test_one_in_a_file_that_only_grew_comes_into_force_by_itself(sealed: Listed) -> None:
    sealed.put({"iwf": [*ENTRIES, "new.test/page"]})

    taken = take_update(sealed.desk, built(sealed, SEALED), NOON, order=update_order(sealed.desk, (), NOON))

    assert taken.took is Took.IN_FORCE
    assert in_the_bundle(sealed) == {"iwf"}
