"""What people ask of the filtering log: common, rare or not there at all, and two or three together."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from audit_log.filtering_log import Filter
from bench.log_rows import CLASSES, WORDS
from bench.log_store import LAST

NOON = datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC)
NEVER = {"reason": "site-allowed", "verdict": "block"}
ALL = "all rows"  # the others look through pages and what was blocked


def filters(chance: Random) -> Iterator[tuple[str, Filter]]:
    """One of each kind, with a name; the next time with other values."""
    for name, asked in (*_by_whom_and_where(chance), *_by_answer(chance), *_together(chance)):
        yield name, Filter(pages_only=None if name.endswith(ALL) else True, **asked)


def _by_whom_and_where(chance: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    person = {"person_id": f"p_{chance.randrange(900):04d}"}
    form = chance.choice(CLASSES)
    days = timedelta(days=chance.randrange(60))
    yield "everything", {}
    yield f"everything, {ALL}", {}
    yield "an hour some weeks ago", {"from_at": NOON - days, "to_at": NOON - days + timedelta(hours=1)}
    yield "person", person
    yield f"person, {ALL}", person
    yield "person, seldom there", {"person_id": "p_rare"}
    yield "person, not there", {"person_id": "p_nobody"}
    yield "class", {"class_name": form}
    yield f"class, {ALL}", {"class_name": form}
    yield "class of the year before", {"class_name": f"old-{form}"}
    yield f"class of the year before, {ALL}", {"class_name": f"old-{form}"}
    yield "class, not there", {"class_name": "9Z"}
    yield "group", {"filter_group": "upper-ks2"}
    yield f"group, {ALL}", {"filter_group": "office"}
    yield "host", {"host_exact": "www.google.com"}
    yield "host that is never a page", {"host_exact": "www.nothing.google.com"}
    yield "host and below", {"host": "google.com"}
    yield f"host and below, {ALL}", {"host": "google.com"}
    yield f"host and below, wide, {ALL}", {"host": "sch.uk"}
    yield "host and below, seldom there", {"host": "rare.example"}
    yield "host and below, not there", {"host": "none.example"}
    yield "category", {"category": chance.choice(("education", "news", "gambling", "shopping"))}
    yield f"category, {ALL}", {"category": chance.choice(("education", "news", "gambling", "shopping"))}
    yield "category, seldom there", {"category": "occult"}
    yield "category, not there", {"category": "dating"}


def _by_answer(chance: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    word = chance.choice(WORDS)
    yield "blocked", {"verdict": "block"}
    yield "reason", {"reason": chance.choice(("locked", "site-blocked", "unblock"))}
    yield "reason, seldom there", {"reason": "egress"}
    yield "reason, not there", {"reason": "port"}
    yield "common reason, never with a block", NEVER
    yield f"common reason, never with a block, {ALL}", NEVER | {"kind": "connect"}
    yield "unblock", {"unblock_id": f"u_{chance.randrange(200):03d}"}
    yield "search terms", {"search_terms": word}
    yield "search terms, seldom there", {"search_terms": "Zebra Crossing"}
    yield "search terms, not there", {"search_terms": "quagga"}
    yield "kind", {"kind": chance.choice(("tunnel", "handshake", "unparsed"))}
    yield "reference", {"reference": "000-00A"}


def _together(chance: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    person = {"person_id": f"p_{chance.randrange(900):04d}"}
    form, word = chance.choice(CLASSES), chance.choice(WORDS)
    yield "class and category", {"class_name": form, "category": chance.choice(("news", "gambling", "video"))}
    yield "class and category, nothing in it", {"class_name": form, "category": "shopping"}
    yield f"class and category, nothing in it, {ALL}", {"class_name": "6B", "category": "shopping"}
    yield "person and blocked", person | {"verdict": "block"}
    yield "person, blocked, category", person | {"verdict": "block", "category": "gambling"}
    yield "host and below, blocked", {"host": "google.com", "verdict": "block"}
    yield f"host and below, class, {ALL}", {"host": "google.com", "class_name": form}
    yield "host and below, person", {"host": "google.com"} | person
    yield "host, not there, person", {"host_exact": "none.example"} | person
    yield f"host and below, not there, person, {ALL}", {"host": "none.example"} | person
    yield f"group and reason, not there, {ALL}", {"filter_group": "upper-ks2", "kind": "connect"} | NEVER
    yield "class and reason, not there", {"class_name": form} | NEVER
    yield f"category and reason, not there, {ALL}", {"category": "news", "reason": "unlisted-allowed"}
    yield f"host, category of another, {ALL}", {"host_exact": "www.google.com", "category": "education"}
    yield "class, blocked, reason", {"class_name": form, "verdict": "block", "reason": "locked"}
    yield "class of the year before, blocked", {"class_name": f"old-{form}", "verdict": "block"}
    yield f"class and unlisted, {ALL}", {"class_name": form, "reason": "unlisted-allowed"}
    yield "search terms, class", {"search_terms": word, "class_name": form}
    yield "search terms, blocked, nothing in it", {"search_terms": word, "verdict": "block"}
    yield f"group and category, nothing in it, {ALL}", {"filter_group": "upper-ks2", "category": "shopping"}
    yield f"person and category, {ALL}", person | {"category": "video"}
    yield f"category and kind, {ALL}", {"category": "news", "kind": "connect"}
