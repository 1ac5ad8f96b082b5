"""What people see instead of a page: in the words of their age, with a short code that finds the row.

No page loads anything, runs anything, or says more than the reader should know: the youngest get a picture
and twelve words, and what is illegal gets one fixed page for all, without a way to ask for it (S135).
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template

from mitmproxy.http import Headers, Response

from filter_lists.listing import NOT_SHOWN
from filter_lists.names import Url
from filter_policy.judge import CARRIED
from filter_policy.model import Decision, Person, Policy, Reason
from proxy_addon.page_help import helplines, report_words
from proxy_addon.tls_pages import CAUSES, PICTURE, title_and_sentence

BANDS = ("picture", "simple", "plain")
POLICY_HEADER = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *; base-uri 'none'"
REALM = "School web filter: the name and password you have at school"
TINY_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"><title>Blocked by the school</title>'
    b'<rect width="48" height="48" rx="8" fill="#dfe7ee"/>'
    b'<path d="M14 14l20 20M34 14l-20 20" stroke="#8496a6" stroke-width="4" stroke-linecap="round"/></svg>'
)
SENTENCES = {
    Reason.SUSPENDED: "Your use of the web is suspended. Please speak to a member of staff.",
    Reason.ENDED: "Your account has ended.",
    Reason.PASSWORD_MUST_CHANGE: "Please choose a new password first.",
    Reason.NOT_YET_ALLOWED: "You may use the web once your agreement is signed and your account has begun.",
    Reason.ISOLATED: "This device must not be used now. Please ask an adult to let you use another device.",
    Reason.LOCKED: "This kind of site is not open at this school.",
    Reason.SITE_BLOCKED: "The school has decided not to open this site.",
    Reason.CATEGORY_NOT_ALLOWED: "This kind of site is not open for you.",
    Reason.NOT_AT_THIS_TIME: "This kind of site is open at other times of the day.",
    Reason.NOT_SELECTED: "This kind of site is open for a few named people only.",
    Reason.NEEDS_STAFF_PERMISSION: "This kind of site needs the permission of a member of staff.",
    Reason.UNLISTED_NOT_ALLOWED: "This site is not on the list of sites that are open for you.",
    Reason.NO_RULE: "The school has not decided about this kind of site yet.",
    Reason.TERM: "The school does not let these words be searched for.",
    Reason.EGRESS: "This address is inside the school's own network and is not open through the web filter.",
    Reason.PORT: "The web filter does not open connections to this port.",
    Reason.BAD_REQUEST: "The request did not say clearly which site it is for, so it was not sent.",
}
TITLES = {
    Reason.TERM: "This search is not open",
    Reason.ISOLATED: "This device must not be used now",
}
SAYS = {  # for the youngest
    Reason.ISOLATED: "Ask for another computer.",
    Reason.SUSPENDED: "Please speak to your teacher.",
}
COMFORT = "<p>You are not in trouble. If you need it for a lesson, ask your teacher.</p>"
# It is not about the site: who is suspended may well be in trouble, and no lesson opens it.
NOT_OF_THE_SITE = frozenset({Reason.SUSPENDED, Reason.ENDED, Reason.NOT_YET_ALLOWED, Reason.ISOLATED})
NOTICES = {
    "closed": (
        503,
        "The web filter is not ready",
        "Nothing is let through until it is. Please try again soon.",
    ),
    "busy": (503, "The web filter is busy", "Too many people are signing in at once. Please try again soon."),
    "sign-in": (407, "Please sign in", "Use the name and password you have at school."),
    "wait": (
        429,
        "Please wait a little",
        "Too many wrong passwords were tried from this device, so none is looked at for a while. Try again "
        "later, or at another device. If it was not you, tell a member of staff.",
    ),
    "needs-tls": (
        403,
        "This device must use the protected address of the web filter",
        "Your password could be read on its way, so it was not looked at. Set the proxy of this device to "
        "the protected address (HTTPS), as the technician's guide says under Devices, and sign in again.",
    ),
    "bad-request": (400, "This request was not sent", SENTENCES[Reason.BAD_REQUEST]),
    "misdirected": (421, "This request was not sent", SENTENCES[Reason.BAD_REQUEST]),
    "too-slow": (408, "This request took too long", "It did not come within its time. Please try again."),
    "too-many": (429, "Too much at once", "This device asked for too much at once. Please try again."),
    "coding": (415, "This request was not sent", "Its body is packed in a way that is not passed on."),
    "unreachable": (502, "The site did not answer", "It may be down, or its name may be wrong."),
    "port": (403, "This port is not open", SENTENCES[Reason.PORT]),
    "egress": (403, "This address is not open", SENTENCES[Reason.EGRESS]),
}
CODE = "<p><small>Show your teacher this code:</small> <code>{}</code></p>"
BY_STATUS = {
    400: "bad-request",
    408: "too-slow",
    413: "bad-request",
    414: "bad-request",
    415: "coding",
    421: "misdirected",
    429: "too-many",
    431: "bad-request",
}
SAYS_WHAT = frozenset({b"accept", b"sec-fetch-dest", b"x-requested-with"})
NOTHING_SHOWN = frozenset(
    {b"script", b"style", b"font", b"audio", b"video", b"track", b"worker", b"manifest"}
)
MARK = "schoolgate "
ASK = "If you need it, ask for it in the console or tell the technician the reference."
CIRCUMVENTION = "circumvention"
NOTHING_OFFERED = {**report_words("", ""), "helplines": "", "comfort": COMFORT}
RECOGNISED = "schoolgate"  # the list of what is told by its form: no entry of it names a site


@dataclass(frozen=True, slots=True)
class Wanted:
    """What kind of answer the client can use: a page, JSON, an image, or nothing to be shown."""

    kind: str = "page"


def wanted(fields: tuple[tuple[bytes, bytes], ...]) -> Wanted:
    found = {key: value.lower() for name, value in fields if (key := name.lower()) in SAYS_WHAT}
    destination, accept = found.get(b"sec-fetch-dest", b""), found.get(b"accept", b"")
    if destination == b"image" or (not destination and accept.startswith(b"image/")):
        return Wanted("image")
    if destination in NOTHING_SHOWN:
        return Wanted("nothing")
    scripted = destination == b"empty" or found.get(b"x-requested-with") == b"xmlhttprequest"
    if scripted or accept.startswith(b"application/json"):
        return Wanted("json")
    return Wanted()


@dataclass(frozen=True, slots=True)
class Blocked:
    """What a block page may speak of."""

    url: Url
    decision: Decision
    person: Person
    policy: Policy
    reference: str


def band_of(person: Person, policy: Policy) -> str:
    """The words of the person's first group."""
    groups = (policy.filter_groups.get(name) for name in person.filter_groups)
    return next((group.block_page for group in groups if group), "plain")


