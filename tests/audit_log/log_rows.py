"""Rows of the filtering log, all kinds of them, and filters; and what a filter finds, in plain Python."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, insert

from audit_log.corrections import Correction, corrected
from audit_log.event_id import reference_of
from audit_log.filtering_log import Filter
from audit_log.parts import ensure, table_for
from audit_log.rows import host_key
from audit_log.tables import filtering_log, names_text
from audit_log.who_sets import WhoSets
from filter_lists.search_terms import tidy

Row = dict[str, Any]
START = datetime(2026, 10, 30, tzinfo=UTC)  # into two months
PEOPLE = ("p_anna", "p_ben", "p_cora", None)
WHOS = (
    ("pupil", ("upper-ks2",), ("6B",)),
    ("pupil", ("upper-ks2", "library"), ("6B",)),
    ("pupil", ("upper-ks2",), ("6A",)),
    ("staff", ("staff",), ("6A", "6B")),
    (None, ("unidentified",), ()),
)
HOSTS = (
    "www.google.com",
    "mail.google.com",
    "google.com",
    "notgoogle.com",
    "google.com.evil.test",
    "10.0.0.1",
    None,
)
KINDS = ("request", "request", "request", "connect", "tunnel", "handshake")
TERMS = (None, None, "roman roads", "100%_sure", "volcano")
REASONS = ("category-allowed", "unlisted-allowed", "unblock", "locked", "category-not-allowed")
ADDRESSES = ("10.0.0.5", "10.0.0.6")

# Few instants, so that many rows share one; and some a month's or a day's end apart.
INSTANTS = st.builds(
    lambda days, hours, ticks: START + timedelta(days=days, hours=hours, microseconds=ticks),
    st.integers(0, 4),
    st.sampled_from((0, 9, 23)),
    st.integers(0, 2),
)


def a_row(number: int, at: datetime, **values: Any) -> Row:
    event_id = f"{number:026d}"
    nothing = {column.name: None for column in filtering_log.c}
    role, groups, classes = values.pop("whose")
    return (
        nothing
        | {
            "event_id": event_id,
            "reference": reference_of(event_id),
            "at": at,
            "gate": "gate-1",
            "role": role,
            "filter_groups": groups,
            "classes": classes,
            "host_key": host_key(values["host"]),
            "policy_revision": "r1",
            "keep": "everyone",
            "decrypted": values["kind"] == "connect" and values.pop("went_on"),
        }
        | {name: value for name, value in values.items() if name != "went_on"}
    )


def the_rows(first: int = 0, most: int = 30) -> st.SearchStrategy[list[Row]]:
    values: dict[str, st.SearchStrategy[Any]] = {
        "at": INSTANTS,
        "whose": st.sampled_from(WHOS),
        "person_id": st.sampled_from(PEOPLE),
        "host": st.sampled_from(HOSTS),
        "kind": st.sampled_from(KINDS),
        "category": st.sampled_from(("search-engines", "news", None)),
        "verdict": st.sampled_from(("allow", "allow", "block")),
        "reason": st.sampled_from(REASONS),
        "unblock_id": st.sampled_from((None, "u_1", "u_2")),
        "search_terms": st.sampled_from(TERMS),
        "page": st.booleans(),
        "client_address": st.sampled_from((*ADDRESSES, None)),
        "went_on": st.booleans(),
        "opened_in": st.integers(1, 3),
    }
    drawn = st.lists(st.fixed_dictionaries(values), max_size=most)
    return drawn.map(lambda every: [a_row(first + n, **each) for n, each in enumerate(every)])


def the_filters() -> st.SearchStrategy[Filter]:
    """Most of them ask for one or two things."""
    asked: dict[str, st.SearchStrategy[Any]] = {
        "from_at": INSTANTS,
        "to_at": INSTANTS,
        "person_id": st.sampled_from(("p_anna", "p_ben", "p_cora", "p_unknown")),
        "filter_group": st.sampled_from(("upper-ks2", "library", "staff", "upper")),
        "class_name": st.sampled_from(("6A", "6B", "6")),
        "host": st.sampled_from(
            (
                "google.com",
                "*.GOOGLE.com.",
                "com",
                "mail.google.com",
                "test",
                "none.test",
                "10.0.0.1",
                "0.1",
                "1",
            )
        ),
        "host_exact": st.sampled_from(("google.com", "www.google.com", "com", "10.0.0.1")),
        "category": st.sampled_from(("search-engines", "news", "gambling")),
        "verdict": st.sampled_from(("allow", "block")),
        "reason": st.sampled_from((*REASONS, "egress")),
        "unblock_id": st.sampled_from(("u_1", "u_2", "u_3")),
        "kind": st.sampled_from((*KINDS, "unparsed")),
        "reference": st.integers(0, 30).map(lambda number: reference_of(f"{number:026d}")),
        "search_terms": st.sampled_from(("Roman", "ro  ＭＡＮ\u200b", "%", "_", "o", "zebra")),
        "pages_only": st.booleans(),
        "upto_seal": st.integers(0, 3),
        "without_roles": st.frozensets(st.sampled_from(("pupil", "staff", "guest", ""))),
    }
    assert set(asked) == {each.name for each in fields(Filter)}
    some = st.lists(st.sampled_from(sorted(asked)), max_size=3, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: asked[name] for name in names})).map(
        lambda told: Filter(**told)
    )


def the_corrections() -> st.SearchStrategy[list[Correction]]:
    whoever = st.sampled_from(PEOPLE[:3])
    each = st.builds(
        Correction,
        id=st.just(""),
        person_id=whoever,
        right_person_id=st.none() | whoever,
        from_at=INSTANTS,
        to_at=INSTANTS,
        client_address=st.none() | st.sampled_from(ADDRESSES),
        agreed_at=st.just(START),
    )
    return st.lists(each, max_size=3)


def store(conn: Connection, rows: Iterable[Row]) -> None:
    for day, of_day in groupby(sorted(rows, key=_day), key=_day):
        ensure(conn, [day])
        table = filtering_log.to_metadata(MetaData(), name=table_for(conn, day))
        conn.execute(insert(table), [row | {"who": _who(conn, row)} for row in of_day])


def _day(row: Row) -> Any:
    return row["at"].date()


def _who(conn: Connection, row: Row) -> int:
    key = (row["role"] or "", names_text(row["filter_groups"]), names_text(row["classes"]))
    return WhoSets().ids(conn, [key])[key]


def found_by(what: Filter, rows: Iterable[Row], agreed: Sequence[Correction]) -> list[str]:
    """The ids of the rows that fit, newest first."""
    fitting = [row for row in rows if _fits(row, what, agreed)]
    return [
        row["event_id"] for row in sorted(fitting, key=lambda row: (row["at"], row["event_id"]), reverse=True)
    ]


def _fits(row: Row, what: Filter, agreed: Sequence[Correction]) -> bool:
    whose = corrected(row["person_id"], row["at"], row["client_address"], agreed)
    host, wanted = row["host"] or "", (what.host or "").lower().strip("*.")
    same = ("category", "verdict", "reason", "unblock_id", "kind")
    return (
        all(getattr(what, name) in (None, row[name]) for name in same)
        and (what.from_at is None or what.from_at <= row["at"])
        and (what.to_at is None or row["at"] < what.to_at)
        and what.person_id in (None, whose)
        and (what.filter_group is None or what.filter_group in row["filter_groups"])
        and (what.class_name is None or what.class_name in row["classes"])
        and (
            what.host is None or host == wanted or (host.endswith(f".{wanted}") and not wanted[-1].isdigit())
        )
        and (row["role"] or "") not in what.without_roles
        and (what.upto_seal is None or row["opened_in"] <= what.upto_seal)
        and what.host_exact in (None, row["host"])
        and (what.reference is None or (row["verdict"] == "block" and row["reference"] == what.reference))
        and (what.search_terms is None or tidy(what.search_terms) in (row["search_terms"] or ""))
        and (what.kind == "connect" or not row["decrypted"])
        and (what.kind == "connect" or not what.pages_only or _is_shown(row))
    )


def _is_shown(row: Row) -> bool:
    return bool(row["page"] or row["verdict"] == "block" or row["kind"] != "request")
