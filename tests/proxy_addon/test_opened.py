"""What a person opened, told from what browsers say of their requests.

The heads are those of Chromium 156 and Firefox 140, to https and to plain http (where they say much less).
"""

import pytest

from proxy_addon.asked import read_head
from proxy_addon.opened import is_page, is_surely_opened

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROMIUM_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
FIREFOX_IMAGE = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
FIREFOX_VIDEO = "video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5"
FIREFOX_FONT = "application/font-woff2;q=1.0,application/font-woff;q=0.9,*/*;q=0.8"
FROM = "Referer: http://school.test/"
ORIGIN = "Origin: http://school.test"
CROSS = "Sec-Fetch-Site: cross-site"
TYPED = "Sec-Fetch-Site: none"
INSECURE = "Upgrade-Insecure-Requests: 1"


def fetched(destination: str, mode: str, accept: str, *more: str) -> tuple[str, ...]:
    return (f"Sec-Fetch-Dest: {destination}", f"Sec-Fetch-Mode: {mode}", f"Accept: {accept}", *more)


def page(method: str, lines: tuple[str, ...]) -> bool:
    pairs = (line.split(": ", 1) for line in lines)
    head = read_head([(name.encode(), value.encode()) for name, value in pairs])
    return is_page(method.encode(), head.noted)


CLICKED = "Sec-Fetch-User: ?1"
PAGES = {
    "an address that was typed (Chromium)": fetched("document", "navigate", CHROMIUM, CLICKED, INSECURE),
    "an address that was typed (Firefox)": fetched("document", "navigate", FIREFOX, CLICKED, INSECURE),
    "a link": fetched("document", "navigate", CHROMIUM, CLICKED, FROM, INSECURE),
    "a redirect by a script": fetched("document", "navigate", CHROMIUM, FROM, INSECURE),
    "a click inside a frame": fetched("iframe", "navigate", CHROMIUM, CLICKED, FROM, INSECURE),
    "a download by its link (Chromium)": ("Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: navigate", FROM),
    "a download that was a page until it came": fetched("document", "navigate", CHROMIUM, CLICKED, FROM),
    "a page fetched before it is opened": fetched("empty", "no-cors", CHROMIUM, "Sec-Purpose: prefetch"),
    "a page drawn before it is opened": fetched(
        "document", "navigate", CHROMIUM, "Sec-Purpose: prefetch;prerender", INSECURE
    ),
    "a page that a script puts in place": fetched("empty", "cors", "text/html, application/xhtml+xml", FROM),
    "a page over plain http (Chromium)": (f"Accept: {CHROMIUM}", INSECURE),
    "a page over plain http (Firefox)": (f"Accept: {FIREFOX}", INSECURE, FROM),
    "a frame over plain http, which nothing tells apart": (f"Accept: {CHROMIUM}", INSECURE, FROM),
    "a page fetched before, over plain http": (f"Accept: {CHROMIUM}", "Sec-Purpose: prefetch", FROM),
    "a download over plain http": (FROM,),
    "a page in an app": (f"Accept: {CHROMIUM}", "X-Requested-With: com.android.browser"),
    "an old browser": ("Accept: text/html, application/xhtml+xml, image/jxr, */*", FROM),
    "a program": ("Accept: */*", "User-Agent: curl/8.14"),
    "a program that says nothing": (),
    "a destination that nobody knows": fetched("hologram", "navigate", "*/*", FROM),
    "a destination said twice": ("Sec-Fetch-Dest: image", "Sec-Fetch-Dest: image", "Accept: text/html"),
}
PARTS = {
    "an image (Chromium)": fetched("image", "no-cors", CHROMIUM_IMAGE, FROM),
    "an image (Firefox)": fetched("image", "no-cors", FIREFOX_IMAGE, FROM),
    "the icon of a site": fetched("image", "no-cors", CHROMIUM_IMAGE, FROM),
    "a script": fetched("script", "no-cors", "*/*", FROM),
    "a module": fetched("script", "cors", "*/*", FROM, ORIGIN),
    "a style sheet": fetched("style", "no-cors", "text/css,*/*;q=0.1", FROM),
    "a font": fetched("font", "cors", FIREFOX_FONT, FROM, ORIGIN),
    "a film in a page": fetched("video", "no-cors", "*/*", FROM, "Range: bytes=0-"),
    "music in a page": fetched("audio", "no-cors", "*/*", FROM, "Range: bytes=0-"),
    "a worker": fetched("worker", "same-origin", "*/*", FROM),
    "a manifest": fetched("manifest", "cors", "*/*", FROM),
    "a frame": fetched("iframe", "navigate", CHROMIUM, FROM, INSECURE),
    "an object": fetched("object", "navigate", CHROMIUM, FROM, INSECURE),
    "something embedded": fetched("embed", "navigate", CHROMIUM, FROM, INSECURE),
    "what a script fetches": fetched("empty", "cors", "*/*", FROM),
    "what a script fetches the old way": fetched("empty", "cors", "*/*", FROM),
    "what a script asks as JSON": fetched("empty", "cors", "application/json, text/plain, */*", FROM),
    "a stream of events": fetched("empty", "cors", "text/event-stream", FROM),
    "a websocket (Chromium)": ("Upgrade: websocket", "Connection: Upgrade", ORIGIN),
    "a websocket (Firefox)": fetched("empty", "websocket", "*/*", "Upgrade: websocket", ORIGIN),
    "an image over plain http (Chromium)": (f"Accept: {CHROMIUM_IMAGE}", FROM),
    "an image over plain http (Firefox)": (f"Accept: {FIREFOX_IMAGE}", FROM),
    "a film over plain http (Firefox)": (f"Accept: {FIREFOX_VIDEO}", FROM),
    "a font over plain http (Firefox)": (f"Accept: {FIREFOX_FONT}", FROM),
    "a style sheet over plain http": ("Accept: text/css,*/*;q=0.1", FROM),
    "a script over plain http": ("Accept: */*", FROM),
    "a module over plain http": ("Accept: */*", ORIGIN),
    "what a library fetches over plain http": (
        "Accept: text/html, */*; q=0.01",
        "X-Requested-With: XMLHttpRequest",
        FROM,
    ),
    "JSON over plain http": ("Accept: application/json", FROM),
    "an image of a page that lets nobody know of itself": fetched("image", "no-cors", CHROMIUM_IMAGE, CROSS),
    "what its script fetches": fetched("empty", "cors", "*/*", CROSS),
}
FORGED = {
    "a program that calls a page an image": ("Sec-Fetch-Dest: image", "Accept: */*"),
    "one that calls it a script's": ("Sec-Fetch-Dest: empty",),
    "one that calls it a frame": ("Sec-Fetch-Dest: iframe", f"Accept: {CHROMIUM}"),
    "one that asks for images only": (f"Accept: {CHROMIUM_IMAGE}",),
    "one that asks for JSON only": ("Accept: application/json",),
    "one that says it is a script": ("Accept: */*", "X-Requested-With: XMLHttpRequest"),
    "an image that somebody typed": fetched("image", "no-cors", CHROMIUM_IMAGE, TYPED),
    "a frame that somebody typed": fetched("iframe", "navigate", CHROMIUM, TYPED, INSECURE),
    "a browser that has one field changed": fetched("image", "navigate", CHROMIUM, FROM, CLICKED, INSECURE),
    "one that has two": fetched("style", "no-cors", CHROMIUM, FROM),
    "one that keeps what only a page has": fetched("font", "no-cors", "*/*", FROM, INSECURE),
}
SENT = {
    "a form": ("POST", fetched("document", "navigate", CHROMIUM, CLICKED, FROM, INSECURE), True),
    "a form over plain http": ("POST", (f"Accept: {CHROMIUM}", INSECURE, ORIGIN, FROM), True),
    "what a script sends": ("POST", fetched("empty", "cors", "*/*", ORIGIN, FROM), False),
    "what a page sends as it is left": ("POST", fetched("empty", "no-cors", "*/*", ORIGIN, FROM), False),
    "that over plain http": ("POST", ("Accept: */*", ORIGIN, FROM), False),
    "what a script puts, over plain http": ("PUT", ("Accept: */*", ORIGIN, FROM), False),
    "a file that a program puts": ("PUT", ("Accept: */*",), True),
    "the question before it": (
        "OPTIONS",
        ("Accept: */*", "Access-Control-Request-Method: PUT", ORIGIN),
        False,
    ),
    "that over https": ("OPTIONS", fetched("empty", "cors", "*/*", ORIGIN), False),
}


