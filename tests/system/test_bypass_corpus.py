"""Known ways around a filter, played through a whole school: nothing forbidden is ever contacted, nothing
that is allowed is shut, and each case leaves a record.

The corpus is not part of the project; without it beside the repository these tests are skipped. Each policy
that it has in words stands in worlds/ as a policy file, and is run by `schoolgate demo --world`.
"""

import hashlib
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from tests.harness import until
from tests.proxy_addon import corpus
from tests.system.corpus_world import (
    LISTED_IN,
    POLICIES,
    POLICY_OF,
    School,
    Sites,
    a_school_under,
    three_sites,
)

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "bypass_corpus_dev.yaml"

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside this repository")


@lru_cache(maxsize=1)
def cases() -> Mapping[str, dict[str, Any]]:
    if not CORPUS.exists():
        return {}
    return {case["id"]: case for case in yaml.safe_load(CORPUS.read_text(encoding="utf-8"))["cases"]}


def policy_of(case: Mapping[str, Any]) -> str:
    return POLICY_OF[hashlib.sha256(case["policy"].encode()).hexdigest()[:12]]


def cases_here() -> list[tuple[str, str]]:
    """(policy, case), so that each policy is agreed on once."""
    found = [(policy_of(case), name) for name, case in cases().items() if name not in ELSEWHERE]
    return sorted(found, key=lambda each: (each[0] in LISTED_IN, each))


# What takes more than a client and a moment has a test of its own: the case, and where it is played.
ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "DNS-005": ("tests/system/test_bypass_corpus.py", "test_nothing_of_ours_answers_questions_about_names"),
    "DNS-007": (  # what Chromium says first has that extension
        "tests/system/test_chromium.py",
        "test_a_pupil_sees_the_page_or_the_block_page_and_never_a_warning",
    ),
    "DOS-008": ("tests/proxy_addon/test_pacing.py", "test_a_body_that_comes_too_slowly_reaches_no_site"),
    "DOS-009": ("tests/proxy_addon/test_pacing.py", "test_thousands_of_idle_connections_trouble_nobody"),
    "DOS-013": ("tests/proxy_addon/test_mitm_bodies.py", "test_a_packed_answer_is_not_unpacked"),
    "DOS-014": ("tests/proxy_addon/test_mitm_bodies.py", "test_a_body_packed_as_no_browser_does_is_refused"),
    "DOS-015": (
        "tests/proxy_addon/test_mitm_websocket.py",
        "test_a_flood_of_large_messages_leaves_memory_flat",
    ),
    "DOS-017": ("tests/proxy_addon/test_mitm_h2.py", "test_a_flood_is_cut_short_with_one_row"),
    "DOS-020": ("tests/proxy_addon/test_mitm_http.py", "test_a_site_that_never_ends_its_head_is_given_up"),
    "EXM-004": (
        "tests/proxy_addon/test_pinned.py",
        "test_an_app_that_pins_its_certificate_is_recorded_as_such",
    ),
    "FAULT-001": ("tests/proxy_addon/test_guard.py", "test_a_stage_that_fails_blocks_the_request"),
    "FAULT-006": (
        "tests/crashes/test_outage.py",
        "test_browsing_goes_on_while_sql_is_away_and_all_arrives_once",
    ),
    "FAULT-007": ("tests/crashes/test_disk_full.py", "test_a_full_disk_shuts_the_gate_until_there_is_room"),
    "FAULT-009": (
        "tests/crashes/test_gate_killed.py",
        "test_kill_9_of_the_gate_under_load_loses_no_answered_request",
    ),
    "FAULT-010": (
        "tests/crashes/test_recorder_killed.py",
        "test_kill_9_of_the_recorder_stores_each_event_once",
    ),
    "FAULT-013": ("tests/proxy_addon/test_ending.py", "test_the_clock_never_goes_back"),
    "FAULT-015": ("tests/system/test_list_updates.py", "test_a_feed_that_breaks_leaves_the_lists_in_force"),
    "ID-011": (
        "tests/proxy_addon/test_sharing.py",
        "test_the_same_account_from_two_devices_is_let_by_and_has_a_row",
    ),
    "ID-012": (
        "tests/proxy_addon/test_guessing.py",
        "test_twenty_wrong_passwords_from_one_device_are_slowed_and_told",
    ),
    "ID-014": ("tests/proxy_addon/test_ending.py", "test_an_unblock_ends_to_the_second"),
}


class Schools:
    """One at a time, under the policy that was last asked for. Each with other lists is a new one."""

    def __init__(self, sites: Sites, folder: Path) -> None:
        self._sites = sites
        self._folder = folder
        self._open = ExitStack()
        self._school: School | None = None

    def under(self, policy: str) -> School:
        listed = LISTED_IN.get(policy)
        if self._school is None or listed != LISTED_IN.get(self._school.founded_under):
            self.close()
            self._school = self._open.enter_context(a_school_under(policy, self._sites, self._folder))
        if self._school.name != policy:
            self._school.agree_on(policy)
        return self._school

    def close(self) -> None:
        self._school = None
        self._open.close()


@pytest.fixture(scope="module")
def schools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Schools]:
    with three_sites(tmp_path_factory.mktemp("sites")) as sites:
        made = Schools(sites, tmp_path_factory.mktemp("schools"))
        yield made
        made.close()


