"""No body is larger than the window takes, whether it says how large it is or not."""

from collections.abc import Iterator

from tests.audit_api.school import School, an_ask, problem_of


def test_a_body_that_is_too_large_is_not_read(school: School) -> None:
    answer = school.as_("tess").post("/api/v1/unblocks", json=an_ask(reason="x" * 5_000_000))

    problem_of(answer, 413, "too-large")


def test_a_body_that_does_not_say_how_large_it_is_is_cut_off_as_well(school: School) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    client = school.as_("tess")
    answer = client.post("/api/v1/unblocks", content=endless(), headers={"Content-Type": "application/json"})
    problem_of(answer, 413, "too-large")
    cookies = {school.app.state.window.cookie: school.token("tess")[0]}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = school.nobody(cookies=cookies).post("/unblocks/ask", content=endless(), headers=form)
    problem_of(answer, 413, "too-large")