class Pages:
    """The templates, read once."""

    def __init__(self, console: str = "") -> None:
        """`console`: where a new password is chosen, and something is reported, as its users reach it."""
        self.console = console
        folder = resources.files("proxy_addon") / "pages"
        names = (*BANDS, "illegal")
        self._templates = {name: Template((folder / f"{name}.html").read_text("utf-8")) for name in names}

    def block(self, blocked: Blocked, want: Wanted) -> Response:
        decision, reference = blocked.decision, blocked.reference
        if want.kind != "page":
            return _small(want, 403, str(decision.reason), reference)
        if decision.reason is Reason.ILLEGAL:
            words = report_words(self.console, reference) | {"reference": reference}
            return answer(403, self._templates["illegal"].substitute(words).encode())
        if decision.reason is Reason.PASSWORD_MUST_CHANGE:
            return answer(403, self._password_page(reference))
        told = "" if decision.reason is Reason.ISOLATED else self.console  # from there it is shut too
        words = _words(blocked) | report_words(told, reference)
        words["helplines"] = helplines(decision, blocked.policy)
        return answer(403, self._fill(band_of(blocked.person, blocked.policy), words))

    def _password_page(self, reference: str) -> bytes:
        """The same for every age, since whoever reads it has something to do, with help if need be."""
        link = html.escape(f"{self.console}/browsing-password", quote=True)
        sentence = (
            f'You have to choose a password of your own before you use the web: <a href="{link}">choose one'
            "</a>. If that page does not open, ask a member of staff."
        )
        return self._notice_page("Please choose a new password", sentence, reference)

    def _fill(self, band: str, words: dict[str, str]) -> bytes:
        template = self._templates.get(band, self._templates["plain"])
        return template.safe_substitute(NOTHING_OFFERED | words).encode()

    def notice(self, name: str, reference: str = "", want: Wanted | None = None) -> Response:
        """A page that no policy made: please sign in, did not answer, is not ready."""
        status, title, sentence = NOTICES[name]
        if want is not None and want.kind != "page":
            response = _small(want, status, name, reference)
        else:
            response = answer(status, self._notice_page(title, sentence, reference))
        if status == 407:
            response.headers["Proxy-Authenticate"] = f'Basic realm="{REALM}", charset="UTF-8"'
        if status == 503:
            response.headers["Retry-After"] = "5"
        if status == 429:
            response.headers["Retry-After"] = "60"
        return response

    def _notice_page(self, title: str, sentence: str, reference: str) -> bytes:
        facts = _facts({"Reference": reference} if reference else {})
        words = {"title": title, "sentence": sentence, "facts": facts, "ask": ""}
        return self._fill("plain", words | report_words(self.console, reference))

    def error(self, status: int, message: str) -> bytes:
        """mitmproxy's own error pages become ours; `message` is used only if we wrote it ourselves."""
        name, _, rest = message.removeprefix(MARK).partition(" ")
        reference, _, band = rest.partition(" ")
        if message.startswith(MARK) and name in CAUSES:
            return self._tls_page(name, band)
        if not message.startswith(MARK) or name not in NOTICES:
            name, reference = BY_STATUS.get(status, "unreachable"), ""
        _, title, sentence = NOTICES[name]
        return self._notice_page(title, sentence, reference)

    def _tls_page(self, cause: str, band: str) -> bytes:
        """In the words of the reader's age: the site is at fault, and nobody has done anything wrong."""
        title, sentence = title_and_sentence(cause, band)
        shown = {"title": title, "sentence": sentence, "says": PICTURE, "ask": ""}
        return self._fill(band, shown | {"facts": "", "reference": "", "code": ""})


