"""No operation of the OpenAPI is answered with an error of ours, whoever asks; each answer is as described.

CI asks every operation a few times as everybody; `make torture` often, also with what was made to hurt.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.audit_api.asked_everything import MODES, Asker, asking, labels
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import BY_ROLE, Clock, School, an_ask, build_school, copy_of, problem_of
from tests.builders import NOON, POLICY
from tests.conftest import ROUNDS
from tests.filter_lists.test_oracle import both, in_words

TORTURE = bool(os.environ.get(ROUNDS))
OFTEN, SELDOM = (100, 20) if TORTURE else (1, 1)
# Which operations are not asked, and why. Every other one is, by everybody.
LEFT_OUT: Mapping[str, str] = {}
# Pupils, guests and the community are one to the API: they have no console.
EVERYBODY = [name for role, name in BY_ROLE.items() if TORTURE or role not in ("guest", "community")]

DEEP = "[" * 100_000
HOSTILE: tuple[Any, ...] = (
    "\0",
    "\ud800",
    "x" * 70_000,
    2**63,
    -(10**400),
    1e308,
    "9999-12-31T23:59:59.999999+14:00",
    "0001-01-01T00:00:00-14:00",
    "\u202e\u2028%00%ff\r\nSet-Cookie: a=b",
    "https://bet.test/?" + "a=b&" * 1500,
    [],
    [[[[[[{"a": [None]}]]]]]],
    {"": None, "__class__": "x"},
    True,
)


class Leaping(Clock):
    """Twenty minutes go by with each look at it, so that what watches for a quarter of an hour ends."""

    def __call__(self) -> Any:
        now = self.now
        self.forward(minutes=20)
        return now


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("asked")
    build_school(folder / "template")
    made = School(copy_of(folder / "template", folder / "state"))
    anna = made.person("anna")
    rows = [a_row(anna, NOON - timedelta(seconds=i), host=f"h{i}.bet.test") for i in range(9)]
    store(made.desk.engine, rows)
    yield made
    made.desk.engine.dispose()


@pytest.fixture(scope="module")
def ids(school: School) -> tuple[str, ...]:
    """Of things that there are, of some kinds."""
    terry, tess = school.as_("terry"), school.as_("tess")
    because = {"reason": "we try it out"}
    ben = school.person("ben")
    moved = {"username": "ben", "name": "Ben Brown", "role": "pupil", "classes": ["6B"]}
    answers = [
        tess.post("/api/v1/unblocks", json=an_ask()),
        terry.post("/api/v1/policy/proposals", json=because | {"text": POLICY + "# more\n"}),
        terry.post("/api/v1/holds", json=because | {"person": ben.id}),
        terry.post("/api/v1/people/proposals", json=because | {"rows": [moved]}),
    ]
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert made, [answer.text for answer in answers]
    return (*made, ben.id, school.person("terry").id)


@pytest.mark.torture
@pytest.mark.parametrize("username", [*EVERYBODY, None])
def test_no_operation_is_answered_with_an_error_of_ours(
    school: School, ids: tuple[str, ...], username: str | None
) -> None:
    with asking(school, username, ids) as asker:
        for operation in asker.operations():
            if operation.path.endswith("/tail"):
                continue  # asked below
            for mode in MODES if username == "hedy" or TORTURE else MODES[:1]:
                asker.ask(operation, mode, OFTEN if username == "hedy" else SELDOM)

    asked = {label for label, _ in asker.found}
    assert asked == labels(school.app.openapi()) - LEFT_OUT.keys() - {"GET /api/v1/filtering-log/tail"}
    assert {status for _, status in asker.found if status >= 500} == set()
    if username == "hedy":
        assert len({label for label, status in asker.found if status < 300}) >= 30


def test_what_goes_on_is_as_described_too_and_ends(school: School, ids: tuple[str, ...]) -> None:
    leaping = School(school.desk, Leaping())
    with asking(leaping, "hedy", ids) as asker:
        (tail,) = (each for each in asker.operations() if each.path.endswith("/tail"))
        for mode in MODES:
            asker.ask(tail, mode, OFTEN)
    assert asker.found["GET /api/v1/filtering-log/tail", 200] >= 1


@pytest.mark.torture
@pytest.mark.parametrize("where", ["query", "body"])
def test_what_was_made_to_hurt_is_a_fault_of_whoever_sends_it(school: School, where: str) -> None:
    """Each field of each operation holds each of them in turn; in CI one of them each."""
    found: dict[str, int] = {}
    with asking(school, "hedy") as asker:
        for number, operation in enumerate(asker.operations()):
            if operation.path.endswith("/tail"):
                continue
            method, path = operation.label.split(" ")
            address = asker.address + path.replace("{id}", "x").replace("{seq}", "1").replace("{size}", "1")
            for index, name in enumerate(_fields(school, method, path, where)):
                turns = range(len(HOSTILE)) if TORTURE else [number + index]
                for turn in turns:
                    value = HOSTILE[turn % len(HOSTILE)]
                    answer = _sent(asker, f"{method} {address}", name, value, where)
                    assert answer.status_code < 500, (operation.label, name, turn % len(HOSTILE))
                    found[f"{operation.label} {name}"] = answer.status_code
    assert len(found) > 60


def _fields(school: School, method: str, path: str, where: str) -> list[str]:
    told = school.app.openapi()
    operation = told["paths"][path][method.lower()]
    if where == "query":
        return [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = body.get("$ref", "").rpartition("/")[2]
    return list(told["components"]["schemas"].get(named, {}).get("properties", {}))


def _sent(asker: Asker, request: str, name: str, value: Any, where: str) -> requests.Response:
    method, url = request.split(" ")
    headers, session = asker.headers(), asker.session
    if where == "query":
        text = value if isinstance(value, str) else json.dumps(value)
        pairs = {name: text[:8000].encode(errors="surrogatepass")}
        return session.request(method, url, headers=headers, params=pairs, timeout=30)
    headers |= {"Content-Type": "application/json"}
    return session.request(method, url, headers=headers, data=json.dumps({name: value}), timeout=30)


ODD_BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", DEEP.encode()),
    ("application/json", b'{"a":' * 20_000),
    ("application/json", b'{"reason": ' + b"9" * 100_000 + b"}"),
    ("application/json", b'{"reason": NaN, "reason": Infinity}'),
    ("application/json", b"\xff\xfe\x00"),
    ("application/json", b""),
    ("application/json; charset=utf-7", b"+AHs-}"),
    ("text/plain", b"{}"),
    ("application/x-www-form-urlencoded", b"%ff=%00&a=1&a=2&=;" * 50),
    ("application/x-www-form-urlencoded", b"a=1&" * 5000),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 2000),
    ("\xff", b"{}"),
)


@pytest.mark.parametrize("number", range(len(ODD_BODIES)))
def test_a_body_that_is_not_what_it_says_is_a_fault_of_whoever_sends_it(school: School, number: int) -> None:
    kind, body = ODD_BODIES[number]
    changing = sorted(label for label in labels(school.app.openapi()) if not label.startswith("GET"))
    client = school.as_("hedy")
    for label in changing if TORTURE else changing[number % 5 :: 5]:
        if label == "DELETE /api/v1/session":
            continue
        method, path = label.split(" ")
        answer = client.request(
            method, path.replace("{id}", "x"), content=body, headers={b"Content-Type": kind.encode("latin-1")}
        )
        assert answer.status_code < 500, (label, answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/unblocks/%ff%fe",
        "/api/v1/unblocks/%00",
        "/api/v1/unblocks/..%2f..%2fetc",
        "/api/v1/changes/99999999999999999999999/proof",
        "/api/v1/changes/-1/proof",
        "/api/v1/changes/checkpoints/%F0%9F%98%80/qr.svg",
        "/api/v1/unblocks?limit=1&limit=2&cursor=a&cursor=b",
        "/api/v1/changes?limit=%ff",
        "/api/v1/filtering-log?from=%00&host=%ff",
        "/api/v1/reports/month?month=2026-99",
        "/static/%2e%2e%2fapp.py",
        "/problems/%ff",
        "/verify/%00",
        "/sign-in?next=%ff%00",
        "/unblocks/%ff",
        "/filtering-log?cursor=%ff&from=%ed%a0%80",
        "/data-protection/access?person=%00",
    ],
)
def test_an_address_that_nobody_would_write_is_a_fault_of_whoever_asks(school: School, path: str) -> None:
    for client in (school.nobody(), school.as_("hedy"), school.browser("hedy")[0]):
        assert client.get(path).status_code < 500


def test_an_address_with_more_parts_than_can_be_compared_is_a_fault_of_whoever_asks(school: School) -> None:
    """A gate blocks it; nobody is told that something broke."""
    index, _ = both([in_words("bet.test/watch?v=1&w=2")])
    made = School(replace(school.desk, lists=lambda: index, opened=lambda _: index))
    url = "https://bet.test/watch?" + "&".join(f"a{number}=1" for number in range(1500))
    asked = an_ask("bet.test/watch")
    for answer in (
        made.as_("terry").get("/api/v1/lists/lookup", params={"url": url}),
        made.as_("terry").get("/api/v1/explain", params={"url": url, "user": "anna"}),
    ):
        problem_of(answer, 422, "bad-input")
    assert made.as_("tess").post("/api/v1/unblocks", json=asked).status_code in (201, 422)
    page = made.browser("terry")[0].get("/explain", params={"url": url, "user": "anna"})
    assert page.status_code < 500


def test_the_test_would_notice_an_error_of_ours(school: School) -> None:
    def falls_over() -> None:
        raise RuntimeError("on purpose")

    broken = School(replace(school.desk, lists=falls_over, opened=falls_over))  # type: ignore[arg-type]  # as said
    with asking(broken, "hedy") as asker:
        (lookup,) = (each for each in asker.operations() if each.path.endswith("/lookup"))
        with pytest.raises(BaseException, match="Server error"):
            asker.ask(lookup, MODES[0], 10)
