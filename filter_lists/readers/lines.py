"""What the readers of all formats share: the lines of a file, and which hosts and pages a list may name.

A reader never guesses: a line that is not plainly a site is no entry, and the report says how many there were
of each kind and where the first one is.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import IO

import re2

from filter_lists.entry import Entry, Expression, Scope, check_expression, expression_options
from filter_lists.expression_size import places_of
from filter_lists.names import SCHEME, NameFault, canonical_host, is_ip, parse_url, path_spellings
from filter_lists.readers.suffixes import is_public_suffix
from filter_lists.report import LONGEST, Note, ReadOptions, ReadReport, Why
from filter_lists.unpacking import SourceFault

BLANK = "\ufeff\0\xa0 \t\r\n\f\v"  # what may stand around a line and means nothing
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)
HASH = re.compile(r"(?:\A|\s)#.*", re.DOTALL)
HOST = re.compile(r"[a-z0-9_.-]+")  # what names in the DNS are made of; a browser would take more
CANONICAL = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9_-]{0,62}")
PARTS = re.compile(r"([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
PORT = re.compile(r"([^:]+|\[.*\]):[0-9]{0,5}")
LENGTH = re.compile(r"/\d{1,3}")
SPAN = re.compile(r"[0-9.]+-[0-9.]+|[0-9a-f:]+-[0-9a-f:]+", re.IGNORECASE)
LOCAL = re.compile(r"local|localhost|broadcasthost|loopback|ip6-[a-z]+")
LOCAL_DOMAIN = "localhost.localdomain"
ORDINARY = tuple(
    tuple(hosts.split())
    for hosts in (
        "q.example 192.0.2.74 qzxvkj.invalid w.0b7.test",
        "www.harbourlights.com mail.tinworks.com www.abovetheclouds.com cdn7.vkb.com www.readinglamps.com",
        "www.lowmoor.org.uk www.greatbustimes.co.uk school.wykelea.sch.uk www.library-card.gov.uk oats.ac.uk",
        "www.kitesandstrings.org static.zym.org www.marshland-rail.org thepotteries.org www.stone-age.org",
        "www.junghof-garten.de plum.io eaststreet.net fizzyapple.app www.boulangerie-martin.fr",
    )
)  # hosts as unlike as hosts of one kind are: what is found in more than half of a row is found in nearly all
AS_SCOPE: dict[Scope, tuple[str, ...]] = {
    "host": ("{}",),
    "page": ("{}/",),
    "url": ("http://{}/", "https://{}/"),
}

type Noting = Callable[[Note], None]


class RefusedError(Exception):
    """A text that is no entry. Readers catch it and count the line."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, never more than LONGEST + 1 bytes of one in memory. Raises SourceFault."""
    first = True
    while line := file.readline(LONGEST + 1):
        if first and line.startswith(UTF_16):
            raise SourceFault("is UTF-16; save it as UTF-8")
        first = False
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)


def without_hash(text: str) -> str:
    """Without `# comment`, on its own or after a blank."""
    return HASH.sub("", text).strip(BLANK) if "#" in text else text


def without_nothing(text: str) -> str:
    """For formats that have no comments."""
    return text


def numbered(
    lines: Iterable[bytes],
    report: ReadReport,
    comment: Callable[[str], str] = without_hash,
    blank: str = BLANK,
) -> Iterator[tuple[int, str]]:
    """The lines that say something, decoded, each counted in the report. `comment` takes comments off."""
    for number, line in enumerate(lines, 1):
        text = comment(_decoded(line).strip(blank))
        if not text:
            continue
        report.lines += 1
        report.at = number
        if len(line) > LONGEST and len(line.rstrip(b"\r\n")) > LONGEST:
            report.skip(Why.TOO_LONG, number)
            continue
        yield number, text


def one_a_line[Said: Entry | Expression](
    lines: Iterable[bytes],
    report: ReadReport,
    read: Callable[[str, Noting], Said],
    comment: Callable[[str], str] = without_hash,
) -> Iterator[Said]:
    """What `read` makes of each line. It raises RefusedError for what is no entry."""
    for number, text in numbered(lines, report, comment):
        try:
            said = read(text, partial(report.note, line=number))
        except RefusedError as refused:
            report.skip(refused.why, number)
            continue
        report.understood += 1
        yield said


def entry_of_text(text: str, options: ReadOptions, note: Noting | None = None) -> Entry:
    """A host, `host/path` or `host/path?query`, with or without scheme; `.host` and `*.host` are `host`.

    What makes the entry wider than its text (a port or fragment that goes) is told to `note`. Without `note`,
    or with strict options, it is refused: so an exception never opens more than stands there. A fragment of
    the front page is refused always, since the whole site would be left. Raises RefusedError.
    """
    if is_surely_canonical(text):
        _check_width(text, options)
        return Entry(text)
    return _entry(text, options, note)


