"""The form of an incident on paper: what happened, each step with who signed it and when, the hashes of the
evidence, and room for two signatures (S168, S176). It says on each page that it was made for child protection
(S175).

Open Sans has Latin, Greek and Cyrillic letters. Any other stands as its number in Unicode, and case.json
beside the form has it as it was written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # has no types
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from ttf_opensans import OPENSANS_BOLD, OPENSANS_REGULAR  # type: ignore[import-untyped]  # has no types

FONT = "Open Sans"
PURPOSE = "Made for child protection"
MADE_FOR = (
    "This record was made for child protection, and so was every visit to a site that staff made to look into"
    " the incident: to find out what happened, to keep evidence of it, or to tell those who have to know."
)
POLICE = (
    "What happened may be illegal. This form holds no address of a site, no picture and no file, and nobody"
    " at the school looks at the material. The rows are kept for the police, who can ask for them."
)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading; then pairs of a name and what there is to say, and blocks of them with a gap between."""

    title: str
    blocks: Sequence[Sequence[Pair]]
    nothing: str = "Nothing."


@dataclass(frozen=True, slots=True)
class Form:
    reference: str
    at: datetime
    zone: ZoneInfo
    is_illegal: bool
    parts: Sequence[Part]


@cache
def letters() -> frozenset[int]:
    """Which the font has."""
    with TTFont(OPENSANS_REGULAR.path) as font:
        return frozenset(font.getBestCmap() or ())


class _Paper(FPDF):
    def __init__(self, form: Form) -> None:
        super().__init__(format="A4")
        self._form = form
        for style, font in (("", OPENSANS_REGULAR), ("B", OPENSANS_BOLD)):
            self.add_font(FONT, style, font.path)
        self._known = letters()
        self.set_margins(18, 16, 18)
        self.set_auto_page_break(auto=True, margin=20)
        self.set_creation_date(form.at)
        self.set_title(f"Incident {form.reference}")
        self.set_subject(PURPOSE)
        self.set_lang("en-GB")
        self.add_page()

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FONT, "", 8)
        says = f"{PURPOSE}. Incident {self._form.reference}. Page {self.page_no()} of {{nb}}"
        self.cell(0, 5, says, align="C")

    def say(self, text: str, style: str = "", size: float = 10, above: float = 0) -> None:
        self.ln(above)
        self.set_font(FONT, style, size)
        self.multi_cell(0, size * 0.55, self.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pair(self, name: str, value: str) -> None:
        if self.get_y() > self.h - 32:
            self.add_page()
        self.set_font(FONT, "", 9)
        top = self.get_y()
        self.set_text_color(90)
        self.multi_cell(42, 5, self.shown(name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        below, page = self.get_y(), self.page
        self.set_text_color(0)
        self.set_xy(self.l_margin + 44, top)
        self.multi_cell(0, 5, self.shown(value) or "-", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if self.page == page:
            self.set_y(max(below, self.get_y()))

    def shown(self, text: str) -> str:
        """A letter that the font has not by its number; what is not to be seen at all is left out."""
        return "".join(self._letter(each) for each in text)

    def _letter(self, letter: str) -> str:
        if letter == "\n" or ord(letter) in self._known:
            return letter
        return " " if letter.isspace() else f"[U+{ord(letter):04X}]"

    def place_to_sign(self) -> None:
        if self.get_y() > self.h - 90:
            self.add_page()
        self.say("Signatures", "B", 12, above=6)
        self.say(
            "Two senior people sign: each says that this is what is known of the incident, and that what they"
            " did for it was done for child protection.",
            size=9,
        )
        top, wide = self.get_y() + 4, (self.w - self.l_margin - self.r_margin - 8) / 2
        for number in range(2):
            left = self.l_margin + number * (wide + 8)
            self.rect(left, top, wide, 52)
            self.set_font(FONT, "", 9)
            for row, name in enumerate((f"Name {number + 1}", "Position", "Date", f"Signature {number + 1}")):
                self.set_xy(left + 2, top + 3 + row * 12)
                self.cell(wide - 4, 6, f"{name}:")
                self.line(left + 26, top + 9 + row * 12, left + wide - 3, top + 9 + row * 12)


def pdf_of(form: Form) -> bytes:
    paper = _Paper(form)
    paper.say("Record of an e-safety incident", "B", 17)
    paper.say(f"{PURPOSE}.", "B", 11, above=1)
    paper.say(MADE_FOR, size=9)
    if form.is_illegal:
        paper.say(POLICE, "B", 9, above=2)
    for part in form.parts:
        paper.say(part.title, "B", 12, above=5)
        if not part.blocks:
            paper.say(part.nothing, size=9)
        for number, block in enumerate(part.blocks):
            paper.ln(2 if number else 0)
            for name, value in block:
                paper.pair(name, value)
    paper.place_to_sign()
    return bytes(paper.output())


def day_and_time(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%d %B %Y, %H:%M:%S %Z}"


def plain(value: Any) -> str:
    """What was signed, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {plain(each)}" for name, each in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(plain(each) for each in value)
    return "" if value is None else str(value).replace("-", " ") if _is_word(value) else str(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.replace("-", "").isalpha() and value.islower()
