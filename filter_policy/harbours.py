"""Where somebody finds help: open to all at all times, never decrypted, recorded without whoever asked.

A helpline that shows who rang is not rung. So a place of help is asked about before the person is, by its
host alone, on the two usual ports; only illegal content and a device kept as evidence shut it (S128, S184).
"""

from functools import lru_cache

from filter_lists.names import Url, is_ip
from filter_policy.model import Policy, SafeHarbour

PORTS = {"http": 80, "https": 443}
RULE = "safe_harbour"


def harbour_of(policy: Policy, url: Url) -> SafeHarbour | None:
    """The place of help that this address is at; the most exact row, where there are two."""
    if not policy.safe_harbour or PORTS.get(url.scheme) != url.port:
        return None
    (by_host, endings), host = _known(policy), url.host
    if host not in by_host and (not host.endswith(endings) or is_ip(host)):
        return None  # almost every site: this is asked of each, several times
    while host:
        if (found := by_host.get(host)) is not None:
            return found
        host = host.partition(".")[2]
    return None


def rule_of(harbour: SafeHarbour) -> str:
    """As the log and `explain` name it."""
    return f"{RULE}.{harbour.site}"


def whole_host(url: Url) -> Url:
    """What is judged of it: of a tunnel that is not decrypted nobody sees more."""
    return url._replace(path="/", query="")


@lru_cache(maxsize=8)
def _known(policy: Policy) -> tuple[dict[str, SafeHarbour], tuple[str, ...]]:
    by_host = {each.site.host: each for each in policy.safe_harbour}
    return by_host, tuple(f".{host}" for host in by_host)
