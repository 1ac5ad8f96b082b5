"""A school term of the filtering log: who asks for what, made up, the same each time.

Five school days are made row by row; the term is these days again and again (bench/log_store.py). A thousand
people in 35 classes, some asking for far more than others; six thousand hosts, the first of them most of the
time; one row in twenty a page that somebody opened, one in 25 blocked, three in two hundred a search.
"""

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from audit_log.event_id import ALPHABET, reference_of
from audit_log.rows import host_key, site_of

Row = tuple[object, ...]
COLUMNS = (
    "tail", "reference", "tod", "kind", "gate", "person_id", "who", "client_address", "method", "url", "host",
    "category", "list_id", "entry", "verdict", "reason", "rule", "unblock_id", "search_terms", "page", "keep",
    "host_key", "site", "decrypted", "status", "bytes_up", "bytes_down", "duration_ms", "outcome",
)  # fmt: skip
YEARS, FORMS = "1234567", "ABCDE"
CLASSES = tuple(year + form for year in YEARS for form in FORMS)
BLOCKED = ("gambling", "proxies", "social", "chat", "pornography", "violence", "weapons", "malware")
STAFF_ONLY = "shopping"
CATEGORIES = (
    "search-engines", "education", "news", "video", "reference", "cdn", "advertising", STAFF_ONLY, "software",
    "sport", "music", "science", "government", "maps", "mail", "health", "travel", "art", "religion",
    "weather", "museums", "books", "languages", "finance", "jobs", "food", "animals", "charity",
    "photography", "games", "radio", "hosting",
)  # fmt: skip
GOOGLE = (
    "www",
    "mail",
    "docs",
    "drive",
    "classroom",
    "maps",
    "images",
    "play",
    "accounts",
    "meet",
    "apis",
    "fonts",
)
WORDS = (
    "romans", "rivers", "volcano", "football", "minecraft", "spelling", "fractions", "planets", "vikings",
    "weather", "recipe", "bbc", "maths", "games", "dinosaur", "egypt", "poem", "guitar", "chess", "bees",
    "castle", "lego", "ocean", "shakespeare", "tudor", "photosynthesis", "gravity", "verbs",
)  # fmt: skip
REASONS = {
    "allow": ("category-allowed",) * 85 + ("unlisted-allowed",) * 12 + ("site-allowed",) * 2 + ("unblock",),
    "block": ("category-not-allowed",) * 70
    + ("unlisted-not-allowed",) * 12
    + ("not-at-this-time",) * 9
    + ("locked",) * 5
    + ("site-blocked",) * 3
    + ("no-credentials",),
}
ODD_KINDS = ("tunnel",) * 6 + ("websocket",) * 3 + ("handshake",)


@dataclass(frozen=True, slots=True)
class Who:
    """One of `who_set`."""

    id: int
    role: str
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...]

    def before(self, shift: int) -> "Who":
        """The same in the school year before, when classes had other names."""
        classes = tuple(f"old-{name}" for name in self.classes or ("none",))
        return Who(self.id + shift, self.role, self.filter_groups, classes)


@dataclass(frozen=True, slots=True)
class Somebody:
    id: str | None
    who: Who
    address: str


