"""A school with lists on its disk, compiled by the real compiler: for the tests of what moves them."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from audit_log.db import migrate, open_engine, reading
from change_control.desk import Desk, Lists
from change_control.errors import ChangeError
from change_control.in_force import AgreedLists, agreed_lists
from change_control.list_updates import Taken, take_update, update_order
from change_control.lists import propose_lists, rollback
from change_control.proposal import Proposal
from change_control.proposals import approve
from filter_lists.compiler import compile_index
from filter_lists.diffing import Change, diff
from filter_lists.generations import FOLDER, folder_of, open_generation
from filter_lists.index import Index, IndexFault
from filter_lists.lists_config import parse_lists
from filter_lists.orders import Outcome
from tests.builders import NOON
from tests.change_control.school import KEY, fill_school, the

LISTS = """\
lists:
  abuse: {category: child-sexual-abuse, format: plain, source: abuse.txt, trust: {loses: 100%}}
  porn: {category: pornography, format: plain, source: porn.txt, trust: {loses: 100%}}
  bets: {category: gambling, format: plain, source: bets.txt, trust: {loses: 10%, gains: 50%}}
  learn: {category: education, format: plain, source: learn.txt, trust: {loses: 10%, gains: 50%}}
"""
Contents = Mapping[str, Sequence[str]]


def some(name: str, *numbers: int) -> list[str]:
    return [f"{name}{number}.test" for number in numbers]


FIRST: Contents = {
    "abuse": some("abuse", *range(4)),
    "porn": some("porn", *range(10)),
    "bets": some("bet", *range(100)),
    "learn": some("learn", *range(40)),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A desk, and the folder with lists.yaml and the list files."""

    desk: Desk

    @property
    def folder(self) -> Path:
        return self.desk.lists_folder

    @property
    def agreed(self) -> AgreedLists:
        with reading(self.desk.engine) as conn:
            return agreed_lists(conn)

    def index(self, generation: str = "") -> Index:
        return open_generation(self.desk.state, generation or self.agreed.generation)

    def put(self, contents: Contents, text: str | None = None) -> None:
        for list_id, entries in contents.items():
            (self.folder / f"{list_id}.txt").write_text("\n".join(entries))
        if text is not None:
            (self.folder / "lists.yaml").write_text(text)

    def build(self, contents: Contents, text: str | None = None) -> Outcome:
        """As the worker does: of lists.yaml as agreed, unless another text is given."""
        self.put(contents)
        generation = compiled(self.desk.state, text or self.agreed.config_text, self.folder)
        return Outcome(generation, changes=self.changes(generation))

    def changes(self, generation: str) -> tuple[Change, ...]:
        return diff(self.index(), self.index(generation))

    def updates(self, contents: Contents, **more: Any) -> Taken:
        order = update_order(self.desk, (), NOON)
        return take_update(self.desk, self.build({**FIRST, **contents}), more.get("at", NOON), order=order)

    def proposes(self, who: str, contents: Contents, text: str) -> Proposal:
        built, base = self.build({**FIRST, **contents}, text), self.agreed.generation
        return propose_lists(self.desk, the(self.desk, who), built, text, "newer lists", NOON, base=base)

    def goes_back(self, who: str, generation: str) -> Proposal:
        changes, base = self.changes(generation), self.agreed.generation
        actor = the(self.desk, who)
        return rollback(self.desk, actor, generation, changes, "blocks a school", NOON, base=base)

    def agree(self, contents: Contents, text: str = LISTS + "# agreed\n") -> Proposal:
        """Terry and Hedy."""
        asked = self.proposes("terry", contents, text)
        return approve(self.desk, the(self.desk, "hedy"), asked.id, "yes", NOON)


def compiled(state: Path, text: str, folder: Path) -> str:
    sources = [each.as_source(each.local or folder) for each in parse_lists(text, folder).lists]
    return compile_index(sources, state / FOLDER)


def a_listed_desk(folder: Path, url: str | None = None) -> Desk:
    state = folder / "state"
    checked = lru_cache(lambda generation: open_generation(state, generation))
    engine = open_engine(url or f"sqlite:///{state / 'schoolgate.sqlite'}")

    def opened(generation: str) -> Lists:
        """Kept for as long as it is there, as the front door has it."""
        if not folder_of(state, generation).is_dir():
            raise IndexFault(folder_of(state, generation), "is not there")
        return checked(generation)

    def lists() -> Lists:
        try:
            with reading(engine) as conn:
                return opened(agreed_lists(conn).generation)
        except ChangeError:
            return opened(compiled(state, (folder / "lists.yaml").read_text(), folder))

    return Desk(engine, state, KEY, lists, opened=opened, lists_file=folder / "lists.yaml")


def build_listed(folder: Path, url: str | None = None) -> Listed:
    """Founded, with everybody enrolled; nobody has agreed on the lists yet."""
    (folder / "state").mkdir(parents=True)
    school = Listed(a_listed_desk(folder, url))
    school.put(FIRST, LISTS)
    migrate(school.desk.engine)
    fill_school(school.desk)
    return school


def copy_of_listed(template: Path, folder: Path) -> Listed:
    shutil.copytree(template, folder)
    return Listed(a_listed_desk(folder))


def uncached(school: Listed) -> Listed:
    """As it is after a restart."""
    return Listed(replace(school.desk, opened=None))
