"""Safe search (D18): what the policy has written into requests, whatever the client said of it.

The origin gets exactly one value of each forced parameter and field, in the strictest setting known
(`filter_lists/safe_search.csv`) or as the policy's own rules say; every copy that the client sent is taken
out, however it is spelt. All else in the address stays byte for byte, and the record keeps what was asked.

What was written first holds: a known engine's setting, then the rules in their order. So a rule that is added
behind the others takes nothing back from those; what it writes to other sites, two people have agreed on.

Of a search that is sent by POST both are written: the address, and the form in its body.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from mitmproxy.http import Headers, Request

from filter_lists.names import Url
from filter_lists.safe_engines import engines
from filter_policy.bearing import names_for
from filter_policy.model import Person, Policy, SafeRule

Pairs = dict[bytes, bytes | None]  # by folded name; the value is the whole that goes out, None: nothing
Field = tuple[bytes, bytes]

_UNICODE_ESCAPE = re.compile(rb"%u00([0-9A-Fa-f]{2})")
_SEPARATORS = re.compile(rb"([&;])")
MOST_DECODED = 3
LIKE_UNDERSCORE = bytes.maketrans(b" .", b"__")  # as some servers read names


@dataclass(slots=True)
class Written:
    """What is written into one request; `parameters` hold `name=value`, `fields` the whole field. `own`: some
    of it by a rule of the policy."""

    parameters: Pairs = field(default_factory=dict)
    fields: dict[bytes, Field] = field(default_factory=dict)
    cookies: Pairs = field(default_factory=dict)
    own: bool = False


def rewrite(request: Request, host: str, person: Person, policy: Policy) -> bool:
    """Change what goes out to `host` (canonical) in the name of `person`. For most hosts, nothing.

    Answers whether a rule of the policy may have made another address of it: then that is judged as well.
    """
    written = _written(host, person, policy)
    if written is None:
        return False
    before = request.data.path
    if written.parameters:
        request.data.path = with_parameters(request.data.path, written.parameters)
    if written.fields or written.cookies:
        _write_head(request, written)
    return written.own and request.data.path != before


def rewrite_form(request: Request, host: str, person: Person, policy: Policy, words: Collection[str]) -> None:
    """The same of the body, where it is a form that searches (it has one of `words`) or that says something
    of what is forced. Its whole is here."""
    written = _written(host, person, policy)
    body = request.data.content
    if written is None or not written.parameters or not body:
        return
    names = {folded(pair.partition(b"=")[0]) for pair in _SEPARATORS.split(body)}
    if names.isdisjoint(written.parameters) and names.isdisjoint(word.encode() for word in words):
        return
    request.data.content = with_parameters(b"/?" + body.strip(), written.parameters)[2:]
    request.headers["content-length"] = str(len(request.data.content))


def forced_at(host: str, person: Person, policy: Policy) -> Collection[bytes]:
    """The names of what is written, folded."""
    written = _written(host, person, policy)
    return written.parameters if written is not None else ()


def _written(host: str, person: Person, policy: Policy) -> Written | None:
    known, own = engines().find(host), _rules(policy, host)
    if not (known or own) or names_for(policy, person).isdisjoint(policy.safe_search.for_):
        return None
    written = Written(own=bool(own))
    for each in known:
        _add_parameters(written, each.parameters)
        _add_fields(written, each.fields)
        for name, value in each.cookies:
            whole = None if value is None else f"{name}={value}".encode("ascii")
            written.cookies.setdefault(name.lower().encode("ascii"), whole)
    for rule in own:
        _add_parameters(written, rule.parameters)
        _add_fields(written, rule.fields)
    return written


def as_sent(url: Url, request: Request) -> Url:
    """The address as it goes out now; only its query may have become another."""
    query = request.data.path.partition(b"?")[2]
    return url._replace(query="".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in query))


def _add_parameters(written: Written, pairs: Iterable[tuple[str, str | None]]) -> None:
    for name, value in pairs:
        whole = None if value is None else f"{name}={quote(value, safe=',:@/')}".encode("ascii")
        written.parameters.setdefault(folded(name.encode("ascii")), whole)


def _add_fields(written: Written, pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        pair = name.encode("ascii"), value.encode("ascii")
        written.fields.setdefault(_field_name(pair[0]), pair)


def _rules(policy: Policy, host: str) -> Sequence[SafeRule]:
    """The policy's own about this host, in the order in which they stand."""
    if not policy.safe_search.rules:
        return ()
    by_host, found = _rules_by_host(policy), set[int]()
    while host:
        found.update(by_host.get(host, ()))
        host = host.partition(".")[2]
    return [policy.safe_search.rules[i] for i in sorted(found)]