def host_of(text: str, options: ReadOptions) -> str:
    """A host alone, without port or wildcard, in canonical form. Raises RefusedError."""
    if is_surely_canonical(text):
        host = text
    else:
        host = _canonical(text)
        if is_ip(host):
            _check_address(host, text)
            return host
        if not HOST.fullmatch(host):
            raise RefusedError(Why.NOT_A_SITE)
    _check_width(host, options)
    return host


def expression_of(pattern: str, scope: Scope, category: str = "") -> Expression:
    """An expression in RE2's syntax. Raises RefusedError for what cannot run or is found in nearly all."""
    try:
        check_expression(pattern)
        places_of(pattern)
    except ValueError:
        raise RefusedError(Why.EXPRESSION) from None
    found = re2.compile(pattern, expression_options())
    if any(_is_in_most(found, form, row) for form in AS_SCOPE[scope] for row in ORDINARY):
        raise RefusedError(Why.EXPRESSION)
    return Expression(pattern, scope, category)


def _is_in_most(found: "re2._Regexp", form: str, hosts: Sequence[str]) -> bool:
    return 2 * sum(found.search(form.format(host)) is not None for host in hosts) > len(hosts)


def is_surely_canonical(text: str) -> bool:
    """Whether this is surely how `canonical_host` would spell it: most lines of most lists are."""
    return CANONICAL.fullmatch(text) is not None and len(text) <= 253 and "xn--" not in text


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return _latin(line)


def _latin(line: bytes) -> str:
    """In a host such bytes are letters; in a path they stay what they are, escaped as requests carry them."""
    head, _, page = line.partition(b"://")[2 * (b"://" in line)].partition(b"/")
    if b"=" in head:  # a setting, such as dnsmasq's: what follows is a name
        return line.decode("latin-1")
    begin = line.removesuffix(page)
    return begin.decode("latin-1") + BEYOND_ASCII.sub(lambda found: b"%%%02X" % found[0][0], page).decode(
        "ascii"
    )


def _entry(text: str, options: ReadOptions, note: Noting | None) -> Entry:
    if len(text.split()) > 1:
        raise RefusedError(Why.SEVERAL)
    note = None if options.strict else note
    whole = SCHEME.sub("", text, count=1)
    bare = _without_dot(whole, note)
    if any(c in bare for c in "*^|"):
        raise RefusedError(Why.PATTERN)
    host, path, query, fragment = PARTS.fullmatch(bare).groups("")  # type: ignore[union-attr]  # it matches any text
    if fragment and path in ("", "/") and not query:
        raise RefusedError(Why.QUERY)
    notes = [Note.FRAGMENT] if fragment else []
    if port := PORT.fullmatch(host):
        host = port[1]
        notes.append(Note.PORT)
    if LENGTH.fullmatch(path) and is_ip(_canonical(host)):
        raise RefusedError(Why.RANGE)
    entry = Entry(host_of(host, options), *_page(path, query))
    _check_path(entry, path, note)
    if bare != whole and is_ip(entry.host):
        raise RefusedError(Why.PATTERN)
    for each in notes:
        if note is None:
            raise RefusedError(Why.NARROW)
        note(each)
    return entry


def _without_dot(text: str, note: Noting | None) -> str:
    """`*.bet.example` is what is below it; taken for all of it, an exception would be wider."""
    if note is None and text.startswith("*."):
        raise RefusedError(Why.NARROW)
    return text.removeprefix("*").removeprefix(".") if text.startswith(("*.", ".")) else text


def _check_path(entry: Entry, given: str, note: Noting | None) -> None:
    """`//` or `/%2e%2e/`: the whole site was hardly meant."""
    if given not in ("", "/") and not entry.query and not path_spellings(entry.path)[0]:
        raise RefusedError(Why.NARROW if note is None else Why.PATTERN)


def _page(path: str, query: str) -> tuple[str, str]:
    if path in ("", "/") and not query:
        return "/", ""
    try:
        url = parse_url(f"http://x.invalid{path or '/'}?{query}")
    except NameFault:
        raise RefusedError(Why.NOT_A_SITE) from None
    return url.path, url.query


def _canonical(text: str) -> str:
    try:
        return canonical_host(text)
    except NameFault:
        raise RefusedError(Why.RANGE if SPAN.fullmatch(text) else Why.NOT_A_SITE) from None


def _check_address(host: str, given: str) -> None:
    if ":" not in host and given.removesuffix(".") != host:
        raise RefusedError(Why.ODD_ADDRESS)  # 010.0.0.1 is 8.0.0.1 to a browser and 10.0.0.1 to a person


def _check_width(host: str, options: ReadOptions) -> None:
    if is_public_suffix(host):
        if LOCAL.fullmatch(host):
            raise RefusedError(Why.LOCAL)
        if host not in options.wide:
            raise RefusedError(Why.TOO_WIDE)
    elif host == LOCAL_DOMAIN:
        raise RefusedError(Why.LOCAL)
