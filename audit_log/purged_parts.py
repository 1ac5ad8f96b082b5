"""Parts that were removed when their time was over: the change log says so, the root over their seals agrees,
and of their rows only those are left that were held then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from audit_log.findings import Findings
from audit_log.first_seals import EARLIER
from audit_log.merkle import root_of
from audit_log.row_seal import root_over
from audit_log.sealed_lines import PurgeLine

OF_PART = text("SELECT leaf FROM filtering_seal WHERE part = :part AND seq <= :upto ORDER BY seq")
OF_EARLIER = text(
    "SELECT leaf FROM filtering_seal WHERE (part IS NULL OR part LIKE :part) AND seq <= :upto ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Left:
    """Of the rows that were sealed up to the last purge of a part: how many are there, and their root."""

    sealed: int
    there: int
    root: str


def held_root(opened: Iterable[bytes], closed: Iterable[bytes]) -> str:
    """Over the halves of rows that stayed when the others of their part went."""
    return root_over([*sorted(opened), *sorted(closed)]).hex()


def hold_purged_part(
    conn: Connection,
    part: str,
    lines: Sequence[PurgeLine],
    left: Left,
    found: Findings,
) -> None:
    for line in lines:
        if root_of_seals(conn, part, line.upto_seal) != line.root:
            found.add(
                f"Entry {line.seq} of the change log removed {part}, but its seals are others.",
                line.upto_seal,
            )
            return
    last = lines[-1]
    if left.sealed != sum(line.rows for line in lines) + last.kept_back:
        found.add(
            f"Of {part}, {left.sealed:,} rows were sealed, and the change log tells of"
            f" {sum(line.rows for line in lines):,} removed and {last.kept_back:,} kept.",
            last.upto_seal,
        )
    elif left.there != last.kept_back or left.root != last.held_root:
        found.add(
            f"Of {part}, {last.kept_back:,} rows were kept when the others were removed (entry {last.seq} of"
            f" the change log); the {left.there:,} that are there are not these.",
            last.upto_seal,
        )


def root_of_seals(conn: Connection, part: str, upto: int) -> str:
    """Over all the seals of a part, up to this one."""
    query, name = (OF_EARLIER, f"{EARLIER}/%") if part == EARLIER else (OF_PART, part)
    return root_of(conn.scalars(query, {"part": name, "upto": upto})).hex()
