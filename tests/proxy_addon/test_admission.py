"""Who comes in, who is turned away, and for whom somebody else has to go."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.admission import KEPT, Admission
from proxy_addon.limits import Limits, most_connections
from proxy_addon.paces import ANSWER, BODY, QUIET, Pace


@dataclass(eq=False)
class Guest(Pace):
    """One that says itself what it waits for, and who asks."""

    waits: str = QUIET
    name: str = ""

    def now_waits_for(self) -> tuple[str, int]:
        return self.waits, 0

    @property
    def person(self) -> str:
        return self.name


@dataclass
class Door:
    most: int = 1000
    each: int = 3
    closed: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission = Admission(Limits(connections=self.each), self.most, self.closed.append)
        self.number = 0

    def guest(self, address: str = "10.0.0.1", waits: str = QUIET, name: str = "") -> Guest:
        self.number += 1
        client = SimpleNamespace(id=f"c{self.number}")
        return Guest(None, client, None, address, None, waits=waits, name=name)


def test_the_oldest_that_waits_for_nothing_makes_room() -> None:
    door = Door()
    busy, *quiet = guests = [door.guest(waits=ANSWER), door.guest(), door.guest()]
    assert all(door.admission.admit(each) for each in guests)
    assert door.admission.admit(door.guest())
    assert door.closed == quiet[:1]
    assert door.admission.find(busy.client.id) is busy
    assert door.admission.refused == {"10.0.0.1": 1}


def test_where_nobody_can_go_the_new_one_stays_out() -> None:
    door = Door()
    assert all(door.admission.admit(door.guest(waits=ANSWER)) for _ in range(3))
    assert not door.admission.admit(door.guest())
    assert not door.admission.admit(door.guest())
    assert door.closed == []
    assert len(door.admission) == 3
    assert door.admission.refused == {"10.0.0.1": 2}


def test_whoever_sends_without_a_name_makes_room_and_whoever_has_one_does_not() -> None:
    door = Door()
    named, nameless, _ = guests = [
        door.guest(waits=BODY, name="anna"),
        door.guest(waits=BODY),
        door.guest(waits=ANSWER),
    ]
    assert all(door.admission.admit(each) for each in guests)
    assert door.admission.admit(door.guest())
    assert door.admission.admit(door.guest())
    assert door.closed == [nameless]
    assert door.admission.find(named.client.id) is named


def test_whoever_watches_has_places_that_nobody_else_can_take_and_no_more_than_these() -> None:
    door = Door(most=2)
    assert [door.admission.admit(door.guest(waits=ANSWER)) for _ in range(3)] == [True, True, False]
    watching = [door.guest(waits=QUIET) for _ in range(KEPT + 1)]
    for each in watching:
        each.watches = True
    assert [door.admission.admit(each) for each in watching] == [*([True] * KEPT), False]
    assert door.closed == [], "and they make room for nobody"
    door.admission.end(watching[0].client.id)
    assert door.admission.admit(watching[-1]), "one has left"


def test_whoever_said_who_they_are_takes_no_room_from_the_others_at_their_address() -> None:
    door = Door()
    assert all(door.admission.admit(door.guest(waits=ANSWER, name=f"p{each}")) for each in range(50))
    assert door.closed == []


def test_one_person_has_no_more_than_the_others() -> None:
    door = Door()
    mine = [door.guest(waits=ANSWER if each % 2 else QUIET, name="anna") for each in range(6)]
    for each in [*mine, door.guest(name="ben")]:
        door.admission.admit(each)
    door.admission.trim()
    assert {each.waits for each in door.closed} == {QUIET}
    assert len(door.closed) == 3


def test_all_together_stay_below_what_the_system_gives() -> None:
    door = Door(most=5, each=100)
    assert all(door.admission.admit(door.guest(f"10.0.0.{each}")) for each in range(8))
    assert len(door.admission) == 5
    assert most_connections() >= 16


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=200))
def test_the_numbers_hold_whatever_comes_and_goes(doings: list[tuple[int, bool, bool]]) -> None:
    door = Door(most=9)
    inside: list[Guest] = []
    for address, busy, leaves in doings:
        if leaves and inside:
            door.admission.end(inside.pop().client.id)
        guest = door.guest(f"10.0.0.{address}", ANSWER if busy else QUIET)
        if door.admission.admit(guest):
            inside.append(guest)
        inside = [each for each in inside if each not in door.closed]
        assert list(door.admission) == inside
        assert len(inside) <= 9
        assert all(sum(each.address == where.address for each in inside) <= 3 for where in inside)
