"""No secret in what services tell: a net below our own care, for what libraries say and exceptions quote.

Nothing of ours logs a secret on purpose. This is for the error of a database that holds its address, a header
that a library prints, a field that somebody adds one day.
"""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

HIDDEN = "(not shown)"
DEEPEST = 6
SECRET_KEY = re.compile(
    r"authorization|cookie|passw|secret|credential|csrf|totp|private_?key|api_?key|userinfo"
    r"|(^|_)(token|session_key|code|pin|salt)$",
    re.IGNORECASE,
)
# What is not said and yet named so.
PLAIN_KEYS = frozenset({"status_code", "exit_code", "code"})
USERINFO = re.compile(r"(?<=://)[^/\s\"'<>@?#]*@")
HEADERS = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(b?['\"]?\s*[:=,]\s*b?['\"]?)[^\r\n'\"]+"
)
SCHEME = re.compile(r"(?i)\b(basic|bearer|digest|negotiate|ntlm)\s+[a-z0-9+/=._~-]{6,}")
ASSIGNED = re.compile(
    r"(?i)((?:password|passwd|pwd|secret|token|csrf|api_?key|old|new|again)['\"]?\s*[=:]\s*)"
    r"(\"[^\"]*\"|'[^']*'|[^\s&,;)}\]]+)"
)
PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
WORDS = re.compile(r"(?i)[@:=]|basic|bearer|digest|negotiate|ntlm|private key")


def scrubbed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: the event as it may be written. The last before it becomes text."""
    for name, value in list(event.items()):
        event[name] = _hidden(name, value, 0)
    return event


def scrub(text: str) -> str:
    """A text without what looks like a secret."""
    if not WORDS.search(text):
        return text
    text = PEM.sub(HIDDEN, text)
    text = USERINFO.sub(f"{HIDDEN}@", text)
    text = HEADERS.sub(rf"\1\2{HIDDEN}", text)
    text = SCHEME.sub(rf"\1 {HIDDEN}", text)
    return ASSIGNED.sub(rf"\1{HIDDEN}", text)


def _hidden(name: str, value: Any, depth: int) -> Any:
    if name not in PLAIN_KEYS and SECRET_KEY.search(name) and value not in (None, True, False, ""):
        return HIDDEN
    return _value(value, depth)


def _value(value: Any, depth: int) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str() | bytes():
            return scrub(value if isinstance(value, str) else value.decode("utf-8", "backslashreplace"))
        case Mapping() if depth < DEEPEST:
            return {str(key): _hidden(str(key), each, depth + 1) for key, each in value.items()}
        case (str() | bytes() as name, each) if depth < DEEPEST:  # a header, as pairs are written
            plain = name if isinstance(name, str) else name.decode("latin-1")
            return [plain, _hidden(plain, each, depth + 1)]
        case Sequence() | set() | frozenset() if depth < DEEPEST:
            return [_value(each, depth + 1) for each in value]
        case _:
            return scrub(repr(value))
