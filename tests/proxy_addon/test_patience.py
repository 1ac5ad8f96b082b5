"""The one limit on what hooks await, and what may take longer."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable

import pytest

from proxy_addon import patience
from proxy_addon.guard import told_to_stop


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HOOK_SECONDS", 0.05)


async def stalls() -> None:
    await asyncio.sleep(60)


def runs(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(patience.limited(work()))


def test_what_never_comes_back_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        runs(stalls)


def test_what_may_take_longer_may() -> None:
    async def work() -> None:
        with patience.longer(5):
            await asyncio.sleep(0.15)

    runs(work)


def test_what_follows_it_has_no_more_time_than_anything() -> None:
    """And so it is over before another, of a moment later, that may take longer than any."""
    ended: list[str] = []

    async def work() -> None:
        with patience.longer(5):
            await asyncio.sleep(0.1)
        await stalls()

    async def follows() -> None:
        with pytest.raises(TimeoutError):
            await patience.limited(work())
        ended.append("what follows")

    async def other() -> None:
        await asyncio.sleep(1)
        ended.append("a second")

    async def both() -> None:
        await asyncio.gather(follows(), other())

    asyncio.run(both())
    assert ended == ["what follows", "a second"]


async def late_turns(count: int) -> None:
    """A loop that gets no processor again and again."""
    for _ in range(count):
        time.sleep(0.3)  # noqa: ASYNC251  # that is what is tried
        await asyncio.sleep(0)


def test_a_loop_that_is_late_ends_nothing_that_has_come_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HOOK_SECONDS", 0.6)
    came: list[int] = []

    async def waits(number: int) -> None:
        await asyncio.to_thread(time.sleep, 0.8)
        came.append(number)

    async def story() -> None:
        hooks = [asyncio.create_task(patience.limited(waits(number))) for number in range(4)]
        await late_turns(4)
        await asyncio.gather(*hooks)

    asyncio.run(story())
    assert len(came) == 4


def test_a_stall_is_given_up_also_where_every_turn_is_late() -> None:
    async def story() -> None:
        hook = asyncio.create_task(patience.limited(stalls()))
        await asyncio.sleep(0)
        for _ in range(20):
            await late_turns(1)
            if hook.done():
                break
        with pytest.raises(TimeoutError):
            await hook

    asyncio.run(asyncio.wait_for(story(), 8))


def test_what_was_given_up_says_where_it_waited() -> None:
    with pytest.raises(TimeoutError) as caught:
        runs(stalls)
    assert "stalls" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_one_that_is_out_of_time_is_not_taken_for_the_end_of_the_process() -> None:
    told: list[bool] = []

    async def work() -> None:
        try:
            await stalls()
        except asyncio.CancelledError as fault:
            told.append(told_to_stop(fault))
            await asyncio.sleep(0.1)  # it may still say what it has to say
            told.append(patience.is_over())

    runs(work)
    assert told == [False, True]


def test_a_process_that_ends_is_told_apart() -> None:
    told: list[bool] = []

    async def work() -> None:
        try:
            await stalls()
        except asyncio.CancelledError as fault:
            told.append(told_to_stop(fault))
            raise

    async def story() -> None:
        with pytest.MonkeyPatch.context() as changed:
            changed.setattr(patience, "HOOK_SECONDS", 60)
            task = asyncio.create_task(patience.limited(work()))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(story())
    assert told == [True]


def test_what_comes_afterwards_has_time_of_its_own_and_may_fail() -> None:
    done: list[str] = []

    async def fails() -> None:
        raise ValueError

    async def comes() -> None:
        await asyncio.sleep(0.1)
        done.append("written")

    async def work() -> None:
        patience.afterwards(comes())
        patience.afterwards(fails())

    async def story() -> None:
        await patience.limited(work())
        await asyncio.sleep(0.3)

    asyncio.run(story())
    assert done == ["written"]
