"""Reading the project's own documents: links, commands, citations. For tests/test_docs.py."""

import ast
import io
import re
import shlex
import subprocess
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CLAUSES = ROOT / "docs/clauses.md"
CITATION = re.compile(r"\b[SABDFMI]\d+\b")  # S135, A169, B75; D, F, M and I rows of the standards
LINTER_CODES = re.compile(r"noqa:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


class Row(NamedTuple):
    """One row of docs/clauses.md."""

    clauses: tuple[str, ...]
    quote: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    without_test: str


@lru_cache(maxsize=1)
def committed() -> tuple[Path, ...]:
    """What git knows, and what it would be given next: everything that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def documents() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    """The text; nothing for a file that is not there or not text."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def links(path: Path) -> Iterator[str]:
    """Where a document points to, without the links to the rest of the world."""
    for target in LINK.findall(FENCE.sub("", text_of(path))):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(path: Path) -> set[str]:
    """The names that a page gives to its headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def commands(path: Path) -> Iterator[str]:
    """What a document tells people to type: the lines of its blocks of shell, and its code spans."""
    text = text_of(path)
    for block in SHELL.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from SPAN.findall(FENCE.sub("", text))


def words(line: str) -> list[str]:
    """As a shell would part them; as they stand where a shell could not."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def citations(path: Path) -> set[str]:
    """The clauses that a file cites: in its comments and docstrings, or anywhere in a document."""
    if path == CLAUSES:
        return set()
    if path.suffix == ".py":
        return set(CITATION.findall(LINTER_CODES.sub("", "\n".join(_prose(text_of(path))))))
    if path.suffix in (".md", ".yaml"):
        return set(CITATION.findall(text_of(path)))
    return set()


def _prose(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield docstring


@lru_cache(maxsize=1)
def clause_rows() -> tuple[Row, ...]:
    """The rows of every table in docs/clauses.md: clause | quote | file | test."""
    lines = [line.strip() for line in text_of(CLAUSES).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return tuple(_row(cells) for cells in rows if CITATION.match(cells[0]))


def _row(cells: list[str]) -> Row:
    clauses, quote, files, tests = (*cells, "", "", "", "")[:4]
    return Row(
        clauses=tuple(CITATION.findall(clauses)),
        quote=quote,
        files=tuple(SPAN.findall(files)),
        tests=tuple(SPAN.findall(tests)),
        without_test=tests.removeprefix("none: ") if tests.startswith("none: ") else "",
    )


def functions(path: Path) -> set[str]:
    """The names of all functions in a Python file, however deep."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(text_of(path))) if isinstance(node, kinds)}
