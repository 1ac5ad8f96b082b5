"""Time in which the loop turned: a late turn counts for little, and nothing beats for nobody."""

import asyncio
import time

import pytest

from proxy_addon.live_time import BEAT_SECONDS, LATE_SECONDS, Heart, Limit


def test_a_late_turn_counts_for_no_more_than_two_beats() -> None:
    async def story() -> tuple[float, float]:
        with Limit(60) as limit:
            heart = limit._heart
            before = heart.now()
            time.sleep(0.5)  # noqa: ASYNC251  # that is what is tried
            late = heart.now() - before
            await asyncio.sleep(6 * BEAT_SECONDS)
            return late, heart.now() - before

    late, after = asyncio.run(story())
    assert 0 < late <= LATE_SECONDS
    assert after > late + BEAT_SECONDS


def test_it_beats_only_while_somebody_waits() -> None:
    async def story() -> Heart:
        with Limit(60) as limit:
            heart = limit._heart
            await asyncio.sleep(2 * BEAT_SECONDS)
            assert heart._beats is not None
        await asyncio.sleep(4 * BEAT_SECONDS)
        return heart

    heart = asyncio.run(story())
    assert heart._beats is None
    assert heart._waiting == set()


def test_many_that_wait_have_one_timer() -> None:
    async def story() -> set[object]:
        timers = set[object]()
        for _ in range(50):
            limit = Limit(60)
            timers.add(limit._heart._beats)
        return timers

    assert len(asyncio.run(story())) == 1


def test_whoever_cancels_it_as_well_is_heard() -> None:
    async def waits() -> None:
        with Limit(0):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)

    async def story() -> None:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(waits())

    asyncio.run(story())
