"""One person's data in a form to read (HTML), for another program (JSON) and for a spreadsheet (CSV).

Each is written some rows at a time: what somebody browsed in a year fits into no memory we would give it.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import batched
from typing import Any

from audit_api.access_parts import Part, Row
from audit_api.rows import as_csv

AT_ONCE = 500
MEDIA_TYPES: Mapping[str, str] = {
    "zip": "application/zip",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;width:100%;margin:0 0 2rem}caption{text-align:left;padding:.5rem 0}"
    "th,td{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "td{overflow-wrap:anywhere}"
    "th{background:#eee}.scroll{overflow-x:auto}dt{font-weight:bold}"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands before the data: whose it is, as of when, and what is not in it."""

    title: str
    facts: Mapping[str, str]
    says: Sequence[str]


def as_html(letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    yield b'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
    yield f"<title>{escape(letter.title)}</title>".encode()
    yield f"<style>{STYLE}</style></head><body>\n<h1>{escape(letter.title)}</h1>\n<dl>".encode()
    yield "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in letter.facts.items()
    ).encode()
    yield "".join(["</dl>\n", *(f"<p>{escape(said)}</p>\n" for said in letter.says)]).encode()
    links = "".join(f'<li><a href="#{part.name}">{escape(part.title)}</a></li>' for part in parts)
    yield f"<nav><ol>{links}</ol></nav>\n".encode()
    for part in parts:
        yield from _table(part)
    yield b"</body></html>\n"


def _table(part: Part) -> Iterator[bytes]:
    head = "".join(f'<th scope="col">{escape(_spoken(name))}</th>' for name in part.columns)
    yield f'<h2 id="{part.name}">{escape(part.title)}</h2>\n<div class="scroll"><table>'.encode()
    yield f"<caption>{escape(part.says)}</caption><thead><tr>{head}</tr></thead><tbody>\n".encode()
    count = 0
    for some in batched(part.rows(), AT_ONCE):
        count += len(some)
        yield "".join(f"<tr>{_cells(row, part.columns)}</tr>\n" for row in some).encode()
    yield f"</tbody></table></div><p>{count} {'row' if count == 1 else 'rows'}.</p>\n".encode()


def _cells(row: Row, columns: Iterable[str]) -> str:
    return "".join(f"<td>{escape(_said(row.get(name)))}</td>" for name in columns)


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case True | False:
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(_said, value))
        case _:
            return str(value)


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def as_json(letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    head = {"title": letter.title, "facts": dict(letter.facts), "says": list(letter.says)}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "parts": {'
    for number, part in enumerate(parts):
        told = json.dumps({"title": part.title, "says": part.says}, ensure_ascii=False)[:-1]
        yield f'{", " if number else ""}\n{json.dumps(part.name)}: {told}, "rows": ['.encode()
        yield from _json_rows(part)
        yield b"]}"
    yield b"}}\n"


def _json_rows(part: Part) -> Iterator[bytes]:
    before = "\n"
    for some in batched(part.rows(), AT_ONCE):
        rows = ",\n".join(
            json.dumps({name: row.get(name) for name in part.columns}, ensure_ascii=False) for row in some
        )
        yield f"{before}{rows}".encode()
        before = ",\n"


def as_one_csv(letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    """All parts one below the other; the first column says which, and a part fills its own columns only."""
    columns = ("part", *dict.fromkeys(name for part in parts for name in part.columns))
    yield as_csv([], columns).encode()
    yield as_csv(
        [{"part": "letter", "says": said} for said in _letter_lines(letter)], columns, header=False
    ).encode()
    for part in parts:
        for some in batched(part.rows(), AT_ONCE):
            yield as_csv([{**row, "part": part.name} for row in some], columns, header=False).encode()


def _letter_lines(letter: Letter) -> list[str]:
    return [letter.title, *(f"{name}: {said}" for name, said in letter.facts.items()), *letter.says]


def as_text(letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    """The letter by itself, and what each file and part is."""
    files = (
        "read.html: to read, in any browser.",
        "data.json: the same, for a program.",
        "data.csv: the same, for a spreadsheet; the first column says of which part each row is.",
    )
    told = [f"{part.title}: {part.says}" for part in parts]
    yield "\n\n".join([*_letter_lines(letter), "\n".join(files), "\n".join(told)]).encode() + b"\n"


Form = Callable[[Letter, Sequence[Part]], Iterator[bytes]]
FORMS: Mapping[str, Form] = {"html": as_html, "json": as_json, "csv": as_one_csv}
FILES: Mapping[str, Form] = {
    "letter.txt": as_text,
    "read.html": as_html,
    "data.json": as_json,
    "data.csv": as_one_csv,
}


def as_zip(letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    """All three and the letter. Written as it is sent: nothing of it ever lies on our disk."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, form in FILES.items():
            with archive.open(name, "w", force_zip64=True) as member:
                for some in form(letter, parts):
                    member.write(some)
                    yield sink.taken()
    yield sink.taken()


def written(form: str, letter: Letter, parts: Sequence[Part]) -> Iterator[bytes]:
    made = as_zip if form == "zip" else FORMS[form]
    return (some for some in made(letter, parts) if some)


class _Sink(io.RawIOBase):
    """What an archive writes to, and what is then sent on; it cannot be rewound."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        kept = bytes(data)
        self._kept.append(kept)
        return len(kept)

    def taken(self) -> bytes:
        kept, self._kept = b"".join(self._kept), []
        return kept
