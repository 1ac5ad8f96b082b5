"""What the school decided, as values that cannot be wrong.

Everything here is frozen and made by `parse.py` or `bundle.py`, which refuse what they do not understand;
`decide.py` therefore never meets a word it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from zoneinfo import ZoneInfo

from filter_lists.listing import Listing as Listing
from filter_lists.names import Site, Url
from filter_policy.model_help import Incidents as Incidents
from filter_policy.model_help import RepeatedBlocks as RepeatedBlocks
from filter_policy.model_help import SafeHarbour as SafeHarbour


class Verdict(StrEnum):
    ALLOW = "allow"
    BLOCK = "block"


class Reason(StrEnum):
    """Why. A closed set: the log, the block page and `explain` know every word."""

    ILLEGAL = "illegal"
    SUSPENDED = "suspended"
    ENDED = "ended"
    PASSWORD_MUST_CHANGE = "password-must-change"  # noqa: S105  # a reason: first use, or too old (A89)
    NOT_YET_ALLOWED = "not-yet-allowed"  # the agreement is unsigned (S57)
    ISOLATED = "isolated"  # this device is evidence (S174)
    INVESTIGATION = "investigation"  # two seniors look at what a case is about (S167)
    LOCKED = "locked"
    UNBLOCK = "unblock"
    SITE_ALLOWED = "site-allowed"
    SITE_BLOCKED = "site-blocked"
    CATEGORY_ALLOWED = "category-allowed"
    CATEGORY_NOT_ALLOWED = "category-not-allowed"
    NOT_AT_THIS_TIME = "not-at-this-time"
    NOT_SELECTED = "not-selected"
    NEEDS_STAFF_PERMISSION = "needs-staff-permission"
    UNLISTED_ALLOWED = "unlisted-allowed"
    UNLISTED_NOT_ALLOWED = "unlisted-not-allowed"
    NO_RULE = "no-rule"
    # What the gate refuses before, or instead of, asking the policy:
    NO_CREDENTIALS = "no-credentials"
    WRONG_CREDENTIALS = "wrong-credentials"
    BAD_REQUEST = "bad-request"
    PORT = "port"
    EGRESS = "egress"
    NOT_TLS = "not-tls"
    TLS_FAILED = "tls-failed"
    UNREACHABLE = "unreachable"
    FAILED_CLOSED = "failed-closed"
    NEEDS_TLS = "needs-tls"  # a password that opens much is only taken where nobody can read along
    TOO_MANY = "too-many"  # connections, streams or guesses from one device
    TOO_SLOW = "too-slow"
    TERM = "term"  # words that the school does not let be searched for
    # Let by, and said beside it:
    PASSTHROUGH = "passthrough"  # not decrypted, by the policy's own word
    SAFE_HARBOUR = "safe-harbour"  # open to everybody, not decrypted, recorded without whoever asked
    # What an `event` tells of:
    ACCOUNT_SHARED = "account-shared"  # one account on several devices at once (S83)
    GUESSING = "guessing"
    REPEATED_BLOCKS = "repeated-blocks"  # one person, again and again, what is not open (S31)


class Role(StrEnum):
    PUPIL = "pupil"
    STAFF = "staff"
    TECHNICIAN = "technician"
    COORDINATOR = "coordinator"
    HEADTEACHER = "headteacher"
    GOVERNOR = "governor"
    GUEST = "guest"
    COMMUNITY = "community"


class Access(StrEnum):
    """How far a kind of site is open: the columns of the schools' own tables (S116)."""

    ALLOWED = "allowed"
    AT_CERTAIN_TIMES = "at_certain_times"
    SELECTED_USERS = "selected_users"
    WITH_STAFF_PERMISSION = "with_staff_permission"
    NOT_ALLOWED = "not_allowed"
    ILLEGAL = "illegal"


@dataclass(frozen=True, slots=True)
class Person:
    """Who browses. `id` is opaque and is what the logs keep; `starts_at`/`ends_at` bound a guest (S95)."""

    id: str
    username: str
    role: Role | None  # None: a device or group that nobody signed in to
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...] = ()
    agreement_signed: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None  # None with suspended_from set: until further notice
    password_ends_at: datetime | None = None  # from then on a new one must be chosen first (A89)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, already canonical and classified. `searched`: as terms.py folds it. `address`: of the
    device that asks, as devices.py spells it; "" where nobody knows it."""

    person: Person
    url: Url
    listings: tuple[Listing, ...] = ()
    searched: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer; needs no interpreting.

    `rule` names the row that decided in the policy's own words ("access.gambling.everyone").
    `valid_until` (aware UTC) is the next instant at which time alone could change the answer; None: never.
    """

    verdict: Verdict
    reason: Reason
    rule: str
    policy_revision: str
    listing: Listing | None = None
    unblock_id: str | None = None
    valid_until: datetime | None = None

    @property
    def is_block(self) -> bool:
        return self.verdict is not Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of the access table."""

    access: Access
    names: tuple[str, ...] = ()  # periods for at_certain_times, lists for selected_users


@dataclass(frozen=True, slots=True)
class CategoryAccess:
    """One row of the access table: cells by group name, `pupils`, `adults` or `everyone`."""

    rules: Mapping[str, Rule]
    locked: bool = False
    source: str | None = None

    @property
    def illegal(self) -> bool:
        return any(rule.access is Access.ILLEGAL for rule in self.rules.values())


@dataclass(frozen=True, slots=True)
class FilterGroup:
    name: str
    role: Role | None
    unlisted: Rule
    block_page: str  # picture | simple | plain

    @property
    def kind(self) -> str | None:
        """`pupils` or `adults`; None for those nobody knows, who get only `everyone`."""
        if self.role is None:
            return None
        return "pupils" if self.role is Role.PUPIL else "adults"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of school time, half-open [starts, ends); `except_` names periods cut out of it."""

    name: str
    days: frozenset[int]  # Monday is 0
    starts: time
    ends: time
    except_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, so that days can be remembered
