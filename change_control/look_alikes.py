"""User names that look like another one: who approves an account should see that "tеrry" is not "terry".

A skeleton is what is left of a name when signs that look alike are one. It is for showing a note and for
nothing else: two names with one skeleton stay two names.
"""

import unicodedata
from collections.abc import Iterable

# As they look in lower case: Cyrillic, Greek and a few more, to the Latin letter that they pass for.
ALIKE = str.maketrans(
    {
        **dict(zip("авгеѕіјкмнорстухԁԛԝһӏьԍүғꞓ", "abresijkmhopctyxdqwhlbgyfc", strict=True)),
        **dict(zip("αβγδεηικνορτυχω", "abydenikvoptuxw", strict=True)),
        "ё": "e", "ї": "i", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ß": "b", "þ": "p",
        "ɑ": "a", "ɡ": "g", "ɩ": "i", "ո": "n", "օ": "o", "ս": "u", "հ": "h",
        "0": "o", "1": "l", "|": "l", "5": "s",
    }
)  # fmt: skip
PAIRS = (("rn", "m"), ("vv", "w"))
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")


def skeleton(username: str) -> str:
    """Neither accents, nor signs that are none of a letter's or digit's, make a difference."""
    apart = unicodedata.normalize("NFKD", username.casefold()).translate(ALIKE)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", apart) if sign.isalnum())
    for pair, one in PAIRS:
        plain = plain.replace(pair, one)
    return plain


def look_alikes(username: str, others: Iterable[str]) -> list[str]:
    """Those of the others that it could be taken for."""
    wanted, own = skeleton(username), username.casefold()
    return sorted(other for other in set(others) if other.casefold() != own and skeleton(other) == wanted)


def scripts_of(username: str) -> list[str]:
    """Of which alphabets its letters are: of one, in a name that nobody made to deceive."""
    names = [unicodedata.name(sign, "").partition(" ")[0] for sign in username if sign.isalpha()]
    return [script.title() for script in SCRIPTS if script in names]


def notes_on(username: str, others: Iterable[str]) -> list[str]:
    """Sentences for whoever is to agree to this name; none, for most."""
    notes = []
    if alike := look_alikes(username, others):
        notes.append(f"{username} looks like {', '.join(alike)}, and is another user name.")
    if len(scripts := scripts_of(username)) > 1:
        notes.append(f"{username} mixes letters of {len(scripts)} alphabets ({', '.join(scripts)}).")
    return notes
