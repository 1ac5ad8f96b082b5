"""When something goes wrong: from a child's report to a closed case, through the real gate and console.

One school, one day. Coordinator, headteacher and governor ask over the API; the children with curl.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.running import Demo, eventually, running_demo

PROXY_SITE, ADULT, BETS, NEWS = (
    f"http://{name}.test/" for name in ("proxyhole", "adult", "bets", "news")
)  # all but the last are shut for everybody, the first two locked
HEAD, TECHNICIAN, GOVERNOR, TEACHER = "hilda", "tess", "gordon", "mary"
WORDS = "somebody sent me this and I did not want to see it"
TAKEN_AWAY = "127.0.0.77"  # a pupil's laptop
LOOKED_AT_WITH = "127.0.0.78"  # the computer that no pupil uses


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("incident") / "state") as running:
        yield running


def ask(demo: Demo, who: str, path: str, body: dict[str, Any] | None = None, expected: int = 200) -> Any:
    answer = demo.ask_api(who, "GET" if body is None else "POST", f"/incidents{path}", body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def cases(demo: Demo, who: str, **wanted: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    return list(ask(demo, who, f"?{query}")["rows"])


def step(demo: Demo, case: str, act: str, **facts: Any) -> None:
    """The coordinator asks and the headteacher signs."""
    ask(demo, "cora", f"/{case}/steps", {"act": act, "reason": "as the log shows", **facts})
    sign(demo, case)


def sign(demo: Demo, case: str) -> None:
    to_sign = ask(demo, HEAD, "/queue")["to_sign"]
    waiting = next(each["step"]["id"] for each in to_sign if each["case"]["id"] == case)
    ask(demo, HEAD, f"/{case}/steps/{waiting}/sign", {})


def rows_of(demo: Demo, wanted: str) -> list[dict[str, Any]]:
    found = demo.ask_api(HEAD, "GET", f"/filtering-log?{wanted}&names=yes&purpose=a+case")
    assert found.status_code == 200, found.text
    return list(found.json()["rows"])


def test_a_child_reports_from_the_block_page_without_a_password(demo: Demo) -> None:
    blocked = demo.get(BETS, "anna")
    link = re.search(r'href="([^"]*/report\?ref=([^"]+))"', blocked.body)
    assert link is not None
    eventually(lambda: rows_of(demo, f"reference={link[2]}"), bool)  # a child takes longer to write
    form = httpx2.get(link[1]).text
    assert "Do not reply" in form
    sent = {
        "form": _hidden(form, "form"),
        "ref": link[2],
        "happened": "",
        "text": WORDS,
        "name": "",
    }
    answer = httpx2.post(f"{demo.api}/report", data=sent, follow_redirects=True)
    assert "Thank you" in answer.text

    found = eventually(lambda: [each for each in ask(demo, "cora", "/queue")["new"]
                                if each["kind"] == "unsorted"], bool)  # fmt: skip
    whole = ask(demo, "cora", f"/{found[0]['id']}")
    assert whole["report"][0]["text"] == WORDS
    assert WORDS not in demo.ask_api(TECHNICIAN, "GET", "/changes?limit=200").text


def _hidden(form: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', form)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def case(demo: Demo) -> str:
    """Ben tries a way round; a second later it stands in the coordinator's queue."""
    assert demo.get(PROXY_SITE, "ben", "--interface", TAKEN_AWAY).status == 403
    wanted = {"kind": "pupil-circumvention", "open": "yes", "person": "ben"}
    found: list[dict[str, Any]] = eventually(lambda: cases(demo, "cora", **wanted), bool)
    return str(found[0]["id"])


def test_a_way_round_opens_a_case_that_nobody_else_knows_of(demo: Demo, case: str) -> None:
    ask(demo, HEAD, f"/{case}")
    for who in (TECHNICIAN, TEACHER):
        demo.ask_api(who, "GET", f"/incidents/{case}")
        assert demo.ask_api(who, "GET", f"/incidents/{case}").status_code in (403, 404)
    assert case not in json.dumps(cases(demo, TECHNICIAN))