@pytest.mark.parametrize("lines", PAGES.values(), ids=PAGES)
def test_what_a_person_opened_is_a_page(lines: tuple[str, ...]) -> None:
    assert page("GET", lines)


@pytest.mark.parametrize("lines", PARTS.values(), ids=PARTS)
def test_what_came_with_a_page_is_a_part_of_it(lines: tuple[str, ...]) -> None:
    assert not page("GET", lines)


@pytest.mark.parametrize("lines", FORGED.values(), ids=FORGED)
def test_what_belongs_to_no_page_or_looks_like_one_is_shown(lines: tuple[str, ...]) -> None:
    assert page("GET", lines)


def test_whoever_writes_every_field_is_taken_at_his_word() -> None:
    """What remains: docs/coordinator.md says how to look for it."""
    assert not page("GET", fetched("image", "no-cors", CHROMIUM_IMAGE, FROM))


@pytest.mark.parametrize(("method", "lines", "shown"), SENT.values(), ids=SENT)
def test_what_is_sent_is_told_apart_likewise(method: str, lines: tuple[str, ...], shown: bool) -> None:
    assert page(method, lines) is shown


def test_the_case_of_a_field_does_not_matter() -> None:
    assert not page("GET", tuple(line.lower() for line in PARTS["an image (Chromium)"]))
    assert page("GET", tuple(line.upper() for line in PAGES["a page over plain http (Firefox)"]))


def surely(method: str, *lines: str) -> bool:
    pairs = (line.split(": ", 1) for line in lines)
    head = read_head([(name.encode(), value.encode()) for name, value in pairs])
    return is_surely_opened(method.encode(), head.noted)


@pytest.mark.parametrize(
    "lines",
    [
        fetched("document", "navigate", CHROMIUM, CLICKED, INSECURE),
        fetched("document", "navigate", FIREFOX),
        (f"Accept: {CHROMIUM}", INSECURE),
        (f"Accept: {FIREFOX}", FROM),
        ("Accept: */*", INSECURE),
    ],
)
def test_what_a_browser_says_that_somebody_opened_surely_was(lines: tuple[str, ...]) -> None:
    assert surely("GET", *lines)
    assert not surely("POST", *lines)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Accept: */*",),
        ("Accept: text/html",),
        fetched("iframe", "navigate", CHROMIUM, CLICKED, INSECURE),
        fetched("empty", "cors", "*/*", INSECURE),
        fetched("document", "cors", CHROMIUM),
        ("Sec-Fetch-Dest: document", f"Accept: {CHROMIUM}", INSECURE),
        fetched("document", "navigate", CHROMIUM, INSECURE, "Sec-Purpose: prefetch;prerender"),
        (f"Accept: {CHROMIUM}", FROM, "X-Requested-With: XMLHttpRequest"),
    ],
)
def test_what_may_have_been_asked_for_by_itself_was_not_surely_opened(lines: tuple[str, ...]) -> None:
    assert not surely("GET", *lines)