def test_nothing_of_ours_answers_questions_about_names(schools: Schools) -> None:
    """So nothing of ours could hand out a way to hide where a connection goes."""
    root = psutil.Process(schools.under("two-sites").demo.process.pid)
    sockets = [each for child in (root, *root.children(recursive=True)) for each in child.net_connections()]

    assert sockets
    assert not [each for each in sockets if each.type == socket.SOCK_DGRAM]


@pytest.mark.parametrize(("policy", "case_id"), cases_here())
def test_a_known_bypass_reaches_nothing_and_is_recorded(policy: str, case_id: str, schools: Schools) -> None:
    school = schools.under(policy)
    case = cases()[case_id]
    school.sites.forget()
    before = len(school.rows())

    answer = _played(case_id, school)

    rows = until(lambda: school.rows()[before:], lambda found: bool(found) and all(map(_ended, found)), 5)
    assert verdict(case, answer, school, rows) == "held"
    assert rows, "no record"
    assert checked(case, school)
    assert school.demo.process.poll() is None


def _played(case_id: str, school: School) -> bytes:
    case = cases()[case_id]
    if case_id in BEFORE:
        BEFORE[case_id](school)
        return corpus.play({**case, "transport": "http", "raw": PLAIN}, school)
    answer = corpus.play(case, school)
    return _followed(case, school, answer) if case.get("follow_redirects") else answer


def _spoil_policy_file(school: School) -> None:
    """What is on the disk is only a proposal: nobody reads it but to compare."""
    file = school.demo.state / "config" / "policy.yaml"
    file.write_text("access: [this is, no: policy", encoding="utf-8")
    found = school.demo.cli("doctor", "--json").stdout
    assert "policy.yaml" in found
    assert "differs from what is in force" in found


# What happens to the school before a plain request for an open site.
BEFORE: Mapping[str, Callable[[School], None]] = {"FAULT-003": _spoil_policy_file}
PLAIN = "GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n\r\n"


def _ended(row: Mapping[str, Any]) -> bool:
    return "ended" in row


def verdict(case: Mapping[str, Any], answer: bytes, school: School, rows: list[dict[str, Any]]) -> str:
    """ "held", or what went wrong."""
    contacted = school.sites.contacted()
    fine = {school.sites.holder_of(host) for host in case.get("upstream_ok", ())}
    either = case.get("alt_expected")
    if "blocked.test" in contacted:
        return "leaked"
    if case["expected"] == "allowed":
        return "held" if contacted or either else "over-blocked"
    if either == "allowed":
        return "held"
    if contacted - fine:
        return "leaked"
    if _let_by(rows, case.get("upstream_ok", ())):
        return "let by, though it got nowhere"
    answer = answer.replace(b"200 Connection established", b"")  # our own, before anything is asked inside
    statuses = [int(each) for each in re.findall(rb"HTTP/[12](?:\.1|\.0)? (\d{3})", answer)]
    refused = not statuses or any(status >= 400 for status in statuses)
    return "held" if refused else "answered as if allowed"


def _let_by(rows: list[dict[str, Any]], fine: Any) -> bool:
    """Whether a request was allowed that should not have been; a tunnel may be, as far as our own pages.

    A name that leads nowhere is allowed to no place; and what the gate refused afterwards it answered itself.
    """
    asked = [row for row in rows if row["kind"] in ("request", "websocket", "tunnel")]
    let_by = [row for row in asked if row["verdict"] == "allow" and row["reason"] != "unreachable"]
    return any(row["host"] not in set(fine) and row.get("status") != 400 for row in let_by)


def _followed(case: Mapping[str, Any], school: School, answer: bytes) -> bytes:
    """As a browser does: another request, of the same person."""
    target = re.search(rb"(?mi)^location: *(\S+)", answer)
    assert target, "the short link was not let by"
    host = target[1].split(b"/")[2].decode()
    raw = f"GET {target[1].decode()} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return corpus.play({**case, "raw": raw}, school)


def checked(case: Mapping[str, Any], school: School) -> bool:
    """What the corpus says besides, where it can be seen at the origin."""
    check = CHECKS.get(case["id"])
    heads = [seen.head.lower() for site in school.sites.by_name.values() for seen in site.seen]
    return check is None or (bool(heads) and all(check(head) for head in heads))


def _once(head: bytes, name: bytes, value: bytes) -> bool:
    return re.findall(rb"(?m)^%b: *(.*?)\r$" % name, head) == [value]


def _safe(head: bytes) -> bool:
    return re.findall(rb"[?&]safe=([^& ]*)", head) == [b"strict"]


CHECKS: Mapping[str, Callable[[bytes], bool]] = {
    "FRONT-015": lambda head: b"x-forwarded-host" not in head,
    "SMUG-038": lambda head: b"upgrade" not in head,
    "SMUG-047": lambda head: _once(head, b"host", b"allowed.test"),
    "SMUG-023": lambda head: b"blocked.test" not in head,
    "SAFE-001": _safe,
    "SAFE-002": _safe,
    "SAFE-007": lambda head: _once(head, b"youtube-restrict", b"strict"),
    "SAFE-008": lambda head: _once(head, b"x-googapps-allowed-domains", b"school.test"),
}


def test_every_policy_in_words_has_a_policy_file() -> None:
    assert {policy_of(case) for case in cases().values()} == {file.stem for file in POLICIES.glob("*.yaml")}


@pytest.mark.parametrize(("file", "name"), sorted(set(ELSEWHERE.values())))
def test_what_is_played_elsewhere_is_played_there(file: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_case_is_played() -> None:
    assert {name for _, name in cases_here()} | set(ELSEWHERE) == set(cases())
