"""How an entry is spelled in the index, so that one walk along a key meets everything that covers it.

`www.bet.example` is `example.bet.www.`: the closing dots make every prefix end at a label. A host alone,
without what is below it, is `example.bet.www.|`. An address is `#192.0.2.1#`, which no other key begins with.
Parts of a host are keys of their own: `/example.bet./odds/`, and `/example.bet./odds/?v=1&` with parameters.
No host can have one of these signs in it, and no path in a key a question mark.
"""

from urllib.parse import quote, unquote_plus

from filter_lists.entry import Entry
from filter_lists.names import is_ip, path_spellings

ALONE = "|"
ADDRESS = "#"
EVERY_ASCII = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%&")


def host_key(host: str) -> str:
    """Of a host and all below it; of an address alone."""
    if is_ip(host):
        return f"{ADDRESS}{host}{ADDRESS}"
    return ".".join(host.split(".")[::-1]) + "."


def path_key(host: str, path: str) -> str:
    """`host` is a host's key; `path` is one spelling of a path, without closing slash."""
    key = f"/{host}{path}/"
    if "?" in path or "\n" in path:
        return key.replace("\n", "%0a").replace("?", "%3f")
    return key


def query_key(path: str, parameters: tuple[str, ...]) -> str:
    """`path` is a path's key; `parameters` are some of those of `parameters_of`, in its order."""
    return path + "?" + "".join(each + "&" for each in parameters)


def parameters_of(query: str) -> tuple[str, ...]:
    """Each once, decoded once, in one order whatever theirs was; all, or one could hide among many."""
    found = {quote(unquote_plus(each), EVERY_ASCII) for each in set(query.split("&")) if each}
    return tuple(sorted(found))


def keys_of(entry: Entry) -> tuple[str, str | None, str | None]:
    """The key of the host; of the path, where the entry is a part of a host; and that with its query."""
    host = host_key(entry.host)
    if not entry.below and not host.startswith(ADDRESS):
        host += ALONE
    plain = "" if entry.path == "/" else path_spellings(entry.path)[0]
    parameters = parameters_of(entry.query) if entry.query else ()
    if not plain and not parameters:
        return host, None, None
    path = path_key(host, plain)
    return host, path, query_key(path, parameters) if parameters else None


def entry_of(key: str) -> str:
    """The list's entry in canonical form, from any kind of key."""
    if key.startswith("/"):
        host, _, path = key[1:].partition("/")
        path, question, query = path.partition("?")
        shown = f"/{path.removesuffix('/')}" if path or question else ""
        return entry_of(host) + shown + ("?" + query[:-1] if question else "")
    if key.startswith(ADDRESS):
        return key[1:-1]
    if key.endswith(ALONE):
        return "=" + entry_of(key[:-1])
    return ".".join(key[:-1].split(".")[::-1])
