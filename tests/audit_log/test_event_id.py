"""Ids that sort by time and never meet; codes that can be read out over a telephone."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from audit_log.event_id import ALPHABET, new_event_id, reference_from, reference_of

NANOSECONDS = st.integers(0, 2**63)


@given(NANOSECONDS)
def test_an_id_is_26_letters_and_digits(now_ns: int) -> None:
    assert re.fullmatch(f"[{ALPHABET}]{{26}}", new_event_id(now_ns))


@given(NANOSECONDS, st.integers(1000, 2**40))
def test_ids_sort_by_time(now_ns: int, later: int) -> None:
    assert new_event_id(now_ns) < new_event_id(now_ns + later)


def test_ids_of_one_moment_differ() -> None:
    now_ns = time.time_ns()

    assert len({new_event_id(now_ns) for _ in range(10_000)}) == 10_000


def test_a_reference_is_short_and_the_end_of_the_id() -> None:
    assert reference_of("06FB5T1F2C0Q8Z3N5S7V9XK7M4") == "9XK-7M4"


@given(NANOSECONDS)
def test_a_reference_is_understood_however_it_is_typed(now_ns: int) -> None:
    reference = reference_of(new_event_id(now_ns))
    typed = f" {reference.lower().replace('-', ' ').replace('0', 'o').replace('1', 'L')} "

    assert reference_from(typed) == reference_from(reference) == reference