def message(name: str, reference: str, band: str = "plain") -> str:
    """What `Pages.error` understands."""
    return f"{MARK}{name} {reference} {band}"


def _words(blocked: Blocked) -> dict[str, str]:
    decision, reference = blocked.decision, blocked.reference
    facts = {"Site": blocked.url.host}
    if decision.listing:
        facts["Kind of site"] = decision.listing.category.replace("-", " ")
    facts["Reference"] = reference
    return {
        "title": TITLES.get(decision.reason, "This site is not open"),
        "sentence": html.escape(_sentence(decision)),
        "facts": _facts(facts),
        "says": SAYS.get(decision.reason, "This is not for school."),
        "ask": "" if _nobody_can_open(decision) else ASK,
        "reference": html.escape(reference),
        "code": CODE.format(html.escape(reference)),
        "comfort": "" if decision.reason in NOT_OF_THE_SITE else COMFORT,
    }


def _sentence(decision: Decision) -> str:
    if _is_way_round(decision):
        whom = "to anybody" if decision.reason is Reason.LOCKED else "for you"
        return f"This is a way round the school's filter. It is not open {whom}."
    said = SENTENCES.get(decision.reason, "This site is not open for you.")
    listing = decision.listing
    if not decision.rule.startswith(CARRIED) or listing is None:
        return said
    is_name = listing.entry != NOT_SHOWN and listing.list_id != RECOGNISED
    return f"It would show you {listing.entry}. {said}" if is_name else said


def _is_way_round(decision: Decision) -> bool:
    return decision.listing is not None and decision.listing.category == CIRCUMVENTION


def _nobody_can_open(decision: Decision) -> bool:
    """Then nobody is told to ask for it."""
    nobody = NOT_OF_THE_SITE | {Reason.LOCKED, Reason.TERM}
    return decision.reason in nobody or _is_way_round(decision)


def _facts(facts: Mapping[str, str]) -> str:
    return "\n".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts.items())


def _small(want: Wanted, status: int, reason: str, reference: str) -> Response:
    if want.kind == "image":
        return answer(status, TINY_SVG, b"image/svg+xml")
    if want.kind == "nothing":
        return answer(status, b"", b"text/plain; charset=utf-8")
    body = {"blocked": True, "reason": reason, "reference": reference}
    return answer(status, json.dumps(body).encode(), b"application/json")


def answer(status: int, body: bytes, content_type: bytes = b"text/html; charset=utf-8") -> Response:
    fields = (
        (b"Content-Type", content_type),
        (b"Content-Length", str(len(body)).encode()),
        (b"Cache-Control", b"no-store"),
        (b"Content-Security-Policy", POLICY_HEADER),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Referrer-Policy", b"no-referrer"),
    )
    response = Response.make(status)
    response.data.headers = Headers(fields)
    response.data.content = body
    return response
