"""How people write a duration, a share and a size in lists.yaml: `12 hours`, `2%`, `200 MB`.

Each is read exactly. What cannot be read is a ValueError whose text says what is allowed.
"""

import re
from datetime import timedelta
from fractions import Fraction

HOUR = timedelta(hours=1)
HOURS_IN = {"week": 168, "day": 24, "hour": 1}
LONGEST = timedelta(weeks=52)
MB = 1000**2
BYTES_IN = {"GB": 1000 * MB, "MB": MB, "kB": 1000}
LARGEST = 4000 * MB
MOST = Fraction(10)  # a list that grows tenfold

DURATION = re.compile(r"([1-9][0-9]{0,4}) (hour|day|week)s?")
SHARE = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,6}))? ?%")
SIZE = re.compile(r"([1-9][0-9]{0,9}) ?(kB|KB|MB|GB)")

DURATION_RULE = "`12 hours`, `1 day` or `2 weeks`, 52 weeks at most"
SHARE_RULE = "a share such as `2%` or `0.5%`"
SIZE_RULE = "a size such as `500 kB`, `200 MB` or `1 GB`, 4 GB at most"


def parse_duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(DURATION_RULE)
    duration = int(found[1]) * HOURS_IN[found[2]] * HOUR
    if duration > LONGEST:
        raise ValueError(DURATION_RULE)
    return duration


def duration_text(duration: timedelta) -> str:
    hours = duration // HOUR
    for unit, each in HOURS_IN.items():
        if hours % each == 0:
            count = hours // each
            return f"{count} {unit}" + ("s" if count != 1 else "")
    raise AssertionError("every number of hours is a number of hours")


def parse_share(text: str, most: Fraction = MOST) -> Fraction:
    """`2%` is a fiftieth."""
    rule = f"{SHARE_RULE}, {share_text(most)} at most"
    found = SHARE.fullmatch(text)
    if found is None:
        raise ValueError(rule)
    whole, part = found[1], found[2] or ""
    share = Fraction(int(whole + part), 100 * 10 ** len(part))
    if share > most:
        raise ValueError(rule)
    return share


def share_text(share: Fraction) -> str:
    """Exact for what `parse_share` gives; six places behind the point for anything else."""
    millionths = round(share * 100 * 10**6)
    whole, part = divmod(millionths, 10**6)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".") + "%"


def parse_size(text: str) -> int:
    """In bytes; as on a disk's label, a MB is a million."""
    found = SIZE.fullmatch(text)
    if found is None:
        raise ValueError(SIZE_RULE)
    size = int(found[1]) * BYTES_IN[found[2].replace("KB", "kB")]
    if size > LARGEST:
        raise ValueError(SIZE_RULE)
    return size


def size_text(size: int) -> str:
    """For people to read: rounded to one place behind the point."""
    for unit, each in BYTES_IN.items():
        if size >= each:
            return f"{size // each} {unit}" if size % each == 0 else f"{size / each:.1f} {unit}"
    return f"{size} bytes"
