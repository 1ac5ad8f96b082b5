"""Texts from outside: what no database can hold and no answer can carry is refused where it comes in."""

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

SAYS = "holds characters that cannot be stored"


def unstorable(text: str) -> bool:
    """A zero byte, or half of a character (a lone surrogate, which JSON can spell)."""
    return "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)


def storable(value: object) -> object:
    """For pydantic: the value as it is, or the fault of this field; texts within lists too."""
    some = value if isinstance(value, list) else [value]
    if any(isinstance(each, str) and unstorable(each) for each in some):
        raise PydanticCustomError("characters", SAYS)
    return value


Storable = AfterValidator(storable)


def sendable(text: str) -> str:
    """As an answer can carry it."""
    return text.encode(errors="replace").decode()
