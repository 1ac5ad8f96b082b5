"""A day on which everything is tried: what pupils see, what the coordinator hears, what the governor finds.

Through the whole of a demo school, with curl and raw sockets as its devices.
"""

import base64
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.doors import exchange
from tests.harness import proxy_login
from tests.running import Demo, eventually, running_demo

BETS = "http://bets.test/"  # gambling, shut for everybody
PACKED = base64.urlsafe_b64encode(BETS.encode()).decode()
DNS_QUESTION = "AAABAAABAAAAAAAAB2Jsb2NrZWQEdGVzdAAAAQAB"
WAYS_ROUND = {  # an address, and the kind that its row is of
    f"http://translate.google.com/translate?sl=fr&tl=en&u={quote(BETS, safe='')}": "gambling",
    "http://bets-test.translate.goog/?_x_tr_sl=fr": "gambling",
    f"http://web.archive.org/web/2020id_/{BETS}": "gambling",
    f"http://made-last-night.test/browse.php?u={PACKED}&b=4": "circumvention",
    f"http://news.test/dns-query?dns={DNS_QUESTION}": "circumvention",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("attacked") / "state") as running:
        yield running


def found(demo: Demo, what: str, began: datetime, more: str) -> list[dict[str, Any]]:
    answer = demo.ask_api("cora", "GET", f"/{what}?from={quote(began.isoformat())}&limit=200&{more}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


def sightings(demo: Demo, began: datetime) -> list[dict[str, Any]]:
    return found(demo, "sightings", began, "each=yes&names=yes&purpose=who+tried+to+get+round")


@pytest.mark.parametrize("url", list(WAYS_ROUND))
def test_no_way_round_opens_what_is_shut(url: str, demo: Demo) -> None:
    answer = demo.get(url)

    assert answer.status == 403
    assert "Lucky Horse" not in answer.body


def test_the_coordinator_hears_who_tried_to_get_round_and_by_what(demo: Demo) -> None:
    began = datetime.now(UTC)
    for url in WAYS_ROUND:
        demo.get(url)

    rows = eventually(
        lambda: found(demo, "filtering-log", began, "verdict=block"),
        lambda each: len(each) >= len(WAYS_ROUND),
    )
    told = eventually(lambda: sightings(demo, began), lambda each: len(each) >= 2)

    assert sorted(str(row["category"]) for row in rows) == sorted(WAYS_ROUND.values())
    assert {each["kind"] for each in told} == {"circumvention"}
    assert {each["person"]["username"] for each in told} == {"anna"}
    assert "sightings" in demo.ask_api("cora", "GET", "/changes?limit=1").text


def test_who_guesses_is_slowed_and_told_and_the_owner_goes_on(demo: Demo) -> None:
    began = datetime.now(UTC)
    port = int(demo.proxy.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.77", 0)) as guesser:
        guesser.settimeout(10)
        answers = [exchange(guesser, guess(number)).split(b" ")[1] for number in range(24)]

    told = eventually(lambda: sightings(demo, began), bool)
    mine = demo.get("http://school-books.test/", "mary")

    assert set(answers[:5]) == {b"407"}
    assert b"429" in answers
    assert b"200" not in answers
    assert [each["kind"] for each in told] == ["guessing"]
    assert mine.status == 200


def guess(number: int) -> bytes:
    head = b"GET http://school-books.test/ HTTP/1.1\r\nHost: school-books.test\r\n"
    return head + proxy_login("mary", f"guess-{number}") + b"\r\n"


def test_the_gate_proves_that_it_blocks_and_a_governor_reads_what_the_canaries_found(demo: Demo) -> None:
    asked = demo.cli("proxy-check")
    assert asked.returncode == 0, asked.stderr

    told = eventually(
        lambda: demo.ask_api("gordon", "GET", "/canaries").json(),
        lambda told: ("upper-ks2", "gambling") in {(each["group"], each["about"]) for each in told["rows"]},
        120,
    )

    assert told["failed"] == 0
