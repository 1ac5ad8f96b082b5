"""Places of help: whole hosts that are open to everybody, with what a block page says of them."""

from filter_lists.names import Site, is_ip
from filter_policy.model import SafeHarbour
from filter_policy.parse_gate import parse_hosts
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

MOST_HARBOURS = 50
LONGEST_NAME = 60  # characters: a block page shows them, and stays small
LONGEST_TELEPHONE = 40


def parse_harbours(value: object, read: Reader) -> tuple[SafeHarbour, ...]:
    """A name each, no address of a machine: a tunnel that names one cannot be told from another's."""
    path: Path = ("safe_harbour",)
    found: list[SafeHarbour] = []
    rows = read.items(value, path)
    if len(rows) > MOST_HARBOURS:
        read.fault(path, f"has {len(rows)} rows; {MOST_HARBOURS} at most")
    for i, raw in enumerate(rows):
        here: Path = (*path, i)
        row = read.mapping(raw, here, ("site", "name", "telephone", "reason"))
        site = _site(row.get("site"), (*here, "site"), read)
        name = _short(row.get("name"), (*here, "name"), LONGEST_NAME, read)
        telephone = ""
        if row.get("telephone") is not None:
            telephone = _short(row["telephone"], (*here, "telephone"), LONGEST_TELEPHONE, read)
        reason = read.text(row.get("reason"), (*here, "reason"))
        if site is None:
            continue
        if any(each.site == site for each in found):
            read.fault((*here, "site"), f"{site} stands twice")
        found.append(SafeHarbour(site, name, telephone, reason))
    return tuple(found)


def _site(value: object, path: Path, read: Reader) -> Site | None:
    if not isinstance(value, str):
        read.text(value, path)
        return None
    sites = parse_hosts([value], path, read)
    if sites and is_ip(sites[0].host):
        read.fault(path, "needs a name, not the address of a machine")
        return None
    return sites[0] if sites else None


def _short(value: object, path: Path, longest: int, read: Reader) -> str:
    text = read.text(value, path)
    if len(text) > longest:
        read.fault(path, f"has {len(text)} characters; {longest} at most")
    return text
