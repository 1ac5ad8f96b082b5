"""How a site is spelled in the index, so that one walk along a key meets everything that covers it.

`www.bet.example` is `example.bet.www.`: the closing dots make every prefix end at a label. An address is
`=192.0.2.1=`, which no other key begins with. Parts of a host are keys of their own: `/example.bet./odds/`.
"""

from filter_lists.names import Site, is_ip, path_spellings


def host_key(host: str) -> str:
    if is_ip(host):
        return f"={host}="
    return ".".join(host.split(".")[::-1]) + "."


def path_key(host: str, path: str) -> str:
    """`host` is a host's key; `path` is one spelling of a path, without closing slash."""
    return f"/{host}{path}/"


def keys_of(site: Site) -> tuple[str, str | None]:
    """The key of the host, and the key of the path where the site is a part of a host."""
    host = host_key(site.host)
    plain = "" if site.path == "/" else path_spellings(site.path)[0]
    return host, path_key(host, plain) if plain else None


def entry_of(key: str) -> str:
    """The list's entry in canonical form, from either kind of key."""
    if key.startswith("/"):
        host, slash, path = key[1:].partition("/")
        return entry_of(host) + slash + path[:-1]
    return key[1:-1] if key.startswith("=") else ".".join(key[:-1].split(".")[::-1])
