"""What cannot be seen from the outside of signing in: the same work for everybody, and a bounded queue."""

import asyncio
from threading import Event

import pytest

from audit_api.problems import Problem
from audit_api.sign_in import Checked, check, in_hashing_thread
from audit_api.window import LONGEST_QUEUE
from tests.audit_api.school import School, console_password, proxy_password


def test_each_of_two_passwords_is_known_for_what_it_is(school: School) -> None:
    sam = school.person("sam")

    assert check(sam, console_password("sam")) == Checked(console=True, proxy=False)
    assert check(sam, proxy_password("sam")) == Checked(console=False, proxy=True)


@pytest.mark.parametrize("password", ["nobody", "", "x" * 1000])
def test_who_does_not_exist_has_no_right_password(school: School, password: str) -> None:
    assert check(None, password) == Checked(console=False, proxy=False)
    tess = school.person("tess")  # who has no console password
    assert check(tess, password).console is False


def test_a_queue_too_long_to_wait_in_is_told_so(school: School) -> None:
    window = school.app.state.window
    done = Event()

    async def crowd() -> None:
        waiting = [asyncio.create_task(in_hashing_thread(window, done.wait)) for _ in range(LONGEST_QUEUE)]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="busy"):
            await in_hashing_thread(window, done.wait)
        done.set()
        await asyncio.gather(*waiting)

    asyncio.run(crowd())
    assert window.waiting == 0
