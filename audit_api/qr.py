"""A text as a QR code: an image of its own that any telephone reads, also one that is not the school's."""

from io import BytesIO

import segno

SCALE = 5  # pixels to a module
QUIET = 4  # modules of white around it, as the standard wants


def svg(text: str, title: str) -> bytes:
    """`text` exactly: nothing is added, and no line end changed. Raises ValueError where it is too long."""
    return _drawn(text, title, is_whole=True)


def inline(text: str, title: str) -> str:
    """The same as a part of a page: a secret has no address that a browser could keep."""
    return _drawn(text, title, is_whole=False).decode()


def _drawn(text: str, title: str, *, is_whole: bool) -> bytes:
    code = segno.make(text, error="m", mode="byte", encoding="utf-8", micro=False)
    drawn = BytesIO()
    code.save(
        drawn, kind="svg", scale=SCALE, border=QUIET, light="#fff", title=title, svgclass=None,
        lineclass=None, xmldecl=is_whole, nl=is_whole,
    )  # fmt: skip
    return drawn.getvalue()
