"""The words of a PDF that our form writes, as a reader finds them: by each font's own table of letters."""

import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def words_of(pdf: bytes) -> str:
    """All pages, with a blank wherever it wrote anew."""
    streams = [_plain(each) for each in STREAM.findall(pdf)]
    letters = {
        number: _letters(stream) for number, stream in enumerate(s for s in streams if b"beginbfchar" in s)
    }
    pages = [stream for stream in streams if b"BT" in stream and b"Tf" in stream]
    return " ".join(_of_page(page, letters) for page in pages)


def _plain(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _letters(table: bytes) -> dict[int, str]:
    found = re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", table)
    return {int(code, 16): bytes.fromhex(to.decode()).decode("utf-16-be") for code, to in found}


def _of_page(page: bytes, letters: dict[int, dict[int, str]]) -> str:
    said, font = list[str](), 0
    assert b"TJ" not in page, "words that are set apart are not read here"
    for name, text in re.findall(rb"/F(\d+) [\d.]+ Tf|\(((?:[^()\\]|\\.)*)\) Tj", page, re.DOTALL):
        if name:
            font = int(name) - 1
            continue
        raw = re.sub(rb"\\([()\\nrtbf])", lambda m: ESCAPED.get(m[1], m[1]), text, flags=re.DOTALL)
        codes = [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]
        said.append("".join(letters[font].get(code, "?") for code in codes))
    return " ".join(said)


ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