class Timetable:
    zone: ZoneInfo
    terms: tuple[tuple[date, date], ...]  # first and last day, both included
    periods: Mapping[str, Period]


@dataclass(frozen=True, slots=True)
class SiteRule:
    """The school's own word on a site; `for_` holds groups, `pupils`, `adults` or `everyone`."""

    site: Site
    verdict: Verdict
    for_: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Network:
    """Devices that cannot log in: the group of an address range."""

    addresses: IPv4Network | IPv6Network
    filter_group: str
    label: str


Window = tuple[datetime, datetime]  # half-open, aware UTC


@dataclass(frozen=True, slots=True)
class Unblock:
    """An approved exception for a lesson (A169); half-open [starts_at, ends_at), aware UTC.

    With `windows` it is in force only within one of them; without, for the whole stretch.
    """

    id: str
    sites: tuple[Site, ...]
    starts_at: datetime
    ends_at: datetime
    classes: frozenset[str] = frozenset()
    filter_groups: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()  # person ids
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """`with_staff_permission`, opened by a member of staff for their own class, one lesson at most."""

    id: str
    opened_by: str
    classes: frozenset[str]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Investigation:
    """What two seniors opened for one case (A389, A390): on one device, to these people, these sites.

    Half-open [starts_at, ends_at); `id` is that of the step that both signed.
    """

    id: str
    incident_id: str
    device: str  # an address, as devices.py spells it
    people: frozenset[str]  # person ids
    sites: tuple[Site, ...]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Isolation:
    """A device that is evidence: nothing goes out from it in [starts_at, ends_at) (S174)."""

    id: str
    device: str
    starts_at: datetime
    ends_at: datetime


KEPT_URLS = ("host", "path", "url")  # from the least to the whole, query and all


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a request, per kind of person: what the gate writes is already cut to this."""

    url: str = "host"  # one of KEPT_URLS
    address: bool = True
    search_terms: bool = False
    days: int = 90


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days what is not a mere row is kept: rows that belong to an incident, and the totals."""

    incidents: int = 365
    totals: int = 1095


@dataclass(frozen=True, slots=True)
class UnblockLimits:
    longest_days: int = 42
    lapse_after_hours: int = 72


@dataclass(frozen=True, slots=True)
class Reviews:
    """Within how many days others look at what one person did at once, and governors at the change log."""

    tightening_days: int = 7
    break_glass_days: int = 2
    change_log_days: int = 92


@dataclass(frozen=True, slots=True)
class Check:
    """What the school expects of its own policy: a site that a group must see, or must not (S93)."""

    site: Site
    verdict: Verdict
    filter_group: str
    during: str | None  # a period; None: in term, outside all periods
    why: str


@dataclass(frozen=True, slots=True)
class Passthrough:
    """Tunnels that are not decrypted: to these sites or kinds of site, for these people, for this cause."""

    sites: tuple[Site, ...]
    categories: frozenset[str]
    for_: frozenset[str]
    why: str  # one of parse_gate.CAUSES
    reason: str


@dataclass(frozen=True, slots=True)
class SafeRule:
    """What the gate writes into every request to these sites: parameters of the query, and header fields."""

    sites: tuple[Site, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SafeSearch:
    """For whom the known search engines are held to their strictest setting, and the school's own rules."""

    for_: frozenset[str] = frozenset({"everyone"})
    rules: tuple[SafeRule, ...] = ()


@dataclass(frozen=True, slots=True)
class TermRule:
    """Words that may not be searched for, anywhere; folded as `search_terms.tidy` folds."""

    term: str
    for_: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Watch:
    """How the filter watches itself: how often the canaries run, and which fall of the blocks alarms."""

    canary_minutes: int = 60
    fall_percent: int = 70  # of what is usual at this hour


SECOND_FACTOR = ("nobody", "approvers")


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, so that indexes can be remembered
class Policy:
    """The whole of it. `revision` is the content hash of policy text and list generation (hex sha256)."""

    revision: str
    school: str
    timetable: Timetable
    filter_groups: Mapping[str, FilterGroup]
    access: Mapping[str, CategoryAccess]
    selected_users: Mapping[str, frozenset[str]] = field(default_factory=dict)  # usernames
    networks: tuple[Network, ...] = ()
    egress_allow: tuple[tuple[str, int], ...] = ()  # canonical address, port
    connect_ports: frozenset[int] = frozenset({443})
    limits: UnblockLimits = UnblockLimits()
    record: Mapping[str, Record] = field(default_factory=dict)
    retention: Retention = Retention()
    reviews: Reviews = Reviews()
    notify: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # addresses, by role
    checks: tuple[Check, ...] = ()
    passthrough: tuple[Passthrough, ...] = ()
    carriers: tuple[Site, ...] = ()  # of the school's own, besides the known ones
    safe_search: SafeSearch = SafeSearch()
    terms: tuple[TermRule, ...] = ()
    second_factor: str = "nobody"  # one of SECOND_FACTOR
    watch: Watch = Watch()
    safe_harbour: tuple[SafeHarbour, ...] = ()
    incidents: Incidents = field(default_factory=Incidents)
    sites: tuple[SiteRule, ...] = ()
    unblocks: tuple[Unblock, ...] = ()
    openings: tuple[Opening, ...] = ()
    investigations: tuple[Investigation, ...] = ()
    isolations: tuple[Isolation, ...] = ()
    undecided: tuple[str, ...] = ()  # rows the school has not decided: not_allowed until it does
