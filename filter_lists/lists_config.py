"""config/lists.yaml: which lists there are, where they come from and how far they are trusted (S88).

    lists:
      ut1:
        source: https://lists.example/all.tar.gz
        format: squidguard
        categories: {adult: pornography, press: [news, blogs]}

The whole vocabulary is in docs/lists.md. A text is taken whole, or refused whole with every fault named. Two
people agree on it, and it is sealed and shown: so no secret stands in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from yaml.nodes import Node

from filter_lists import lists_values as values
from filter_lists.compiler import ListsError as ListsError
from filter_lists.lists_fields import Fields, line_of
from filter_lists.lists_model import (
    BY_HAND,
    SEALED_LIMITS,
    STARTER_PREFIX,
    UNSEEN,
    UNSEEN_BY_HAND,
    Checks,
    Limits,
    Signature,
    Trust,
)
from filter_lists.lists_model import STARTER as STARTER
from filter_lists.lists_model import ListConfig as ListConfig
from filter_lists.lists_model import ListsConfig as ListsConfig
from filter_lists.minisign import PublicKey
from filter_lists.providers import PROVIDERS
from filter_lists.quantities import MB, parse_duration, parse_share, parse_size
from filter_lists.readers import READERS
from filter_lists.remote import is_address
from filter_lists.sources import SQUIDGUARD, V2FLY

FORMATS = (*sorted(READERS), SQUIDGUARD)
WITH_CATEGORIES = (SQUIDGUARD, V2FLY, "csv")
SEALED_FORMATS = ("plain",)
MOST_SEALED = 100 * MB
MOST_SEALED_RULE = "100 MB at most, since it is sealed in memory"
WEEK = timedelta(weeks=1)

FIELDS = (
    "source",
    "format",
    "category",
    "categories",
    "licence",
    "every",
    "trust",
    "wide",
    "exceptions",
    "sha256",
    "signature",
    "credentials",
    "limits",
    "sealed",
    "provider",
)
FETCHED_ONLY = ("signature", "credentials", "limits")
NEVER_SEALED = ("categories", "trust", "wide", "exceptions")


def load_lists(path: Path) -> ListsConfig:
    """The file as it is now; files and folders that it names must be there. Raises ListsError."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ListsError([f"{path.name}:1: not YAML in UTF-8"]) from None
    except OSError as error:
        raise ListsError([f"{path.name}:1: cannot be read ({error.strerror}): {path}"]) from None
    return parse_lists(text, path.parent, path.name, look=True)


def parse_lists(text: str, folder: Path, file: str = "lists.yaml", *, look: bool = False) -> ListsConfig:
    """Raises ListsError with every fault. `look`: also for files beside lists.yaml that are not there."""
    fields = Fields(file)
    root = fields.mapping(fields.document(text), "the file", ("lists", "checks"))
    rows = fields.mapping(root.get("lists"), "lists")
    lists = tuple(_List(fields, list_id, node, folder, look=look).read() for list_id, node in rows.items())
    known = frozenset(category for each in lists if not each.sealed for category in each.ours)
    checks = fields.mapping(root.get("checks"), "checks", ("must_have", "must_not_have"))
    must_have, must_not_have = (
        _checks(fields, checks.get(name), f"checks.{name}", known) for name in ("must_have", "must_not_have")
    )
    if fields.faults or not lists:
        raise ListsError(fields.faults or [f"{file}:1: lists: at least one list is needed"])
    return ListsConfig(lists, must_have, must_not_have, text, folder, file)


def _checks(fields: Fields, node: Node | None, where: str, known: frozenset[str]) -> Checks:
    found: dict[str, tuple[str, ...]] = {}
    for category, sites in fields.mapping(node, where).items():
        if category not in known:
            fields.fault(
                sites,
                f"{where}.{category}",
                category,
                "a category that one of the lists has, and no sealed one",
            )
        found[category] = fields.values(sites, f"{where}.{category}", values.site)
    return found


