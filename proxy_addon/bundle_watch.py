"""Looks twice a second whether another bundle is in force, and loads it beside the one that is.

A bundle or an index that is damaged, or not understood whole, leaves the old one in force and is said once;
so does one that lacks a list of illegal content which was ever in force, or the key to it (D9): whatever the
bundle says of that, this gate knows which it has had. So does one without the proof that two people agreed on
what it holds, and one whose proof goes back behind what this gate has had.
Before the first good one there is nothing in force, and the gate lets nothing by.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from filter_lists.generations import folder_of, open_generation
from filter_lists.index import Index, IndexFault
from filter_lists.sealed import sealed_lists
from filter_policy.bundle import FOLDER, Bundle, BundleFault, current_bundle, is_name, read_bundle
from filter_policy.bundle_proof import ProofFault, Proven, proof_path, prove
from filter_policy.standing import fallen, standing
from proxy_addon.judge import InForce
from proxy_addon.proof_key import ProofKey

log = structlog.get_logger()


class BundleWatch:
    """`in_force` is swapped as one reference; `taken` hears of each new one, on the event loop."""

    def __init__(self, state: Path, taken: Callable[[InForce], None], proofs: ProofKey) -> None:
        self._state = state
        self._taken = taken
        self._proofs = proofs
        self._proven: Proven | None = None
        self._refused: tuple[str, object] | None = None
        self._had: frozenset[str] = frozenset()  # lists of illegal content
        self.in_force: InForce | None = None

    async def look(self) -> None:
        """Take the current bundle if it is a new one."""
        try:
            name = await asyncio.to_thread(current_bundle, self._state)
        except OSError as fault:
            self._refuse("unreadable", None, fault)
            return
        if name is None or (self.in_force and self.in_force.name == name):
            return
        files = await asyncio.to_thread(self._files, name)
        if (name, files) == self._refused:
            return
        try:
            force, proven = await asyncio.to_thread(self._load, name)
        except (BundleFault, IndexFault, OSError) as fault:
            self._refuse(name, files, fault)
            return
        self._refused = None
        self.in_force, self._proven = force, proven
        self._had |= sealed_lists(force.index)
        log.info("bundle.taken", bundle=name[:12], revision=force.bundle.revision[:12])
        self._taken(force)

    def _files(self, name: str) -> tuple[int, ...]:
        """What is refused is looked at again when it, or its proof, was written anew."""
        paths = (self._state / FOLDER / name, proof_path(self._state, name)) if is_name(name) else ()
        return tuple(map(_written_at, paths))

    def _load(self, name: str) -> tuple[InForce, Proven]:
        bundle = read_bundle(self._state, name)
        proven = self._prove(name, bundle)
        index = self._index(bundle)
        missing = (bundle.sealed_lists | self._had) - sealed_lists(index)
        if missing:
            folder = folder_of(self._state, bundle.lists)
            raise IndexFault(folder, f"lacks lists of illegal content: {', '.join(sorted(missing))}")
        return InForce(name, self._as_it_stands(bundle, index), index), proven

    @staticmethod
    def _as_it_stands(bundle: Bundle, index: Index) -> Bundle:
        gone = fallen(bundle.policy, index.within)
        for each in gone:
            log.warning("policy.place_of_help_not_open", site=each.site.host)
        return replace(bundle, policy=standing(bundle.policy, index.within)) if gone else bundle

    def _prove(self, name: str, bundle: Bundle) -> Proven:
        """Raises ProofFault."""
        proven = prove(self._state, name, bundle, self._proofs.key)
        if self._proven is not None and not proven.follows(self._proven):
            raise ProofFault("it is older than what is in force")
        return proven

    def _index(self, bundle: Bundle) -> Index:
        """The one that is mapped already, whatever became of its files; else the one on disk."""
        current = self.in_force
        if current is not None and current.bundle.lists == bundle.lists:
            return current.index
        return open_generation(self._state, bundle.lists)

    def _refuse(self, name: str, files: object, fault: Exception) -> None:
        if (name, files) != self._refused:
            log.error("bundle.refused", bundle=name[:12], why=str(fault))
        self._refused = name, files


def _written_at(path: Path) -> int:
    """0 where it is not there: the publisher takes away what is damaged."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
