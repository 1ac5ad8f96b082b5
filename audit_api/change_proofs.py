"""Proofs about the change log for whoever holds a checkpoint: that an entry is in it, and that it only grew.

Everything is computed from the stored lines at each call; the checkpoint of that size comes with it, where
one was signed.
"""

import base64
import hashlib

from sqlalchemy import Connection, func, select

from audit_api.answers import ConsistencyOut, KeyOut, ProofOut
from audit_api.problems import Problem
from audit_api.window import Visit
from audit_log.as_written import as_written, shown
from audit_log.checkpoint import ORIGIN
from audit_log.db import reading
from audit_log.merkle import HASH_BYTES, tree_root
from audit_log.merkle_proofs import consistency_proof, inclusion_proof
from audit_log.tables import change_log, checkpoint

ED25519 = b"\x01"


def proof_of(visit: Visit, seq: int, size: int | None) -> ProofOut:
    """That entry `seq` is in the log of the first `size` entries; None: of the newest checkpoint."""
    with reading(visit.desk.engine) as conn, as_written(conn):
        entries = _longest(conn)
        if not 1 <= seq <= entries:
            raise Problem("not-found")
        size = _signed_size(conn, entries) if size is None else size
        if not seq <= size <= entries:
            raise Problem("bad-input", errors={"size": f"from {seq} to {entries}"})
        row = conn.execute(select(change_log).where(change_log.c.seq == seq)).one()
        leaves = _leaves(conn, size)
        return ProofOut(
            seq=seq,
            size=size,
            sealed=shown(row.entry),
            prev=_hex(row.prev),
            leaf=leaves[seq - 1].hex(),
            proof=[each.hex() for each in inclusion_proof(leaves, seq - 1)],
            root=tree_root(leaves).hex(),
            checkpoint=_note(conn, size),
        )


def consistency_of(visit: Visit, first: int, second: int | None) -> ConsistencyOut:
    """That the log of `first` entries is the beginning of that of `second`; None: as many as were signed."""
    with reading(visit.desk.engine) as conn, as_written(conn):
        entries = _longest(conn)
        second = _signed_size(conn, entries) if second is None else second
        faults = {}
        if second > entries:
            faults["to"] = f"at most {entries}"
        if first > second:
            faults["from"] = f"at most {second}"
        if faults:
            raise Problem("bad-input", errors=faults)
        leaves = _leaves(conn, second)
        told = {
            "from": first,
            "to": second,
            "proof": [each.hex() for each in consistency_proof(leaves, first)],
            "from_root": tree_root(leaves[:first]).hex(),
            "to_root": tree_root(leaves).hex(),
            "from_checkpoint": _note(conn, first),
            "to_checkpoint": _note(conn, second),
        }
        return ConsistencyOut.model_validate(told)


def key_of(visit: Visit) -> KeyOut:
    """What signs the checkpoints, also as C2SP's signed-note spells it."""
    raw = visit.desk.key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + ED25519 + raw).digest()[:4].hex()
    verifier = f"{ORIGIN}+{key_id}+{base64.b64encode(ED25519 + raw).decode()}"
    return KeyOut(
        origin=ORIGIN,
        algorithm="Ed25519",
        public_key=base64.b64encode(raw).decode(),
        fingerprint=hashlib.sha256(raw).hexdigest(),
        key_id=key_id,
        verifier_key=verifier,
    )


def _longest(conn: Connection) -> int:
    return conn.scalar(select(func.max(change_log.c.seq))) or 0


def _signed_size(conn: Connection, entries: int) -> int:
    signed = conn.scalar(select(func.max(checkpoint.c.size)).where(checkpoint.c.size <= entries))
    return signed or entries


def _leaves(conn: Connection, size: int) -> list[bytes]:
    """Raises Problem not-whole where one of them is missing or damaged: then nothing can be proved."""
    asked = select(change_log.c.leaf).where(change_log.c.seq <= size).order_by(change_log.c.seq)
    found = list(conn.scalars(asked))
    if len(found) != size or not all(isinstance(each, bytes) and len(each) == HASH_BYTES for each in found):
        raise Problem("not-whole")
    return found


def _note(conn: Connection, size: int) -> str | None:
    note = conn.scalar(select(checkpoint.c.note).where(checkpoint.c.size == size))
    return None if note is None else shown(note)


def _hex(data: object) -> str:
    return data.hex() if isinstance(data, bytes) else ""
