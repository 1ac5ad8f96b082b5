"""Story 1 and 4: who asks decides what is answered, and every answer has its row."""

import json
import re
import subprocess

import httpx2
import pytest

from tests.system.school import SITES, School, password_of, wait_for

pytestmark = pytest.mark.system
SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@SCHEMES
def test_a_pupil_opens_an_allowed_site(school: School, scheme: str) -> None:
    answer = school.browse("ben", f"{scheme}://school-books.test/")

    assert answer.status_code == 200
    assert "Welcome to school-books.test" in answer.text


@SCHEMES
def test_a_blocked_kind_is_answered_in_the_bands_words_and_never_contacted(
    school: School, scheme: str
) -> None:
    before = school.seen("bets.test")

    answer = school.browse("ben", f"{scheme}://bets.test/odds?stake=5")

    assert answer.status_code == 403
    assert "not in trouble" in answer.text
    assert school.seen("bets.test") == before
    wait_for(
        lambda: any(row["reference"] in answer.text for row in school.rows(host="bets.test", kind="request")),
        "the row that the code on the page leads to",
    )


def test_the_link_of_a_block_page_leads_to_the_report_without_signing_in(school: School) -> None:
    """Through the gate itself, to an address that it opens for nothing else."""
    link = re.search(r'href="([^"]+)"', school.browse("ben", "http://bets.test/").text)
    assert link is not None
    with httpx2.Client(proxy=school.proxy(None), trust_env=False, timeout=20) as client:
        page = client.get(link[1])
        base = link[1].partition("/report")[0]
        parts = re.findall(r'(?:src|href)="(/static[^"]+)"', page.text)
        form = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', page.text))
        sent = client.post(f"{base}/report", data=form | {"text": "somebody was unkind", "happened": "other"})
        statuses = [client.get(base + part).status_code for part in [*parts, "/report/thanks", "/login"]]
    assert (page.status_code, sent.status_code) == (200, 303)
    assert statuses == [200] * (len(parts) + 1) + [403]
    wait_for(lambda: len(school.rows(rule="report")) >= len(parts) + 3, "rows of all of it")
    for row in school.rows(rule="report"):
        assert not any(
            row[key] for key in ("person_id", "role", "filter_groups", "classes", "client_address")
        )


def test_curl_trusts_the_schools_ca_and_sees_the_same(school: School) -> None:
    user = f"ben:{password_of('ben')}"

    assert curl(school, "https://school-books.test/", "--proxy-user", user) == "200"
    assert curl(school, "http://school-books.test/", "--proxy-user", user) == "200"
    assert curl(school, "https://bets.test/", "--proxy-user", user) == "403"


def test_the_same_site_is_open_to_staff_where_the_table_says_so(school: School) -> None:
    assert school.status("tess", "https://sums.test/") == 200
    assert school.status("tess", "https://bets.test/") == 403


@pytest.mark.parametrize("site", ["illegal-example.test", "adult.test"])
def test_nobody_reaches_locked_or_illegal_kinds(school: School, site: str) -> None:
    assert {school.status(who, f"https://{site}/") for who in ("ben", "tess", "cora")} == {403}
    assert school.seen(site) == 0


def test_an_illegal_page_offers_no_way_to_ask_and_its_row_names_no_place(school: School) -> None:
    page = school.browse("tess", "https://illegal-example.test/").text

    assert "/unblocks" not in page
    wait_for(lambda: school.rows(kind="request", reason="illegal", role="staff"), "the row")
    rows = school.rows(reason="illegal")
    assert {(row["host"], row["entry"]) for row in rows} == {(None, None)}
    assert all(row["url"].startswith("sealed:") for row in rows)


@SCHEMES
def test_without_credentials_the_answer_is_407(school: School, scheme: str) -> None:
    assert curl(school, f"{scheme}://school-books.test/").startswith("407")

    wait_for(lambda: school.rows(reason="no-credentials"), "the row")
    assert school.rows(reason="no-credentials")[-1]["filter_groups"] == ("unidentified",)


def test_wrong_credentials_are_407_and_neither_they_nor_right_ones_are_kept(school: School) -> None:
    assert curl(school, "http://school-books.test/", "--proxy-user", "ben:hunter2-is-wrong").startswith("407")
    school.browse("ben", "http://school-books.test/")

    wait_for(lambda: school.rows(reason="wrong-credentials"), "the row")
    journal = b"".join(path.read_bytes() for path in (school.state / "journal").glob("*.journal"))
    for secret in ("hunter2", password_of("ben")):
        assert secret not in json.dumps(school.rows(), default=str)
        assert secret.encode() not in journal
        assert secret not in (school.state / "gate.log").read_text()