def test_two_seniors_look_into_it_on_one_device_for_a_while(demo: Demo, case: str) -> None:
    step(demo, case, "investigate")
    shut = demo.get(ADULT, "cora", "--interface", LOOKED_AT_WITH)
    assert shut.status == 403
    ask(
        demo,
        "cora",
        f"/{case}/mode",
        {"device": LOOKED_AT_WITH, "sites": ["adult.test"], "minutes": 30, "reason": "what he was after"},
    )
    sign(demo, case)

    eventually(lambda: demo.get(ADULT, "cora", "--interface", LOOKED_AT_WITH).status, lambda x: x == 200)
    assert demo.get(ADULT, "cora").status == 403  # another device
    assert demo.get(ADULT, TEACHER, "--interface", LOOKED_AT_WITH).status == 403  # somebody else
    assert demo.get("http://illegal-example.test/", "cora", "--interface", LOOKED_AT_WITH).status == 403
    rows = eventually(lambda: rows_of(demo, "reason=investigation"), bool)
    assert {row["rule"] for row in rows} == {f"investigation.{case}"}


def test_access_is_removed_by_two_and_the_letter_to_the_parents_waits(demo: Demo, case: str) -> None:
    step(demo, case, "substance", substance=True)
    step(demo, case, "act", responses=["internal"])
    suggested = ask(demo, "cora", f"/{case}/suggestion")["actions"]
    assert "removal-of-access" in suggested
    until = {"until": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    step(demo, case, "sanction", actions=suggested, removal=until)

    eventually(lambda: demo.get(NEWS, "ben").status, lambda status: status == 403)
    whole = ask(demo, HEAD, f"/{case}")
    assert "parents" in [task["kind"] for task in whole["tasks"] if not task["done_at"]]


def test_a_device_is_shut_off_at_once_and_two_let_it_go(demo: Demo, case: str) -> None:
    assert demo.get(NEWS, "anna", "--interface", TAKEN_AWAY).status == 200
    ask(demo, "cora", f"/{case}/isolate", {"device": TAKEN_AWAY, "hours": 5, "reason": "it is evidence"})

    eventually(lambda: demo.get(NEWS, "anna", "--interface", TAKEN_AWAY).status, lambda each: each == 403)
    assert demo.get(NEWS, "anna").status == 200

    isolation = ask(demo, "cora", f"/{case}")["isolated"][0]["id"]
    step(demo, case, "release", isolation=isolation)
    eventually(lambda: demo.get(NEWS, "anna", "--interface", TAKEN_AWAY).status, lambda each: each == 200)


def test_the_bundle_for_a_referral_is_whole_and_the_case_closes(demo: Demo, case: str) -> None:
    answer = demo.ask_api(HEAD, "POST", f"/incidents/{case}/referral", {})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert {"manifest.json", "form.pdf"} <= set(bundle.namelist())
        assert bundle.read("form.pdf").startswith(b"%PDF")
    step(demo, case, "close", outcome="dealt-with")
    assert ask(demo, "cora", f"/{case}")["state"] == "closed"


def test_what_may_be_illegal_is_in_the_polices_lane_from_the_start(demo: Demo) -> None:
    assert demo.get("http://illegal-example.test/", "anna").status == 403
    found: list[dict[str, Any]] = eventually(lambda: cases(demo, HEAD, kind="pupil-illegal-material"), bool)
    whole = ask(demo, HEAD, f"/{found[0]['id']}")
    assert (whole["lane"], "illegal-example" in json.dumps(whole)) == ("illegal", False)
    body = {"device": LOOKED_AT_WITH, "sites": ["news.test"], "minutes": 5, "reason": "to see"}
    refused = demo.ask_api(HEAD, "POST", f"/incidents/{found[0]['id']}/mode", body)
    assert refused.status_code in (409, 422)


def test_the_governor_reads_numbers_and_no_name_and_the_log_is_whole(demo: Demo, case: str) -> None:
    figures = json.dumps(ask(demo, GOVERNOR, "/figures"))
    for name in ("Ben", "Anna", "Tess", case):
        assert name not in figures
    assert demo.ask_api(GOVERNOR, "GET", f"/incidents/{case}").status_code in (403, 404)
    assert demo.ask_api(GOVERNOR, "GET", "/changes/verify").json()["whole"] is True
