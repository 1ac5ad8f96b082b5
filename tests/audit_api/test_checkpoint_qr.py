"""A checkpoint as a QR code: the note exactly, drawn so that a telephone reads it, and safe to show."""

import re
from xml.etree import ElementTree as ET

import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_api.headers import SECURITY
from audit_api.qr import QUIET, inline, svg
from audit_log.checkpoint import checkpoints
from audit_log.db import reading
from tests.audit_api.school import School, problem_of

SPACE = "{http://www.w3.org/2000/svg}"
STROKE = re.compile(r"([Mm])(-?[\d.]+) (-?[\d.]+)|h(\d+)")
NOTES = st.text("abcdefgh0123456789+/=\n \N{EM DASH}", min_size=1, max_size=400)


def drawn(image: bytes) -> set[tuple[int, int]]:
    """The dark modules, as (column, row) within the code, read from the picture alone."""
    path = next(each for each in ET.fromstring(image).iter(f"{SPACE}path") if "stroke" in each.attrib)  # noqa: S314  # ours
    found, x, y = set(), 0.0, 0.0
    for kind, right, down, long in STROKE.findall(path.attrib["d"].replace("m", " m").replace("h", " h")):
        if kind == "M":
            x, y = float(right), float(down)
        elif kind:
            x, y = x + float(right), y + float(down)
        else:
            found |= {(int(x) + step - QUIET, int(y) - QUIET) for step in range(int(long))}
            x += int(long)
    return found


def dark(code: segno.QRCode) -> set[tuple[int, int]]:
    return {(x, y) for y, row in enumerate(code.matrix) for x, module in enumerate(row) if module}


@settings(max_examples=25)
@given(NOTES)
def test_what_is_drawn_is_the_code_of_that_text(text: str) -> None:
    code = segno.make(text, error="m", mode="byte", encoding="utf-8", micro=False)
    assert drawn(svg(text, "a note")) == dark(code)


def test_as_a_part_of_a_page_it_is_the_same_picture_and_no_document_of_its_own() -> None:
    image = inline("otpauth://totp/Schoolgate:terry?secret=ABC", "to be photographed")

    assert image.startswith("<svg")
    assert drawn(image.encode()) == drawn(svg("otpauth://totp/Schoolgate:terry?secret=ABC", "x"))


def test_nothing_in_the_picture_is_run_or_fetched() -> None:
    image = svg("a note", "<script>")
    assert b"<script" not in image
    assert not re.search(rb"href|style=|url\(|on\w+=", image)


def test_a_checkpoint_is_shown_as_an_image_of_its_own(school: School) -> None:
    with reading(school.desk.engine) as conn:
        signed = checkpoints(conn, limit=1)[0]
    browser, _ = school.browser("gail")
    address = f"/api/v1/changes/checkpoints/{signed.size}/qr.svg"
    answer = browser.get(address)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == SECURITY["Content-Security-Policy"]
    assert drawn(answer.content) == dark(segno.make(signed.note, error="m", mode="byte", encoding="utf-8"))
    page = browser.get("/changes").text
    assert f'<img src="{address}"' in page
    assert "it is the proof of everything before it" in page


def test_a_size_without_a_checkpoint_has_no_picture(school: School) -> None:
    for size in ("99999", "0", "x"):
        answer = school.as_("gail").get(f"/api/v1/changes/checkpoints/{size}/qr.svg")
        problem_of(answer, 404, "not-found")


def test_staff_are_shown_no_checkpoint(school: School) -> None:
    answer = school.as_("sam").get("/api/v1/changes/checkpoints/1/qr.svg")
    problem_of(answer, 403, "wrong-role")
