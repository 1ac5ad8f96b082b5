#!/usr/bin/env python3
"""Is this bundle about an incident what the school made, and is what it tells in the school's signed log?

    python3 verify_referral.py [FOLDER] [--key FILE] [--json]

FOLDER is where the ZIP was unpacked; this file's own, if nothing is given. The key is the school's public
key, from the sheet in its safe: without it, only a key that lies in the bundle itself is known. Exit status:
0 all of it is as it was made, 1 it is not, 2 this cannot be checked.

Nothing but Python 3.9 or newer and verify_changes.py beside it (strict JSON, Ed25519, checkpoints): read
both before you believe them. What is checked: the hash of each file; the signature of the list of them; each
line of the incident, and the one that says that this bundle was made, in the signed change log; that each
step has two signatures; that what was said is what was sealed; and each row of the filtering log, by way of
its seal and its hour, up to the checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def _beside(name: str) -> Any:
    """A program beside this one, from the very text that lies there: no compiled one is taken for it."""
    module = types.ModuleType(name)
    path = os.path.join(HERE, f"{name}.py")
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102  # as it says
    return module


log = _beside("verify_changes")
SIGNS = b"schoolgate/referral\n"
NOT_LISTED = ("manifest.json", "manifest.sig")
PROOFS = (
    *("made.json", "lines.jsonl", "hours.jsonl", "rows.jsonl", "seals.jsonl", "chain.jsonl"),
    *("checkpoint.txt", "key.pub", "verify_referral.py", "verify_changes.py"),
)
ID_BYTES = 26
MOST_BESIDE = 10
GIVEN = "It is signed with the key that you gave."
NOT_GIVEN = (
    "You gave no key: somebody with a key of their own could have signed all of it. The key of this bundle is"
    " {key}; compare it with the sheet in the school's safe."
)


class Bundle:
    """The files of a folder, and what was found wrong with them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.manifest: Any = None
        self.key = b""
        self.size = 0
        self.root = b""
        self.head: Any = None  # the last seal of the filtering log, by the checkpoint
        self.beside: list[str] = []  # files of the folder that the list does not name

    def fault(self, says: str) -> None:
        self.faults.append(says)

    def read(self, name: str) -> bytes:
        """Raises OSError. No name leads out of the folder."""
        path = os.path.join(self.folder, *name.split("/"))
        if os.path.isabs(name) or ".." in name.split("/") or os.path.islink(path):
            raise OSError("a name that leads elsewhere")
        with open(path, "rb") as file:
            return file.read()

    def lines(self, name: str) -> Iterator[Any]:
        for raw in self.read(name).splitlines():
            yield log.parsed(raw)


def check(folder: str, key: bytes | None = None) -> tuple[int, list[str]]:
    """The exit status, and what to tell."""
    bundle = Bundle(folder)
    try:
        _signed(bundle, key)
        _listed(bundle)
        _checkpoint(bundle)
        told = _lines(bundle)
        told += _rows(bundle)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        bundle.fault(f"it cannot be read to its end: {type(error).__name__}: {str(error)[:200]}")
        told = []
    if bundle.faults:
        return 1, ["This bundle is NOT what the school made.", *bundle.faults[:20], *_beside_it(bundle)]
    if bundle.manifest["lane"] == "illegal":
        told.append("What happened may be illegal: no address of a site and no file is in here.")
    known = GIVEN if key else NOT_GIVEN.format(key=base64.b64encode(bundle.key).decode())
    about = bundle.manifest
    first = f"This bundle is what the school made on {about['made_at']}, for child protection,"
    return 0, [f"{first} about the incident {about['incident']}.", *told, *_beside_it(bundle), known]


def _beside_it(bundle: Bundle) -> list[str]:
    """Computers put files of their own into a folder, and people theirs."""
    if not bundle.beside:
        return []
    named = ", ".join(ascii(name) for name in bundle.beside[:MOST_BESIDE])
    more = len(bundle.beside) - MOST_BESIDE
    named += f" and {more} more" if more > 0 else ""
    return [f"NOT from the school, and no part of this bundle, but in the same folder: {named}."]


