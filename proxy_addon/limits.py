"""How much one client, one connection, one message may ask for: every number, in one place, with its reason.

Numbers of the head of a request are in head_lint.py, which looks at nothing else.
"""

import resource
from dataclasses import dataclass

KB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Those of time and number that one gate is run with."""

    # A browser opens at most 32 connections to a proxy. One device with three of them, and its updates, stays
    # below this. It counts apart for each person at an address, and once for all who have not yet said who
    # they are: so many devices may share an address (a translated network, a front end on loopback).
    connections: int = 100
    # Nothing asked, nothing on its way: the connection is closed. As long as mitmproxy waits by itself.
    idle_seconds: float = 60.0
    # A head, and a TLS handshake in a tunnel, come in one to three packets.
    head_seconds: float = 10.0
    # The slowest telephone network in use brings a thousand times as much.
    body_bytes_a_second: float = 100.0
    body_seconds: float = 60.0
    # What is still to be sent when a connection ends: whoever does not take it by then never will.
    linger_seconds: float = 15.0


LIMITS = Limits()

SPARE_FILES = 256  # descriptors for the journal, the index, look-ups, certificates
FILES_A_CLIENT = 2  # each client connection has one to a site, as a rule
UPSTREAMS = 24  # of one client connection: idle ones beyond are closed

HEAD_PIECES = 256  # a head of 64 KB comes in 46 packets
BLANK_LINES = 8  # before a request; HTTP asks to bear one
HELLO_PIECES = 128
LONGEST_HELLO = 64 * KB  # with post-quantum keys and many names a ClientHello has some 2 KB
QUEUED = 64 * KB  # requests that came before the answer to the one before: no browser sends any
WAITING_EVENTS = 64  # parts of bodies that wait for a decision or for a connection: 4 MB

HELD_BODY = 8 * KB  # a site hears of a request with a body once it is whole, or this much of it is here
CHUNK_LINE = 16 * KB  # the size of a chunk with its extensions; the trailers
CHUNKS_A_READ = 4096  # of one read of 64 KB: some 20 ms of work
ANSWER_FIELDS = 1000  # 100,000 of them keep the gate busy for seconds
EARLY_ANSWERS = 32  # 1xx before the answer

# HTTP/2, in any ten seconds of one connection. Closing a tab resets a hundred streams at once.
FRAMES_SECONDS = 10.0
FRAMES = {
    "small data": 2000,  # less than SMALL bytes each
    "headers": 2000,
    "priority": 1000,
    "reset": 200,
    "settings": 50,
    "ping": 100,
    "window": 1000,  # and one for each WINDOW_BYTES that we sent
    "continuation": 100,
    "other": 100,
}
SMALL = 64
WINDOW_BYTES = 4096
HEADER_BLOCK = 64 * KB
CONTINUATIONS = 16  # of one block
H2_PIECES = 256  # parts of answers that the other side has no window for
H2_UNSENT = 4 * KB * KB
CLOSED_STREAMS = 4096  # remembered of one connection


def most_connections() -> int:
    """Of all clients: below what the system lets this process open."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max((files - SPARE_FILES) // FILES_A_CLIENT, 16)
