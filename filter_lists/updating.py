"""An update of the lists (S88): what is due is fetched, all is compiled beside what runs, checked, compared.

Nothing here brings anything into force. Whatever fails or is killed half-way, what was there before is there
still: the generation in force, and of each list what was fetched last.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from filter_lists.built import build
from filter_lists.checking import failed_checks
from filter_lists.compiler import ListsError
from filter_lists.diffing import diff
from filter_lists.generations import open_generation
from filter_lists.index import Index
from filter_lists.lists_config import parse_lists
from filter_lists.lists_model import ListsConfig
from filter_lists.manifest import IndexFault
from filter_lists.needed import needed_by
from filter_lists.orders import Order, Outcome, Progress
from filter_lists.source_store import SourceStore
from filter_lists.sources import ListSource
from filter_lists.taking import Taken, Taker
from filter_lists.unsealing import refuse_unsealing
from filter_lists.writing import Tell

type Tells = Callable[[Progress], None]


def run(order: Order, progress: Tells = lambda _: None) -> Outcome:
    started = time.monotonic()
    try:
        outcome = _Update(order, lambda *told: progress(Progress(*told))).run()
    except ListsError as error:
        outcome = Outcome(None, faults=error.faults)
    except (IndexFault, OSError) as error:
        outcome = Outcome(None, faults=(str(error).replace(f"{order.state}/", ""),))
    return replace(outcome, seconds=round(time.monotonic() - started, 3))


class _Update:
    def __init__(self, order: Order, tell: Tell) -> None:
        self.order = order
        self.tell = tell
        self.config = parse_lists(order.text, order.folder, look=True)
        self.store = SourceStore(order.state, needed_by(order))
        self.taker = Taker(order, self.store, tell)

    def run(self) -> Outcome:
        self._check_names()
        self._check_sealed()
        with self.store.locked(lambda: self.tell("waiting for another update", 0, 0)):
            taken, index, faults = self._compile(self._take_all())
            self._keep(taken)
        outcome = Outcome(None, tuple(each.outcome for each in taken), faults=faults)
        return outcome if index is None else self._judge(index, outcome)

    def _check_names(self) -> None:
        unknown = [each for each in self.order.fetch or () if self.config.get(each) is None]
        if unknown:
            allowed = ", ".join(each.list_id for each in self.config.lists)
            raise ListsError(f"no such list: {each!r}; allowed: {allowed}" for each in unknown)

    def _check_sealed(self) -> None:
        """Before anything is fetched. An agreed text that can be read no more does not stop a better one."""
        if self.order.agreed in ("", self.order.text):
            return
        faults = refuse_unsealing(self.config, self.config)
        with suppress(ListsError):
            agreed = parse_lists(self.order.agreed, self.order.folder)
            faults = tuple(dict.fromkeys((*refuse_unsealing(self.config, agreed), *faults)))
        if faults:
            raise ListsError(faults)

    def _take_all(self) -> list[Taken]:
        """What failed is written down at once: it must not be forgotten if compiling fails too."""
        taken = []
        for number, config in enumerate(self.config.lists):
            self.tell("taking lists", number, len(self.config.lists))
            taken.append(self.taker.take(config))
        self._keep(each for each in taken if not each.is_new)
        return taken

    def _keep(self, taken: Iterable[Taken]) -> None:
        for each in taken:
            if each.record not in (each.before, self.store.record(each.config)):
                self.store.write(each.config, each.record)

    def _compile(self, taken: Sequence[Taken]) -> tuple[Sequence[Taken], Index | None, tuple[str, ...]]:
        """A list that came and cannot be compiled is as if it had not come: the others go on without it."""
        faults = tuple(f"{self.config.where(each.config)}: {each.fault}" for each in taken if each.fault)
        if faults:
            return taken, None, faults
        try:
            return taken, build(_sources(taken), self.order.state, self.tell), ()
        except ListsError as error:
            without = [self._refused(each, error.faults) for each in taken]
            if without == list(taken):
                return taken, None, tuple(_told(self.config, fault, taken) for fault in error.faults)
        return self._compile(without)

    def _refused(self, each: Taken, faults: Iterable[str]) -> Taken:
        own = [fault for fault in faults if fault.startswith(f"{each.config.list_id}: ")]
        if not own or not each.is_new:
            return each
        return self.taker.refuse(each.config, each.before, _why(own[0], each))

    def _judge(self, index: Index, outcome: Outcome) -> Outcome:
        faults = tuple(failed_checks(self.config, index))
        base = self.order.base
        if base is not None and base != index.generation:
            self.tell("comparing", 0, 1)
            outcome = replace(outcome, changes=diff(open_generation(self.order.state, base), index))
        return replace(outcome, generation=None if faults else index.generation, faults=faults)


def _sources(taken: Iterable[Taken]) -> list[ListSource]:
    return [each.config.as_source(each.path) for each in taken if each.path is not None]


def _told(config: ListsConfig, fault: str, taken: Iterable[Taken]) -> str:
    """With the line of the list that a fault names first."""
    list_id = fault.partition(": ")[0]
    found = next((each for each in taken if each.config.list_id == list_id), None)
    return fault if found is None else f"{config.where(found.config)}: {_why(fault, found)}"


def _why(fault: str, taken: Taken) -> str:
    """Of a list; it is shown to many, so where this machine keeps it is left out."""
    says = fault.partition(": ")[2]
    here = says if taken.config.local is not None else says.removeprefix(f"{taken.path}: ")
    return here.replace(str(taken.path), taken.config.source)
