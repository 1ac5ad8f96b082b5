"""Single values of lists.yaml. Each function raises ValueError with what is allowed."""

import re
from collections.abc import Callable
from typing import get_args

from filter_lists.lists_model import STARTER, STARTER_PREFIX
from filter_lists.names import NameFault, canonical_host, parse_url
from filter_lists.remote import RULE as ADDRESS_RULE
from filter_lists.remote import is_address, parse_address, without_secrets
from filter_lists.sources import Exceptions

WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WORD_RULE = "lower-case words joined by hyphens, 60 characters at most"
LONGEST_WORD = 60
LINE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST_WAIT = 3600  # seconds


def word(text: str) -> str:
    if not WORD.fullmatch(text) or len(text) > LONGEST_WORD:
        raise ValueError(WORD_RULE)
    return text


def line(text: str) -> str:
    if not LINE.fullmatch(text):
        raise ValueError("one line of 200 characters at most")
    return text


def flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(" or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1]))))
        return text

    return read


def exceptions(text: str) -> Exceptions:
    for each in get_args(Exceptions):
        if text == each:
            found: Exceptions = each
            return found
    raise ValueError("own, category or none")


def address(text: str) -> str:
    return str(parse_address(text))


def source(text: str) -> str:
    """An address in canonical form; a starter list that there is; or the text of a path."""
    if is_address(text):
        try:
            return address(text)
        except ValueError:
            raise ValueError(f"{ADDRESS_RULE}; or a file or folder; or starter: and a name") from None
    if text.startswith(STARTER_PREFIX):
        names = sorted(each.name for each in STARTER.glob("*.txt"))
        if text.removeprefix(STARTER_PREFIX) not in names:
            raise ValueError("starter: and one of " + ", ".join(names))
        return text
    if not text.isprintable():
        raise ValueError("a file or folder, an https address, or starter: and a name")
    return text


def shown_source(text: str) -> str:
    return repr(without_secrets(text))


def site(text: str) -> str:
    """A host, a part of one, or an address: something that can be looked up. In canonical form."""
    try:
        url = parse_url(text if is_address(text) else f"https://{text}")
    except NameFault:
        raise ValueError("a host, host/path or address") from None
    query = f"?{url.query}" if url.query else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return host + (url.path if url.path != "/" or query else "") + query


def suffix(text: str) -> str:
    try:
        return canonical_host(text)
    except NameFault:
        raise ValueError("a public suffix or single word, such as `xxx` or `co.uk`") from None


def sha256(text: str) -> str:
    if not SHA256.fullmatch(text.lower()):
        raise ValueError("64 digits and letters from a to f")
    return text.lower()


def seconds(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,4}", text) or int(text) > LONGEST_WAIT:
        raise ValueError(f"seconds, from 1 to {LONGEST_WAIT}")
    return int(text)