def test_a_network_without_logins_has_its_own_group(school: School) -> None:
    assert curl(school, "http://bets.test/", "--interface", "127.20.0.7").startswith("403")

    wait_for(lambda: school.rows(client_address="127.20.0.7"), "the row")
    assert school.rows(client_address="127.20.0.7")[-1]["filter_groups"] == ("reception-ks1",)


def test_a_row_holds_all_that_was_promised_and_no_more(school: School) -> None:
    school.browse("ben", "https://school-books.test/shelf/3?q=private")
    url = "https://school-books.test/shelf/3"
    wait_for(lambda: school.rows(url=url, outcome="done"), "the row and its end")

    row = school.rows(url=url)[0]

    ben = school.actor("ben").person_id
    assert (row["person_id"], row["filter_groups"], row["classes"]) == (ben, ("upper-ks2",), ("6B",))
    assert (row["category"], row["list_id"], row["entry"]) == (
        "education",
        "education-list",
        "school-books.test",
    )
    assert (row["verdict"], row["reason"], row["rule"]) == (
        "allow",
        "category-allowed",
        "access.education.everyone",
    )
    assert (row["method"], row["status"], row["client_address"]) == ("GET", 200, "127.0.0.1")
    assert (row["bytes_down"] > 0, row["duration_ms"] is not None) == (True, True)
    assert len(row["policy_revision"]) == 64
    assert "private" not in json.dumps(school.rows(), default=str)


def test_only_the_host_is_kept_of_what_staff_read(school: School) -> None:
    """As the policy's record table says for adults (S104)."""
    school.browse("tess", "https://news.test/politics")
    wait_for(lambda: school.rows(host="news.test", kind="request"), "the row")

    assert "politics" not in json.dumps(school.rows(host="news.test"), default=str)


def test_every_request_has_one_row(school: School) -> None:
    amy = school.actor("amy").person_id
    hosts = [host for host in SITES for _ in range(3)]
    for host in hosts:
        school.browse("amy", f"http://{host}/")

    wait_for(lambda: len(school.rows(kind="request", person_id=amy)) >= len(hosts), "the rows")
    assert len(school.rows(kind="request", person_id=amy)) == len(hosts)
    assert len(school.rows(kind="request", person_id=amy, verdict="allow")) == 3 * 3


@SCHEMES
@pytest.mark.parametrize(
    "target", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "169.254.169.254", "10.0.0.1", "[::1]"]
)
def test_loopback_private_and_metadata_addresses_are_refused(
    school: School, scheme: str, target: str
) -> None:
    port = school.api_port if scheme == "http" else 443
    user = f"tess:{password_of('tess')}"
    why = "unreachable" if target == "localhost" else "egress"  # this school's names lead nowhere inside
    before = len(school.rows(reason=why))

    said = curl(school, f"{scheme}://{target}:{port}/healthz", "--proxy-user", user, "-k", "-m", "20")

    assert said[:3] in ("403", "502"), said
    wait_for(lambda: len(school.rows(reason=why)) > before, f"a row that says {why}")


def curl(school: School, url: str, *more: str) -> str:
    """The status of the last answer: of the tunnel, when that was refused."""
    shown = "%{http_code} %{http_connect}"
    command = ["curl", "-s", "-o", "/dev/null", "-w", shown, "--noproxy", "", "--cacert", str(school.ca)]
    done = subprocess.run(
        [*command, "--proxy", f"http://127.0.0.1:{school.port}", *more, url],
        capture_output=True,
        text=True,
        check=False,
    )
    status, tunnel = done.stdout.split()
    return tunnel if status == "000" else status


def test_a_password_that_somebody_else_gave_opens_the_web_only_once_it_is_changed(school: School) -> None:
    """A89: changed at first use, by its owner, without a sign-in to the console."""
    blocked = school.browse("nico", "http://school-books.test/")
    assert blocked.status_code == 403
    assert "/browsing-password" in blocked.text
    assert school.status("nico", "https://school-books.test/") == 403

    chosen = "nine grey otters"
    answer = httpx2.post(
        f"http://127.0.0.1:{school.api_port}/api/v1/browsing-password",
        json={"username": "nico", "old": password_of("nico"), "new": chosen},
        trust_env=False,
    )
    assert answer.status_code in (200, 204), answer.text

    user = f"nico:{chosen}"
    wait_for(
        lambda: curl(school, "http://school-books.test/", "--proxy-user", user) == "200",
        "the new password",
        5,
    )
    assert curl(school, "http://school-books.test/", "--proxy-user", f"nico:{password_of('nico')}") == "407"
