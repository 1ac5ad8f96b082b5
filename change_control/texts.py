"""What people write: kept as written, but short enough to read and without what no database can hold."""

from change_control.errors import bad_input

LONGEST_TEXT = 2000  # characters


def fault_of(text: object, longest: int = LONGEST_TEXT) -> str | None:
    """What is wrong with a text, or None."""
    if not isinstance(text, str):
        return "a text is needed"
    if len(text) > longest:
        return f"has {len(text)} characters; at most {longest} are kept"
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return "holds characters that are none"
    return None


def needed(text: str, field: str = "reason") -> str:
    """The text without the blanks around it. Raises ChangeError when there is none."""
    kept = optional(text, field)
    if not kept:
        raise bad_input({field: "is needed"})
    return kept


def optional(text: str | None, field: str = "reason") -> str:
    if fault := fault_of(text or ""):
        raise bad_input({field: fault})
    return (text or "").strip()
