"""The log replayed by groups comes to what it comes to row by row."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, text

from audit_log import parts, replay
from audit_log.db import writing
from audit_log.replay import JUDGED
from audit_log.rows import site_of
from audit_log.tables import person
from change_control import replaying
from change_control.replay_counts import Replayed, joined
from change_control.replaying import Side, Span, replayed, url_kept
from filter_lists.index import Index
from filter_policy.carried import carried
from filter_policy.judge import judge_url
from filter_policy.model import Decision, Person, Policy, Reason
from filter_policy.parse import parse_policy
from tests.audit_log.log_rows import a_row, store
from tests.builders import POLICY

# Weeks about the change of the clocks on 25 October 2026 and the half-term after it.
FIRST = datetime(2026, 10, 22, 23, 30, tzinfo=UTC)
SPAN = Span(FIRST + timedelta(hours=5), datetime(2026, 11, 4, 12, 20, tzinfo=UTC))
WHOS = (
    ("pupil", ("upper-ks2",), ("6B",)),
    ("pupil", ("upper-ks2", "reception-ks1"), ("6A",)),
    ("staff", ("staff",), ("6B",)),
    ("staff", ("staff", "gone"), ()),
    (None, ("unidentified",), ()),
)
USERNAMES = {"p_anna": "anna", "p_comms": "comms", "p_head": "hedy"}
URLS = (
    "https://bet.test/",
    "https://www.bet.test/odds",
    "https://video.test/clip",
    "https://video.test/learn/clip",
    "https://video.test/%6Cearn/clip",
    "https://social.test/",
    "https://www.gov.uk/",
    "http://allowed.example/games/chess",
    "https://unknown.test:8443/x",
    "https://[::ffff:203.0.113.7]/",
    "http://198.51.100.9/",
    "http://xn--bloked-1of.test/",
    "https://translate.google.com/translate?u=https://bet.test/",
    "https://translate.google.com/translate",
    "http://carrier.test/x?u=http://video.test/clip",
    "http://free.test/proxy/https://elsewhere.test/",
    "http://free.test/?q=make+a+bomb",
    "social.test:443",
    "bet.test:8443",
    "(hidden) 0a1b",
    None,
)
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller example is not sought
OLD = parse_policy(POLICY)
CHANGES = (
    ("everyone: not_allowed, staff: {selected_users", "everyone: allowed, staff: {selected_users"),
    ("communications: [comms]", "communications: [hedy]"),
    ("pupils: {at_certain_times: [lessons]}", "pupils: {at_certain_times: [break, lunch]}"),
    ('from: "12:00", to: "13:00"', 'from: "12:15", to: "12:45"'),
    ("[2026-09-02, 2026-10-23]", "[2026-09-02, 2026-10-27]"),
    ("timezone: Europe/London", "timezone: Europe/Paris"),
    ("allow: [www.gov.uk, ", "allow: ["),
    ("access:\n", "access:\n  ip-addresses: {everyone: not_allowed, staff: allowed}\n"),
    (
        "egress:\n",
        "carriers: [carrier.test]\nterms: [{block: [make a bomb], for: pupils, reason: A353}]\negress:\n",
    ),
    ("block: [allowed.example/games]", "block: [video.test/learn, unknown.test]"),
    ("upper-ks2:     {role: pupil, unlisted: allowed", "upper-ks2:     {role: pupil, unlisted: not_allowed"),
    ("gambling:           {source: A363, everyone: not_allowed}", "gambling: {everyone: allowed}"),
)
LISTED = {
    "bet.test": [("gambling", "bets")],
    "video.test": [("video", "films")],
    "social.test": [("social-media", "social")],
    "203.0.113.7": [("gambling", "bets")],
}
LISTS = Index.in_memory(LISTED)
OTHER_LISTS = Index.in_memory(
    {
        **LISTED,
        "video.test/learn": [("education", "learn")],
        "unknown.test": [("gambling", "bets")],
        "social.test": [("child-sexual-abuse", "abuse")],
    }
)


def all_rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    each = st.fixed_dictionaries(
        {
            "at": st.builds(
                lambda minutes: FIRST + timedelta(minutes=minutes),
                st.integers(0, 14 * 24 * 12).map(lambda fives: fives * 5),
            ),
            "whose": st.sampled_from(WHOS),
            "person_id": st.sampled_from((*USERNAMES, "p_gone", None)),
            "url": st.sampled_from(URLS),
            "kind": st.sampled_from(("request", "request", "connect", "tunnel")),
            "went_on": st.booleans(),
            "verdict": st.sampled_from(("allow", "block")),
            "reason": st.sampled_from(("category-allowed", "locked", "unblock", "egress", "illegal")),
            "page": st.booleans(),
        }
    )
    return st.lists(each, max_size=40).map(
        lambda rows: [a_row(n, **_with_host(row)) for n, row in enumerate(rows)]
    )


def _with_host(row: dict[str, Any]) -> dict[str, Any]:
    url = url_kept(row["url"]) if row["url"] else None
    return {**row, "host": url.host if url else None}


def policies() -> st.SearchStrategy[Policy]:
    def made(changes: Iterable[tuple[str, str]]) -> Policy:
        said = POLICY
        for old, new in changes:
            assert old in POLICY, old
            said = said.replace(old, new)
        return parse_policy(said)

    return st.lists(st.sampled_from(CHANGES), max_size=4, unique=True).map(made)


def one_by_one(rows: Iterable[dict[str, Any]], old: Side, new: Side, span: Span) -> Replayed:
    made = Replayed()
    for row in rows:
        if not span.starts_at <= row["at"] < span.ends_at or row["decrypted"]:
            continue
        url = url_kept(row["url"]) if row["url"] else None
        if row["reason"] not in JUDGED:
            made.leave_out(row["reason"], 1)
        elif url is None:
            made.nameless += 1
        else:
            _judge(made, row, [_decided(side, url, row) for side in (old, new)])
            rules = [r.site for side in (old, new) for r in side.policy.sites if r.site.path != "/"]
            parts_ = any(site.host == url.host or url.host.endswith(f".{site.host}") for site in rules)
            listed = any(side.lists.has_parts(url.host) for side in (old, new))
            cut = not url.query and any(carried(url, side.policy).known for side in (old, new))
            made.unsure += cut or (url.path == "/" and (parts_ or listed))
    return made


def _judge(made: Replayed, row: dict[str, Any], answers: Sequence[Decision]) -> None:
    old, new = (not each.is_block for each in answers)
    made.requests += 1
    made.otherwise += old is not (row["verdict"] == "allow")
    if old is not new:
        url = url_kept(row["url"])
        turned = made.opens if new else made.shuts
        illegal = any(each.reason is Reason.ILLEGAL for each in answers)
        site = "(not shown)" if illegal else site_of(url.host if url else None)
        for told in turned.of(site, tuple(sorted(row["filter_groups"]))):
            told.add(1, row["page"])
            told.people |= {row["person_id"]} - {None}


def _decided(side: Side, url: Any, row: dict[str, Any]) -> Decision:
    somebody = Person(
        row["person_id"] or "",
        USERNAMES.get(row["person_id"], ""),
        None,
        row["filter_groups"],
        row["classes"],
    )
    return judge_url(url, somebody, side.policy, side.lists.lookup, row["at"])


@pytest.fixture
def register(engine: Engine) -> Engine:
    with writing(engine) as conn:
        for id_, username in USERNAMES.items():
            conn.execute(
                insert(person).values(
                    id=id_,
                    username=username,
                    name=username,
                    role="staff",
                    filter_groups=[],
                    classes=[],
                    created_at=FIRST,
                )
            )
    return engine


def put(engine: Engine, rows: Iterable[dict[str, Any]]) -> None:
    """These rows and no others."""
    with writing(engine) as conn:
        for part in parts.tables(conn):
            conn.execute(text(f"DELETE FROM {part.name}"))  # noqa: S608  # a name of ours
        store(conn, rows)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=QUICK)
@given(
    rows=all_rows(),
    policy=policies(),
    lists=st.sampled_from((LISTS, OTHER_LISTS)),
    how=st.tuples(st.integers(1, 3), st.sampled_from((3, 500_000))),
)
def test_the_log_by_groups_comes_to_what_it_comes_to_row_by_row(
    register: Engine, rows: list[dict[str, Any]], policy: Policy, lists: Index, how: tuple[int, int]
) -> None:
    shares, at_once = how
    old, new = Side(OLD, LISTS), Side(policy, lists)
    put(register, rows)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(replay, "ROWS", at_once)

        found = joined(replayed(register, old, new, SPAN, (n, shares)) for n in range(shares))

    assert _plain(found) == _plain(one_by_one(rows, old, new, SPAN))


def _plain(found: Replayed) -> Any:
    """Without the order in which things came."""
    told = Replayed.from_json(found.to_json()).to_json()
    for way in ("opens", "shuts"):
        told[way] = {name: sorted(each) for name, each in told[way].items() if name != "total"} | {
            "total": told[way]["total"]
        }
    return told


@pytest.mark.parametrize("most", [0, 1, 5000])
def test_people_are_counted_the_same_however_their_rows_are_found(register: Engine, most: int) -> None:
    old, new = Side(OLD, LISTS), Side(parse_policy(POLICY.replace(*CHANGES[-1])), LISTS)
    rows = [_bet(number) for number in range(20)]
    put(register, rows)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(replay, "MOST_HOSTS", most)

        found = replayed(register, old, new, SPAN)

    assert (found.opens.total.requests, len(found.opens.total.people)) == (20, 5)
    assert len(found.opens.sites["bet.test"].people) == 5


def _bet(number: int, host: str | None = None) -> dict[str, Any]:
    return a_row(
        number,
        SPAN.starts_at + timedelta(hours=number),
        whose=WHOS[0],
        person_id=f"p_{number % 5}",
        url=f"https://{host}/" if host else URLS[number % 2],
        host=host or ("bet.test", "www.bet.test")[number % 2],
        kind="request",
        verdict="block",
        reason="category-not-allowed",
        page=True,
        went_on=False,
    )


def test_what_is_remembered_may_be_forgotten_at_any_time(register: Engine) -> None:
    old, new = Side(OLD, LISTS), Side(parse_policy(POLICY.replace(*CHANGES[-1])), LISTS)
    put(register, [_bet(number) for number in range(20)])
    whole = replayed(register, old, new, SPAN)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(replaying, "MOST_PLACES", 1)
        small.setattr(replaying, "MOST_ANSWERS", 1)

        assert _plain(replayed(register, old, new, SPAN)) == _plain(whole)


def test_a_log_without_rows_comes_to_nothing(register: Engine) -> None:
    put(register, [])

    assert replayed(register, Side(OLD, LISTS), Side(OLD, LISTS), SPAN) == Replayed()


def test_no_site_is_told_that_is_illegal_under_either_policy(register: Engine) -> None:
    rows = [_bet(number, "social.test") for number in range(9)]
    put(register, rows)

    found = replayed(
        register, Side(parse_policy(POLICY.replace(*CHANGES[0])), LISTS), Side(OLD, OTHER_LISTS), SPAN
    )

    assert found.shuts.total.requests == 9
    assert list(found.shuts.sites) == ["(not shown)"]
    assert len(found.shuts.sites["(not shown)"].people) == 5