class School:
    """Its people and what they look at."""

    def __init__(self, seed: int = 4) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # made up, the same each time
        self.whos: list[Who] = []
        self.people = self._people()
        self.hosts, self.bad = self._hosts(5200, CATEGORIES), self._hosts(800, BLOCKED)
        self._reach = _Reach([self.chance.lognormvariate(0, 0.8) for _ in self.people])
        self._popular, self._tempting = (_Reach(_zipf(len(each))) for each in (self.hosts, self.bad))

    def _who(self, role: str, groups: tuple[str, ...], classes: tuple[str, ...]) -> Who:
        for known in self.whos:
            if (known.role, known.filter_groups, known.classes) == (role, groups, classes):
                return known
        self.whos.append(Who(len(self.whos) + 1, role, groups, classes))
        return self.whos[-1]

    def _people(self) -> list[Somebody]:
        pick, people = self.chance, []
        for number in range(1000):
            if number < 900:
                name = CLASSES[number % len(CLASSES)]
                stage = "infants" if name < "3" else "lower-ks2" if name < "5" else "upper-ks2"
                groups = (stage, "library") if number % 30 == 0 else (stage,)
                who = self._who("pupil", groups, (name,))
            else:
                teaches = tuple(sorted(pick.sample(CLASSES, number % 4)))
                who = self._who("staff", ("staff", "office") if number % 10 == 0 else ("staff",), teaches)
            people.append(Somebody(f"p_{number:04d}", who, f"10.0.{number // 250}.{number % 250}"))
        return [*people, Somebody(None, self._who("", ("unidentified",), ()), "10.0.9.9")]

    def _hosts(self, count: int, categories: tuple[str, ...]) -> list[tuple[str, str]]:
        """With the category of each, the most asked for first."""
        weights = _Reach(_zipf(len(categories)))
        found = []
        for number in range(count):
            category = categories[weights.pick(self.chance)]
            if category == "search-engines" and number < 400:
                name = GOOGLE[number % len(GOOGLE)] + ("" if number < 60 else str(number))
                found.append((f"{name}.google.com", category))
            else:
                end = ("com", "co.uk", "org", "net", "example.sch.uk")[number % 5]
                found.append(
                    (f"{('www.', 'cdn.', 'api.', '')[number % 4]}{category[:4]}{number}.{end}", category)
                )
        return found

    def day(self, rows: int, tail: str) -> Iterator[Row]:
        """One school day, in order. `tail` begins the ids of its rows."""
        times = sorted(self._second() for _ in range(rows))
        for number, second in enumerate(times):
            yield self._row(second, f"{tail}{_digits(number, 21)}")

    def _second(self) -> float:
        """Eight to four, with a few in the evening."""
        late = self.chance.random() < 0.04
        return self.chance.uniform(57_600, 75_600) if late else self.chance.triangular(28_800, 57_600, 39_600)

    def _row(self, second: float, tail: str) -> Row:
        pick = self.chance
        somebody = self.people[self._reach.pick(pick)]
        blocked = pick.random() < 0.04
        verdict = "block" if blocked else "allow"
        host, category = self._asked(somebody, blocked=blocked)
        reason = pick.choice(REASONS[verdict])
        kind, chance = "request", pick.random()
        if chance < 0.12:
            kind = "connect"
        elif chance > 0.995:
            kind = pick.choice(ODD_KINDS)
        listed = not reason.startswith("unlisted")
        page = kind == "request" and (blocked or pick.random() < 0.05)
        terms = None
        if page and not blocked and pick.random() < 0.36:
            host, category = self.hosts[pick.randrange(12)][0], "search-engines"
            terms = " ".join(pick.sample(WORDS, 3))
        clock = f"{int(second // 3600):02d}:{int(second // 60 % 60):02d}:{second % 60:09.6f}"
        sort = f"ut1-{category}", f"access.{category}.everyone", category, host
        list_id, rule, kept, entry = sort if listed else (None, "unlisted", None, None)
        return (
            tail, reference_of(tail), clock, kind, f"gate-{pick.randrange(4)}", somebody.id, somebody.who.id,
            somebody.address, "CONNECT" if kind == "connect" else "GET",
            f"https://{host}/{tail[-9:].lower()}/index", host, kept, list_id, entry, verdict, reason, rule,
            f"u_{pick.randrange(200):03d}" if reason == "unblock" else None, terms, page,
            "adults" if somebody.who.role == "staff" else "pupils", host_key(host), site_of(host),
            kind == "connect", 403 if blocked else 200, 600, int(pick.expovariate(1 / 20_000)),
            int(pick.expovariate(1 / 120)), "done",
        )  # fmt: skip

    def _asked(self, somebody: Somebody, *, blocked: bool) -> tuple[str, str]:
        if blocked:
            return self.bad[self._tempting.pick(self.chance)]
        while True:
            host, category = self.hosts[self._popular.pick(self.chance)]
            if category != STAFF_ONLY or somebody.who.role == "staff":
                return host, category


class _Reach:
    """Picks a number, each as often as its weight says."""

    def __init__(self, weights: list[float]) -> None:
        self._sums = list(accumulate(weights))

    def pick(self, chance: random.Random) -> int:
        return bisect(self._sums, chance.random() * self._sums[-1])


def _zipf(count: int) -> list[float]:
    return [1 / (rank + 2) for rank in range(count)]


def _digits(number: int, length: int) -> str:
    found = ""
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found