@lru_cache(maxsize=8)
def _rules_by_host(policy: Policy) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, rule in enumerate(policy.safe_search.rules):
        for site in rule.sites:
            found.setdefault(site.host, []).append(i)
    return found


# --- the address


def with_parameters(path: bytes, forced: Pairs) -> bytes:
    """Each forced parameter once and at the end, or where it stood alone and as it should be."""
    if path[:1] != b"/":
        return path  # OPTIONS *
    stem, _, query = path.partition(b"?")
    pieces = _SEPARATORS.split(query) if query else []  # pair, separator, pair, ...
    names = [folded(pair.partition(b"=")[0]) for pair in pieces[::2]]
    right = {n for n, whole in forced.items() if names.count(n) == 1 and whole == pieces[2 * names.index(n)]}
    kept: list[bytes] = []
    for i, name in enumerate(names):
        if name not in forced or name in right:
            kept += pieces[2 * i - 1 : 2 * i + 1] if kept else pieces[2 * i : 2 * i + 1]
    missing = [whole for name, whole in forced.items() if whole is not None and name not in right]
    query = b"&".join([b"".join(kept), *missing] if kept else missing)
    return stem + b"?" + query if query else stem


def folded(name: bytes) -> bytes:
    """One parameter's name, as the most lenient of servers would read it."""
    name = _UNICODE_ESCAPE.sub(rb"%\1", name.replace(b"+", b" "))
    for _ in range(MOST_DECODED):
        if b"%" not in name:
            break
        name = unquote_to_bytes(name)
    bare = name.strip(b" \t\r\n\0").partition(b"[")[0].partition(b"\0")[0]
    return bare.lower().translate(LIKE_UNDERSCORE)


# --- the head


def _write_head(request: Request, written: Written) -> None:
    fields: list[Field] = []
    for pair in request.data.headers.fields:
        name = pair[0].lower()
        if name == b"cookie" and written.cookies:
            if rest := without_cookies(pair[1], written.cookies):
                fields.append((pair[0], rest))
        elif _field_name(name) not in written.fields:
            fields.append(pair)
    added = list(written.fields.values())
    if baked := [whole for whole in written.cookies.values() if whole is not None]:
        added.append((b"Cookie", b"; ".join(baked)))
    fields += [(name.lower(), value) for name, value in added] if request.is_http2 else added
    request.data.headers = Headers(_one_cookie_field(fields) if not request.is_http2 else fields)


def _one_cookie_field(fields: list[Field]) -> list[Field]:
    """HTTP/1 has at most one; ours stands last in it."""
    crumbs = [value for name, value in fields if name.lower() == b"cookie"]
    if len(crumbs) < 2:
        return fields
    rest = [pair for pair in fields if pair[0].lower() != b"cookie"]
    return [*rest, (b"Cookie", b"; ".join(crumbs))]


def _field_name(name: bytes) -> bytes:
    """Behind a gateway, `_` and `-` are the same."""
    return name.lower().replace(b"_", b"-")


def without_cookies(value: bytes, unwanted: Pairs) -> bytes:
    """All other cookies, as they were sent; of `name/part` only that part goes."""
    kept = []
    for crumb in value.split(b";"):
        name = crumb.partition(b"=")[0].strip().lower()
        if name in unwanted:
            continue
        parts = {whole.partition(b"/")[2] for whole in unwanted if whole.startswith(name + b"/")}
        kept.append(_without_parts(crumb, parts) if name and parts else crumb)
    return b";".join(kept).strip()


def _without_parts(crumb: bytes, parts: set[bytes]) -> bytes:
    name, _, value = crumb.partition(b"=")
    kept = [part for part in value.split(b"&") if folded(part.partition(b"=")[0]) not in parts]
    return name + b"=" + b"&".join(kept)
