"""squidGuard, given the same lists: its own files, compiled by itself, and URLs as Squid would ask.

It answers less: the first category that hits, and no entry.
"""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bench import measured
from filter_lists.entry import Entry

PROGRAM = "squidGuard"
ANSWER = "http://blocked.invalid/"
CONFIG = "squidGuard.conf"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


class Lists:
    """Files of domains and URLs, a folder for each category; use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = contextlib.ExitStack()
        self._files: dict[tuple[str, str], TextIO] = {}

    def __enter__(self) -> "Lists":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, entry: Entry, category: str) -> None:
        """What it has no word for is left out: exceptions, parameters, a host without those below it."""
        if entry.exception or entry.query or not entry.below:
            return
        if entry.path == "/":
            self._file(category, "domains").write(entry.host + "\n")
        else:
            self._file(category, "urls").write(f"{entry.host}{entry.path}\n")

    def _file(self, category: str, kind: str) -> TextIO:
        if (category, kind) not in self._files:
            path = self._folder / category / kind
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[category, kind] = self._open.enter_context(path.open("w", encoding="utf-8"))
        return self._files[category, kind]


def put_in_one(folder: Path, one: Path) -> None:
    """All categories as a single one: nobody filters so, but it is what squidGuard is fastest at."""
    (one / "listed").mkdir(parents=True)
    for kind in ("domains", "urls"):
        with (one / "listed" / kind).open("wb") as into:
            for path in sorted(folder.glob(f"*/{kind}")):
                with path.open("rb") as file:
                    shutil.copyfileobj(file, into)


def categories_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def compile_lists(folder: Path) -> measured.Used:
    """What it makes lies beside the lists."""
    _configure(folder, categories_in(folder))
    return measured.run([PROGRAM, "-c", str(folder / CONFIG), "-C", "all"])


def _configure(folder: Path, categories: Sequence[str]) -> None:
    lines = [f"dbhome {folder}", f"logdir {folder}"]
    for name in categories:
        kinds = [kind for kind in ("domain", "url") if (folder / name / f"{kind}s").is_file()]
        lines += [f"dest {_word(name)} {{", *(f"  {kind}list {name}/{kind}s" for kind in kinds), "}"]
    shut = " ".join(f"!{_word(name)}" for name in categories)
    lines += ["acl {", "  default {", f"    pass {shut} all", f"    redirect {ANSWER}%t", "  }", "}"]
    (folder / CONFIG).write_text("\n".join([*lines, ""]))


def _word(name: str) -> str:
    return name.replace("_", "-")


def ask(folder: Path, categories: Sequence[str], urls: Path, answers: Path) -> measured.Used:
    """`urls` are in the words of Squid, one to a line; so are the answers."""
    _configure(folder, categories)
    return measured.run([PROGRAM, "-c", str(folder / CONFIG)], urls, answers)


def hits(answers: Path) -> int:
    with answers.open("rb") as file:
        return sum(ANSWER.encode() in line for line in file)


def asked(url: str) -> str:
    """In the words of Squid: URL, address/name, user, method."""
    return f"{url} 192.0.2.1/- - GET\n"