def _signed(bundle: Bundle, key: bytes | None) -> None:
    manifest = bundle.read("manifest.json")
    bundle.key = log.key_in(bundle.read("key.pub").decode("utf-8", "replace"))
    if key is not None and key != bundle.key:
        bundle.fault("it is signed with another key than the one that you gave")
    signature = base64.b64decode(bundle.read("manifest.sig").strip(), validate=True)
    if not log.is_signed(bundle.key, SIGNS + manifest, signature):
        bundle.fault("the list of its files (manifest.json) is not signed with its key")
    bundle.manifest = json.loads(manifest)
    if bundle.manifest["schoolgate"] != "referral-manifest" or bundle.manifest["format"] != 1:
        raise ValueError("a bundle of another kind than this verifier knows")


def _listed(bundle: Bundle) -> None:
    """Each file as it is listed. What lies beside them is no part of the bundle, and told apart."""
    files = bundle.manifest["files"]
    there = set()
    for folder, _, names in os.walk(bundle.folder):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), bundle.folder).replace(os.sep, "/")
            there.add(path)
    bundle.beside = sorted(there - set(files) - set(NOT_LISTED))
    for name in sorted(set(files) - there):
        bundle.fault(f"the file {name} is missing")
    for name in sorted(set(files) & there):
        content = bundle.read(name)
        if (
            hashlib.sha256(content).hexdigest() != files[name]["sha256"]
            or len(content) != files[name]["size"]
        ):
            bundle.fault(f"the file {name} was changed")


def _checkpoint(bundle: Bundle) -> None:
    note = log.Note(bundle.read("checkpoint.txt").decode("utf-8"))
    if not note.is_by(bundle.key):
        bundle.fault("the checkpoint is not signed with its key")
    bundle.size, bundle.root, bundle.head = note.size, note.root, note.rows


# The tree of RFC 6962 (2.1.1).


def root_from(leaf: bytes, place: int, size: int, proof: list[str]) -> bytes:
    """The root of a tree of `size` leaves that has this one at `place` (from 0). Raises ValueError."""
    if not 0 <= place < size:
        raise ValueError("a place that is not in the tree")
    sides, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        is_left = place < middle
        sides.append(is_left)
        start, end = (start, middle) if is_left else (middle, end)
    if len(sides) != len(proof):
        raise ValueError("a proof of another length than its place asks for")
    for is_left, other in zip(reversed(sides), proof):  # noqa: B905  # Python 3.9 knows no `strict`; they are as long
        beside = bytes.fromhex(other)
        pair = leaf + beside if is_left else beside + leaf
        leaf = hashlib.sha256(b"\x01" + pair).digest()
    return leaf


def _leaf(line: Any) -> bytes:
    """Of a sealed line, by its own words. Raises ValueError."""
    leaf = hashlib.sha256(b"\x00" + bytes.fromhex(line["prev"]) + line["sealed"].encode()).digest()
    if leaf.hex() != line["leaf"]:
        raise ValueError(f"line {line['seq']} is not what was sealed")
    return leaf


def _entry(bundle: Bundle, line: Any) -> Any:
    """An entry of the change log that the checkpoint covers. Raises ValueError."""
    entry = log.entry_of(line["sealed"])
    if entry["seq"] != line["seq"]:
        raise ValueError(f"entry {line['seq']} was sealed as {entry['seq']}")
    if root_from(_leaf(line), line["seq"] - 1, bundle.size, line["proof"]) != bundle.root:
        bundle.fault(f"entry {line['seq']} is not in the log that was signed")
    return entry


