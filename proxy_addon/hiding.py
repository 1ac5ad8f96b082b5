"""What stands in a row for an address that nobody should find there: the key's word for it."""

from pathlib import Path

import structlog

from filter_lists.names import Url
from filter_lists.sealed_key import ensure_key, hidden, read_key
from filter_lists.summary import IndexFault
from proxy_addon.records import Hide, nameless

log = structlog.get_logger()


class Hiding:
    """Made with the gate; from then on the key is in memory, whatever becomes of its file."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._hide: Hide | None = None
        try:
            self._hide = hidden(ensure_key(state))
        except (IndexFault, OSError) as fault:
            log.error("illegal_key.missing", why=str(fault))

    def __call__(self, url: Url) -> str:
        if self._hide is None:  # it may have been put back
            try:
                self._hide = hidden(read_key(self._state))
            except IndexFault:
                return nameless(url)
        return self._hide(url)
