"""Whether a change opens anything, held against asking everything one by one."""

from dataclasses import replace
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filter_lists.names import Site
from filter_policy.cells import Instants, whos
from filter_policy.comparing import FAR_OFF, LONG_AGO, Tally, World, compare, ways, weigh
from filter_policy.decide import decide
from filter_policy.model import Opening, Policy, Request, Unblock
from tests.filter_policy.differing import PEOPLE, TOGETHER, changes, instants, one_by_one, requests

LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(suppress_health_check=LARGE)
@given(changes(), st.data())
def test_what_is_not_asked_comes_to_the_same_as_asking_all_of_it(
    both: tuple[Policy, Policy], data: st.DataObject
) -> None:
    world, everybody = World.of(*both, TOGETHER), whos(*both, PEOPLE)
    some = data.draw(st.lists(st.sampled_from(world.instants.all), min_size=1, max_size=4, unique=True))
    world = replace(world, instants=Instants(some))
    who = data.draw(st.sampled_from(everybody))

    tally = Tally()
    weigh(world, who, ways(world), tally)

    assert (tally.more, tally.less) == one_by_one(world, [who])


asked_of_both = st.tuples(requests(), instants, st.booleans(), st.booleans())


def excepted(policy: Policy, request: Request, *, opened: bool, unblocked: bool) -> Policy:
    openings = (Opening("o", "", frozenset(request.person.classes), LONG_AGO, FAR_OFF),)
    lesson = Unblock("u", (Site(request.url.host),), LONG_AGO, FAR_OFF, people=frozenset({request.person.id}))
    return replace(policy, openings=openings if opened else (), unblocks=(lesson,) if unblocked else ())


@settings(max_examples=200, suppress_health_check=LARGE)
@given(
    changes(),
    st.lists(st.tuples(requests(), instants, st.booleans(), st.booleans()), min_size=20, max_size=60),
)
def test_nobody_finds_a_page_that_a_tightening_opened(
    both: tuple[Policy, Policy], asked: list[tuple[Request, datetime, bool, bool]]
) -> None:
    opened = [
        (request, at)
        for request, at, by_staff, in_lesson in asked
        if decide(request, excepted(both[0], request, opened=by_staff, unblocked=in_lesson), at).is_block
        and not decide(request, excepted(both[1], request, opened=by_staff, unblocked=in_lesson), at).is_block
    ]

    assert not opened or compare(*both, PEOPLE, TOGETHER).loosening
