"""A text as a QR code: an image of its own that any telephone reads, also one that is not the school's."""

from io import BytesIO

import segno

SCALE = 5  # pixels to a module
QUIET = 4  # modules of white around it, as the standard wants


def svg(text: str, title: str) -> bytes:
    """`text` exactly: nothing is added, and no line end changed. Raises ValueError where it is too long."""
    code = segno.make(text, error="m", mode="byte", encoding="utf-8", micro=False)
    drawn = BytesIO()
    code.save(
        drawn, kind="svg", scale=SCALE, border=QUIET, light="#fff", title=title, svgclass=None, lineclass=None
    )
    return drawn.getvalue()