class _List:
    """One list of the text. What is wrong with a value is told, and the reading goes on without it."""

    def __init__(self, fields: Fields, list_id: str, node: Node, folder: Path, *, look: bool) -> None:
        self.fields = fields
        self.node = node
        self.where = f"lists.{list_id}"
        self.rows = fields.mapping(node, self.where, FIELDS)
        self.list_id = list_id
        self.folder = folder
        self.look = look

    def read(self) -> ListConfig:
        """Of no use where there are faults."""
        self._check_id()
        sealed = self._value("sealed", values.flag) or False
        source = self._value("source", values.source, values.shown_source) or ""
        given = str(self.rows["source"].value) if "source" in self.rows else ""
        remote = is_address(given)
        self._check_rows(sealed=sealed, remote=remote, starter=given.startswith(STARTER_PREFIX))
        fetched, by_hand = (UNSEEN, UNSEEN_BY_HAND) if sealed else (Trust(), BY_HAND)
        return ListConfig(
            list_id=self.list_id,
            source=source,
            format=self._value("format", values.one_of(*SEALED_FORMATS if sealed else FORMATS)) or "",
            local=None if remote else self._local(source),
            category=self._value("category", values.word) or "",
            categories=self._categories(),
            licence=self._value("licence", values.line) or "",
            every=self._value("every", parse_duration) or (WEEK if remote else None),
            trust=self._trust(fetched if remote else by_hand),
            wide=frozenset(self.fields.values(self.rows.get("wide"), f"{self.where}.wide", values.suffix)),
            as_exceptions=self._value("exceptions", values.flag) or False,
            sha256=self._value("sha256", values.sha256) or "",
            signature=self._signature(source),
            credentials=self._value("credentials", values.word, lambda _: "(not shown)") or "",
            limits=self._limits(sealed=sealed),
            sealed=sealed,
            provider=self._value("provider", values.one_of(*PROVIDERS)) or "",
            line=line_of(self.node),
        )

    def _value[T](self, name: str, parse: Callable[[str], T], show: Callable[[str], str] = repr) -> T | None:
        return self.fields.value(self.rows.get(name), f"{self.where}.{name}", parse, show)

    def _check_id(self) -> None:
        try:
            values.word(self.list_id)
        except ValueError as error:
            self.fields.fault(self.node, self.where, self.list_id, str(error))

    def _check_rows(self, *, sealed: bool, remote: bool, starter: bool) -> None:
        """What must be there, and what does not go together."""
        for name in ("source", "format"):
            if name not in self.rows:
                self.fields.missing(self.node, f"{self.where}.{name}")
        if "category" not in self.rows and (sealed or "categories" not in self.rows):
            self.fields.missing(self.node, f"{self.where}.category", "a category of ours, or `categories`")
        if "category" in self.rows:
            self._refuse(("categories",), "either `category` or `categories`")
        elif "format" in self.rows and self.rows["format"].value not in WITH_CATEGORIES:
            self._refuse(("categories",), f"`category`; only {', '.join(WITH_CATEGORIES)} have their own")
        if "sha256" in self.rows:
            self._refuse(("signature",), "either `sha256` or `signature`")
        if sealed:
            self._refuse(NEVER_SEALED, "nothing: a sealed list has one category and no exceptions")
        else:
            self._refuse(("provider",), "nothing: only a sealed list has a provider")
        if not remote:
            self._refuse(FETCHED_ONLY, "nothing: only what is fetched from an https address has this")
        if starter:
            self._refuse(("every", "sha256"), "nothing: a starter list comes with Schoolgate")

    def _refuse(self, names: tuple[str, ...], allowed: str) -> None:
        for name in names:
            if name in self.rows:
                self.fields.fault(self.rows[name], f"{self.where}.{name}", name, allowed)

    def _local(self, source: str) -> Path | None:
        if source.startswith(STARTER_PREFIX):
            return STARTER / source.removeprefix(STARTER_PREFIX)
        path = self.folder / source
        if source and self.look and not _is_there(path):
            allowed = f"a file or folder, looked for beside {self.fields.file}"
            self.fields.fault(self.rows["source"], f"{self.where}.source", source, allowed)
        return path

    def _categories(self) -> Mapping[str, tuple[str, ...]]:
        node, where = self.rows.get("categories"), f"{self.where}.categories"
        rows = self.fields.mapping(node, where)
        if node is not None and not rows:
            self.fields.refuse(line_of(node), f"{where}: is empty; allowed: their category: ours")
        return {
            theirs: self.fields.values(ours, f"{where}.{theirs}", values.word)
            for theirs, ours in rows.items()
        }

    def _trust(self, default: Trust) -> Trust:
        where = f"{self.where}.trust"
        rows = self.fields.mapping(self.rows.get("trust"), where, ("loses", "gains", "exceptions"))
        loses = self.fields.value(rows.get("loses"), f"{where}.loses", _part)
        gains = self.fields.value(rows.get("gains"), f"{where}.gains", parse_share)
        own = self.fields.value(rows.get("exceptions"), f"{where}.exceptions", values.exceptions)
        return replace(
            default,
            loses=default.loses if loses is None else loses,
            gains=default.gains if gains is None else gains,
            exceptions=own or default.exceptions,
        )

    def _signature(self, source: str) -> Signature | None:
        node, where = self.rows.get("signature"), f"{self.where}.signature"
        if node is None:
            return None
        rows = self.fields.mapping(node, where, ("minisign", "source"))
        if "minisign" not in rows:
            self.fields.missing(node, f"{where}.minisign", "the public key")
        key = self.fields.value(rows.get("minisign"), f"{where}.minisign", PublicKey.parse)
        beside = self.fields.value(rows.get("source"), f"{where}.source", values.address, values.shown_source)
        return Signature(key, beside or f"{source}.minisig") if key else None

    def _limits(self, *, sealed: bool) -> Limits:
        default = SEALED_LIMITS if sealed else Limits()
        where = f"{self.where}.limits"
        rows = self.fields.mapping(self.rows.get("limits"), where, ("bytes", "seconds"))
        size = self.fields.value(rows.get("bytes"), f"{where}.bytes", parse_size)
        if sealed and size and size > MOST_SEALED:
            self.fields.fault(rows["bytes"], f"{where}.bytes", str(size), MOST_SEALED_RULE)
        seconds = self.fields.value(rows.get("seconds"), f"{where}.seconds", values.seconds)
        return Limits(size or default.bytes, seconds or default.seconds)


def _part(text: str) -> Fraction:
    return parse_share(text, most=Fraction(1))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False
