"""How the school deals with incidents: when something is late, the words of its letters, and sanctions."""

import re
from collections.abc import Mapping

from filter_lists.names import NameFault, parse_url
from filter_policy.model import Incidents, RepeatedBlocks
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

PATH: Path = ("incidents",)
WORDS = ("report_minutes", "repeated_blocks", "tasks", "letters", "webhook", "sanctions")
A_DAY = 1440  # minutes
MOST_DAYS = 366
MOST_NAMED = 60
LONGEST_LETTER = 5000  # characters
LONGEST_SANCTION = 200
MOST_SANCTIONS = 20  # of one line
LONGEST_WEBHOOK = 500
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LINE = re.compile(r"[AB][0-9]{1,4}")


def parse_incidents(value: object, read: Reader) -> Incidents:
    usual = Incidents()
    row = read.mapping(value, PATH, WORDS, needed=False)
    minutes = row.get("report_minutes", usual.report_minutes)
    return Incidents(
        report_minutes=read.whole(minutes, (*PATH, "report_minutes"), 1, A_DAY),
        repeated_blocks=_repeated(row.get("repeated_blocks"), read),
        tasks=_tasks(row.get("tasks"), read),
        letters=_letters(row.get("letters"), read),
        webhook=_webhook(row.get("webhook"), read),
        sanctions=_sanctions(row.get("sanctions"), read),
    )


def _repeated(value: object, read: Reader) -> RepeatedBlocks:
    path, usual = (*PATH, "repeated_blocks"), RepeatedBlocks()
    row = read.mapping(value, path, ("times", "minutes"), needed=False)
    return RepeatedBlocks(
        read.whole(row.get("times", usual.times), (*path, "times"), 2, 10_000),
        read.whole(row.get("minutes", usual.minutes), (*path, "minutes"), 1, A_DAY),
    )


def _tasks(value: object, read: Reader) -> dict[str, int]:
    path = (*PATH, "tasks")
    return {
        name: read.whole(days, (*path, name), 1, MOST_DAYS)
        for name, days in _named(value, path, read).items()
    }


def _letters(value: object, read: Reader) -> dict[str, str]:
    path = (*PATH, "letters")
    return {
        name: _text(text, (*path, name), LONGEST_LETTER, read)
        for name, text in _named(value, path, read).items()
    }


def _named(value: object, path: Path, read: Reader, form: re.Pattern[str] = NAME) -> Mapping[str, object]:
    """Rows by name; one whose name has another form is a fault, and left out."""
    rows = read.mapping(value, path, None, needed=False)
    if len(rows) > MOST_NAMED:
        read.fault(path, f"has {len(rows)} rows; {MOST_NAMED} at most")
    good = {name: row for name, row in rows.items() if isinstance(name, str) and form.fullmatch(name)}
    says = "a line of the written policy, like A433" if form is LINE else "small letters, digits and -"
    for name in rows:
        if name not in good:
            read.fault((*path, name), f"needs {says}, not {name!r}")
    return good


def _sanctions(value: object, read: Reader) -> dict[str, tuple[str, ...]]:
    path, found = (*PATH, "sanctions"), {}
    for line, row in _named(value, path, read, LINE).items():
        here: Path = (*path, line)
        texts = read.items(row, here)
        if not texts:
            read.fault(here, "needs at least one sanction")
        if len(texts) > MOST_SANCTIONS:
            read.fault(here, f"has {len(texts)} sanctions; {MOST_SANCTIONS} at most")
        told = [_text(text, (*here, i), LONGEST_SANCTION, read) for i, text in enumerate(texts)]
        found[line] = tuple(dict.fromkeys(told))
    return found


def _text(value: object, path: Path, longest: int, read: Reader) -> str:
    text = read.text(value, path)
    if len(text) > longest:
        read.fault(path, f"has {len(text)} characters; {longest} at most")
    return text


def _webhook(value: object, read: Reader) -> str:
    """Without a name and password in it: the whole of the policy is read by many."""
    path: Path = (*PATH, "webhook")
    if value is None:
        return ""
    text = _text(value, path, LONGEST_WEBHOOK, read)
    try:
        fits = not text or (text.startswith("https://") and "@" not in text and bool(parse_url(text)))
    except NameFault:
        fits = False
    if not fits:
        read.fault(path, "needs an address that begins with https://, without a password in it")
    return text