def _lines(bundle: Bundle) -> list[str]:
    """The lines of the incident: in the log, in their order, with the words that they were sealed with."""
    incident = bundle.manifest["incident"]
    entries = [_entry(bundle, line) for line in bundle.lines("lines.jsonl")]
    said = {line["seq"]: line for line in json.loads(bundle.read("case.json"))["lines"]}
    last, withheld = 0, 0
    for entry in entries:
        seq = entry["seq"]
        if seq <= last or entry["detail"].get("incident") != incident:
            bundle.fault(f"entry {seq} is none of this incident, or stands in the wrong place")
        last = seq
        withheld += _is_withheld(bundle, entry, said.pop(seq, None), is_last=entry is entries[-1])
    if said or not entries:
        bundle.fault("case.json tells of lines that are not there")
    steps = _steps(bundle, entries)
    _made(bundle, entries)
    told = [f"{len(entries)} lines of the incident are in the signed log."]
    told += [f"Two people signed each of the {steps} steps."] if steps else []
    more = f"Of {withheld} lines some words were left out; that there is such a line is proved all the same."
    return told + ([more] if withheld else [])


def _is_withheld(bundle: Bundle, entry: Any, said: Any, *, is_last: bool) -> bool:
    if said is None:
        if not is_last:  # the last says that this bundle was made, and case.json is older
            bundle.fault(f"case.json does not tell of entry {entry['seq']}")
        return False
    if f"incident:{said['act']}" != entry["event"] or said["at"] != entry["at"]:
        bundle.fault(f"case.json tells of entry {entry['seq']} as something else")
    if "withheld" in said:
        return True
    sealed = hashlib.sha256(bytes.fromhex(said["salt"]) + said["facts"].encode()).hexdigest()
    if sealed != entry["detail"]["facts"] or json.loads(said["facts"]) != said["said"]:
        bundle.fault(f"what case.json says of entry {entry['seq']} is not what was sealed")
    return False


def _steps(bundle: Bundle, entries: list[Any]) -> int:
    """How many were signed, each by two, who signed the same words."""
    asked, signed = {}, 0
    for entry in entries:
        if entry["event"] == "incident:ask":
            asked[entry["object"]] = entry
        elif entry["event"] == "incident:sign":
            first = asked.get(entry["object"])
            same = first is not None and first["detail"]["facts"] == entry["detail"]["facts"]
            if first is None or not same or first["actor"] == entry["actor"]:
                bundle.fault(f"entry {entry['seq']} signs what no other person had asked for")
            signed += 1
    return signed


def _made(bundle: Bundle, entries: list[Any]) -> None:
    """The last line says what was made."""
    made, files = json.loads(bundle.read("made.json")), bundle.manifest["files"]
    contents = "".join(f"{files[name]['sha256']}  {name}\n" for name in sorted(files) if name not in PROOFS)
    sealed = hashlib.sha256(bytes.fromhex(made["salt"]) + made["facts"].encode()).hexdigest()
    last = entries[-1] if entries else None
    if last is None or last["event"] != "incident:made" or last["detail"]["facts"] != sealed:
        bundle.fault("the log does not say that this bundle was made")
    if json.loads(made["facts"])["contents"] != hashlib.sha256(contents.encode()).hexdigest():
        bundle.fault("the log says that another bundle was made: its form, files or words were others")


# The rows of the filtering log.


def _rows(bundle: Bundle) -> list[str]:
    hours = {line["seq"]: _entry(bundle, line) for line in bundle.lines("hours.jsonl")}
    seals = dict(_seals(bundle, hours))
    seals.update(_chain(bundle))
    rows = unproved = 0
    for line in bundle.lines("rows.jsonl"):
        rows += 1
        halves = _halves(line)
        opened = bool(halves) and _is_in_seal(bundle, seals, line, "opened", halves[0])
        unproved += not opened
        if opened and line["closed"] is not None:
            _is_in_seal(bundle, seals, line, "closed", halves[1])
    if rows == unproved and bundle.manifest["lane"] == "illegal":
        more = "what is in them, and what proves it, the school keeps for the police."
        return [f"{rows} rows of the filtering log are told of by number and time: {more}"]
    told = [f"{rows - unproved} rows of the filtering log are as they were sealed."]
    if unproved:
        told.append(f"{unproved} rows are told of, and nothing in here proves them: ask for a newer bundle.")
    return told


