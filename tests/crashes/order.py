"""Read a trace of the gate: did anything leave before the record of its request was on disk?

A record is on disk when an fdatasync that began after it was written has ended well. Three things may not
begin before that: the answer to the client, the request to the site, and, where that is encrypted, the first
word to the site (its name is in it) and everything after it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.crashes.tracing import Call

WRITES = frozenset({"write", "writev", "pwrite64", "pwritev"})
SENDS = frozenset({"sendto", "sendmsg", "sendmmsg"}) | WRITES
RECEIVES = frozenset({"recvfrom", "recvmsg"})
ACCEPTS = frozenset({"accept", "accept4"})
SYNCS = frozenset({"fdatasync", "fsync"})
TCP = re.compile(r"TCP(?:v6)?:\[(\S+):(\d+)->(\S+):(\d+)\]")
PLAIN = re.compile(rb"[A-Z]+ (http://\S+) HTTP/1.1\r\n")
CONNECT = re.compile(rb"CONNECT ([^:\s]+):\d+ HTTP/1.1\r\n")
OUT = re.compile(rb"[A-Z]+ (/\S*) HTTP/1.1\r\n(?:.*\r\n)*?[Hh]ost: (\S+)\r\n")
INNER_HOST = re.compile(rb"t\d+-\d+-\d+\.allowed\.test")
APPLICATION_DATA = 0x17

Key = tuple[str, str]  # kind and what, as of a row


@dataclass
class Order:
    """What was read so far. `early`: each thing that left too early."""

    gate: int
    site: int
    secure: int
    early: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)  # what was held against its record
    durable: set[Key] = field(default_factory=set)
    _written: dict[str, set[Key]] = field(default_factory=dict)
    _syncing: dict[str, set[Key]] = field(default_factory=dict)  # by thread
    _asked: dict[str, Key] = field(default_factory=dict)  # by client's connection: not yet answered
    _tunnels: dict[str, tuple[str, int]] = field(default_factory=dict)  # its host, and requests so far
    _inside: dict[str, str] = field(default_factory=dict)  # by connection to the site: whose tunnel

    @property
    def answers(self) -> int:
        return sum(many for what, many in self.checked.items() if what.startswith("answered"))

    @property
    def sendings(self) -> int:
        return sum(many for what, many in self.checked.items() if what.startswith("forwarded"))

    def read(self, calls: Iterable[Call]) -> None:
        for call in calls:
            if call.file.endswith(".journal"):
                self._journal(call)
            elif call.name in ACCEPTS and call.result is not None:
                self._begins(call.file)
            elif (found := TCP.match(call.file)) and call.data:
                self._socket(call, int(found[2]), found[3], int(found[4]))

    def _journal(self, call: Call) -> None:
        ended_well = call.result is not None and call.result >= 0
        if call.name in WRITES and ended_well:
            self._written.setdefault(call.file, set()).update(keys_in(call.data[: call.result]))
        elif call.name in SYNCS and call.result is None:
            self._syncing[call.thread] = set(self._written.get(call.file, ()))
        elif call.name in SYNCS and ended_well:
            done = self._syncing.pop(call.thread)
            self.durable |= done
            self._written.get(call.file, set()).difference_update(done)

    def _begins(self, client: str) -> None:
        """A port is used again by others, once it is free."""
        self._tunnels.pop(client, None)
        self._asked.pop(client, None)

    def _socket(self, call: Call, here: int, address: str, there: int) -> None:
        begins = call.result is None
        if here == self.gate and call.name in RECEIVES and not begins:
            self._heard(call, address)
        elif here == self.gate and call.name in SENDS and begins:
            self._answered(call)
        elif there == self.site and call.name in SENDS and begins:
            for path, host in OUT.findall(call.data):
                self._must_be_durable(("request", f"http://{host.decode()}{path.decode()}"), "forwarded")
        elif there == self.secure and call.name in SENDS and begins:
            self._goes_out_encrypted(call)

    def _heard(self, call: Call, address: str) -> None:
        client = call.file
        if client in self._tunnels:
            host, number = self._tunnels[client]
            if APPLICATION_DATA in record_kinds(call.data):
                self._asked[client] = ("request", f"https://{host}/{number}")
                self._tunnels[client] = (host, number + 1)
        elif found := CONNECT.match(call.data):
            self._tunnels[client] = (found[1].decode(), 0)
            self._asked[client] = ("connect", found[1].decode())
        elif found := PLAIN.match(call.data):
            self._asked[client] = ("request", found[1].decode())
        elif call.data.startswith(b"NOT HTTP"):
            self._asked[client] = ("unparsed", address)

    def _answered(self, call: Call) -> None:
        asked = self._asked.pop(call.file, None)
        if asked is None:
            return  # the rest of an answer, or a handshake
        self._must_be_durable(asked, "answered")

    def _goes_out_encrypted(self, call: Call) -> None:
        """The first word names the site; what follows belongs to the request that waits in that tunnel."""
        if found := INNER_HOST.search(call.data):
            self._inside[call.file] = found[0].decode()
            self._must_be_durable(("request", f"https://{found[0].decode()}/0"), "forwarded")
            return
        host = self._inside.get(call.file)
        for key in self._asked.values():
            if host is not None and key[1].startswith(f"https://{host}/"):
                self._must_be_durable(key, "forwarded")

    def _must_be_durable(self, key: Key, done: str) -> None:
        self.checked[f"{done} {key[1].partition(':')[0] if key[0] == 'request' else key[0]}"] += 1
        if key not in self.durable:
            self.early.append(f"{done} before its record was on disk: {key[0]} {key[1]}")


def keys_in(data: bytes) -> set[Key]:
    """What the whole lines of this piece of a journal tell of."""
    found = set()
    for line in data.split(b"\n")[:-1]:
        record = json.loads(line[9:])
        if record["t"] in ("open", "whole"):
            what = {"request": "url", "connect": "host"}.get(record["kind"], "address")
            found.add((record["kind"], record[what]))
    return found


def record_kinds(data: bytes) -> set[int]:
    """The kinds of the TLS records that begin in this."""
    kinds, at = set(), 0
    while at + 5 <= len(data):
        kinds.add(data[at])
        at += 5 + int.from_bytes(data[at + 3 : at + 5])
    return kinds
