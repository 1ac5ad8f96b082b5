"""What a list's provider wants to hear before it hands the list out: kept apart from lists.yaml.

`credentials: iwf` means the file `state/keys/lists-iwf`, mode 0600, with two lines: the server it may be sent
to (`https://lists.example`) and the header (`Authorization: Bearer ...`). So a text that somebody proposes
can name the file, but never send what is in it anywhere else.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from filter_lists.names import Url
from filter_lists.remote import parse_address

HEADER = re.compile(r"([A-Za-z0-9-]{1,60}): ?([\x21-\x7e](?:[\x20-\x7e]{0,4000}[\x21-\x7e])?)")


class CredentialsFault(Exception):
    """Credentials that cannot be used; the sentence never holds them."""


@dataclass(frozen=True, slots=True)
class Credentials:
    origin: tuple[str, str, int]
    name: str
    value: str = field(repr=False)

    def headers_for(self, url: Url) -> dict[str, str]:
        return {self.name: self.value} if origin_of(url) == self.origin else {}


def origin_of(url: Url) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port


def read_credentials(state: Path, name: str) -> Credentials:
    """Raises CredentialsFault."""
    path = state / "keys" / f"lists-{name}"
    try:
        if path.stat().st_mode & 0o077:
            raise CredentialsFault(f"{path} can be read by others: chmod 600")
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise CredentialsFault(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        lines = []
    header = HEADER.fullmatch(lines[1].strip()) if len(lines) == 2 else None
    if header is None:
        raise CredentialsFault(f"{path} must hold two lines, the server's https address and a header")
    try:
        url = parse_address(lines[0].strip())
    except ValueError:
        raise CredentialsFault(f"{path}: the first line is no https address") from None
    return Credentials(origin_of(url), header[1], header[2])