def _seals(bundle: Bundle, hours: Any) -> Iterator[tuple[int, Any]]:
    """Each by the root that the change log has of its hour."""
    for line in bundle.lines("seals.jsonl"):
        hour = hours[line["hour"]]
        detail = hour["detail"]
        size, place = detail["last"] - detail["first"] + 1, line["seq"] - detail["first"]
        root = root_from(_leaf(line), place, size, line["proof"]).hex()
        if hour["event"] != "filtering-log:seal" or root != detail["root"]:
            bundle.fault(
                f"seal {line['seq']} of the filtering log is not of the hour of entry {line['hour']}"
            )
        yield line["seq"], _seal(line)


def _chain(bundle: Bundle) -> Iterator[tuple[int, Any]]:
    """Those of the last hours, one after the other up to the seal that the checkpoint names."""
    before = None
    for line in bundle.lines("chain.jsonl"):
        leaf = _leaf(line)
        if before is not None and (line["seq"], line["prev"]) != (before[0] + 1, before[1]):
            bundle.fault(f"seal {line['seq']} of the filtering log does not follow the one before")
        before = line["seq"], leaf.hex()
        yield line["seq"], _seal(line)
    if before is not None and before != bundle.head:
        bundle.fault("the last seal of the filtering log is not the one that was signed")


def _seal(line: Any) -> Any:
    seal = json.loads(line["sealed"])
    if seal["seq"] != line["seq"]:
        raise ValueError(f"seal {line['seq']} was sealed as {seal['seq']}")
    return seal


def _halves(line: Any) -> list[bytes]:
    if "halves" in line:  # without its words, as bundles had it before
        halves = [bytes.fromhex(each) for each in line["halves"]]
        if any(half[:ID_BYTES] != line["event_id"].encode() for half in halves):
            raise ValueError("a row under the number of another")
        return halves
    if "opening" not in line:  # nor any hash, from which an address could be guessed
        return []
    if line["opening"][0] != line["event_id"]:
        raise ValueError("a row under the number of another")
    number = line["event_id"].encode("ascii")
    spelt = (json.dumps(line[name], separators=(",", ":")) for name in ("opening", "closing"))
    return [number + hashlib.sha256(each.encode()).digest() for each in spelt]


def _is_in_seal(bundle: Bundle, seals: Any, line: Any, name: str, half: bytes) -> bool:
    way = line[name]
    if way is None or way["seal"] not in seals:
        return False
    seal = seals[way["seal"]]
    leaf = hashlib.sha256(b"\x00" + half).digest()
    if root_from(leaf, way["place"], seal[name], way["proof"]).hex() != seal[f"{name}_root"]:
        bundle.fault(f"the row {line['event_id']} is not what was sealed")
    return True


def main(given: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(description="Is this bundle about an incident what the school made?")
    options.add_argument("folder", nargs="?", default=HERE, help="where the ZIP was unpacked")
    options.add_argument("--key", help="a file with the school's public key")
    options.add_argument("--json", action="store_true", help="for machines")
    asked = options.parse_args(given)
    try:
        key = None
        if asked.key:
            with open(asked.key, encoding="utf-8", errors="replace") as file:
                key = log.key_in(file.read(10_000_000))
        status, told = check(asked.folder, key)
    except (OSError, log.UnusableError) as error:
        status, told = 2, [f"This cannot be checked: {str(error)[:300]}."]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(json.dumps({"status": status, "says": told}, indent=1) if asked.json else "\n".join(told))
    return status


if __name__ == "__main__":
    sys.exit(main())
