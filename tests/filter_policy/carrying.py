"""A small world of carriers, for tests: what is blocked, what is allowed, and who carries it."""

import base64
import codecs
import gzip
import zlib
from collections.abc import Callable
from urllib.parse import quote

from filter_lists.names import Url, parse_site, parse_url
from filter_policy.embedded import xor_decoded
from filter_policy.judge import judge_url
from filter_policy.model import Decision, Listing, Policy
from tests.builders import NOON, a_person, a_policy

OWN = ("translate.test", "cache.test", "archive.test", "proxy-site.test", "img.search.test")
LISTED = {
    "blocked.test": Listing("gambling", "bets", "blocked.test"),
    "illegal.test": Listing("child-sexual-abuse", "sealed", "illegal.test"),
}


def lookup(url: Url) -> tuple[Listing, ...]:
    return tuple(each for name, each in LISTED.items() if f".{url.host}".endswith(f".{name}"))


def the_policy(**changes: object) -> Policy:
    return a_policy(carriers=tuple(parse_site(each) for each in OWN), **changes)


def decided(address: str, policy: Policy | None = None) -> Decision:
    return judge_url(parse_url(address), a_person(), policy or the_policy(), lookup, NOON)


def _whole(text: str) -> str:
    return quote(text, safe="")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# How an address is written into a parameter.
WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "escaped": _whole,
    "twice": lambda text: _whole(_whole(text)),
    "thrice": lambda text: _whole(_whole(_whole(text))),
    "base64": lambda text: _whole(_base64(text)),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 twice": lambda text: _whole(_base64(_base64(text))),
    "base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex with its mark": lambda text: "0x" + text.encode().hex(),
    "gzip in base64": lambda text: _packed(gzip.compress(text.encode(), mtime=0)),
    "zlib in base64": lambda text: _packed(zlib.compress(text.encode())),
    "deflate in base64": lambda text: _packed(zlib.compress(text.encode())[2:-4]),
    "base64 turned round": lambda text: _whole(_base64(text)[::-1]),
    "turned round": lambda text: _whole(text[::-1]),
    "rot13": lambda text: _whole(codecs.encode(text, "rot13")),
    "rot13 in base64": lambda text: _whole(_base64(codecs.encode(text, "rot13"))),
    "one bit of two turned": lambda text: _whole(xor_decoded(text)),
    "capitals": lambda text: text.upper(),
    "line breaks": lambda text: text.replace(".", "%0a."),
    "something before it": lambda text: f"x-{text}",
    "blanks around it": lambda text: f"+%20{text}%20",
    "behind a name and a backslash": lambda text: text.replace("://", "://allowed.test%5C@"),
    "behind a name and a mark": lambda text: text.replace("://", "://allowed.test%23@"),
    "cut short by a mark": lambda text: text.replace(".test", ".test%00.allowed.test"),
    "behind a name": lambda text: text.replace("://", "://allowed.test@"),
    "back slashes": lambda text: text.replace("://", ":%5C%5C"),
    "one slash": lambda text: text.replace("://", ":/"),
    "no slash": lambda text: text.replace("://", ":"),
    "no scheme": lambda text: text.partition("://")[2],
    "slashes alone": lambda text: text.partition(":")[2],
    "view-source": lambda text: f"view-source:{text}",
}
# Where known carriers and the school's own have it; `{}` is as in WRITTEN.
PARAMETERS = (
    "https://translate.google.com/translate?sl=auto&tl=en&u={}",
    "https://translate.google.co.uk/translate?u={}&hl=en",
    "https://www.microsofttranslator.com/bv.aspx?from=&to=en&a={}",
    "https://translate.yandex.ru/translate?url={}&lang=en",
    "https://fanyi.baidu.com/transpage?query={}&from=auto",
    "https://papago.naver.net/website?locale=en&url={}",
    "https://external-content.duckduckgo.com/iu/?u={}&f=1",
    "https://images.weserv.nl/?url={}&w=100",
    "https://www.google.com/imgres?imgurl={}&h=1",
    "http://translate.test/translate?u={}",
    "http://translate.test/translate?U={}",
    "http://translate.test/translate?hl=en&u%5B%5D={}",
    "http://img.search.test/thumb?url={}",
    "http://proxy-site.test/browse.php?u={}&b=4",
)
# The host alone, or host and path, in the carrier's path or name.
PLACES = (
    "https://web.archive.org/web/20240101000000/https://{}/x",
    "https://web.archive.org/web/2024id_/{}/x",
    "https://web.archive.org/web/https://{}/x",
    "https://archive.ph/newest/http://{}/x",
    "https://archive.today/2020.01.01-000000/https://{}/",
    "https://cdn.ampproject.org/c/s/{}/x",
    "https://www.google.com/amp/s/{}/x",
    "https://www.bing.com/amp/s/{}/x",
    "https://i0.wp.com/{}/a.jpg?ssl=1",
    "https://12ft.io/https://{}/x",
    "https://webcache.googleusercontent.com/search?q=cache:{}/x+some+words",
    "https://webcache.googleusercontent.com/search?q=cache:{}+some+words",
    "https://www.google.co.uk/search?q=cache%3A{}",
    "https://images-ext-1.discordapp.net/external/Sig_-1/https/{}/a.png",
    "https://corsproxy.io/?https%3A%2F%2F{}%2F",
    "https://image.thum.io/get/width/1200/crop/800/https://{}/x",
    "https://removepaywall.com/https://{}/x",
    "https://vefsafn.is/is/20240101000000/https://{}/x",
    "https://www.instapaper.com/text?u=https%3A%2F%2F{}%2F",
    "https://googleweblight.com/i?u=https://{}/",
    "https://outline.com/{}",
    "https://iframe.ly/api/iframe?key=1&url=https%3A%2F%2F{}%2F",
    "https://s.yimg.com/ny/api/res/1.2/AbC--/YXBwaWQ9/https://{}/x.jpg",
    "https://substackcdn.com/image/fetch/$s_!x!,w_120,c_limit/https%3A%2F%2F{}%2Fx.png",
    "https://eu-prod.asyncgw.teams.microsoft.com/urlp/v1/url/image?url=https%3A%2F%2F{}%2Fx.png",
    "https://rejouer.perma.cc/replay/w/id-abc/mp_/https://{}/x",
    "http://cache.test/search?q=cache:{}/x",
    "http://archive.test/web/2024id_/{}",
    "http://archive.test/web/2024/http://{}/",
    "http://archive.test/https/{}/x",
    "http://archive.test/https://{}/x",
    "http://archive.test/https:/{}/x",
    "http://archive.test/a/b/http%3A%2F%2F{}%2F",
    "http://archive.test/{}/x",
    "http://archive.test/?http://{}/",
    "http://archive.test/?{}",
    "http://amp.cache.test/c/s/{}/x",
)


def dashed(host: str) -> str:
    return host.replace("-", "--").replace(".", "-")


BELOW = (
    "https://{}.translate.goog/x?_x_tr_sl=en",
    "https://{}.cdn.ampproject.org/v/s/",
    "http://{}.translate.test/",
)
