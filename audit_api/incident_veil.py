"""Of what may be illegal nothing leads back to it: no address, no file, no row (S169, S172).

What people wrote of it may hold an address; it stays in the record, and is shown to nobody here.
"""

import re

HIDDEN = "(address not shown)"
# With a scheme; a name with an ending, with or without a path; a number with four parts; anything in brackets
# as IPv6 has it. Rather too much than too little: these are sentences about a case.
ADDRESS = re.compile(
    r"""
    [a-z][a-z0-9+.\-]*://\S+
    | \b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/\S*)?
    | \[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d+)?(?:/\S*)?
    | (?:[^\W_][\w\-]*[.\u3002\uff0e\uff61])+[^\W\d_][\w\-]+(?::\d+)?(?:/\S*)?
    """,
    re.IGNORECASE | re.VERBOSE,
)


def veiled(text: str) -> str:
    """The text without what leads anywhere."""
    return ADDRESS.sub(HIDDEN, text)
