"""Every way to spell a name that makes no other name of it, for the tests of finding names."""

import unicodedata
from collections.abc import Callable
from typing import Literal

from hypothesis import strategies as st

Spell = Callable[[str], str]
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")
CASES: tuple[Spell, ...] = (str.lower, str.upper, str.title, str.swapcase, str)


def _spelling(form: Form, case: Spell) -> Spell:
    return lambda name: unicodedata.normalize(form, case(name))


SPELLINGS = st.builds(_spelling, st.sampled_from(FORMS), st.sampled_from(CASES))
AROUND = st.text("'’‘“”\"-–—_.,;:!?()[]{}<>/@#*+=~|`´\u00a0\u200b \n", max_size=4)
