"""The change log: who changed what, who agreed, why; and whether anything was taken out or altered since."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import changes
from audit_api.answers import (
    ChangeOut,
    CheckpointOut,
    ConsistencyOut,
    KeyOut,
    PageOut,
    ProofOut,
    VerificationOut,
)
from audit_api.change_export import export_of
from audit_api.change_proofs import consistency_of, key_of, proof_of
from audit_api.guard import GuardedRoute
from audit_api.problems import Problem
from audit_api.rows import listed, wants_csv
from audit_api.shapes import Paging, _In
from audit_api.streams import with_an_end
from audit_api.times import iso
from audit_api.window import Here
from audit_log.checkpoint import checkpoints
from audit_log.db import reading

router = APIRouter(route_class=GuardedRoute, tags=["changes"])
COLUMNS = ("seq", "at", "event", "actor", "role", "object", "says", "texts.reason", "texts.purpose", "leaf")
LARGEST = 2**31 - 1
AS_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Lines of JSON",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
NEWEST = "as many as the newest checkpoint covers, if left out"


class Wanted(Paging):
    event: Annotated[
        str | None, Field(max_length=64, description="`unblock:approve`, or all of `unblock:`")
    ] = None
    actor: Annotated[str | None, Field(max_length=64, description="user name or id, adults only")] = None
    object: Annotated[str | None, Field(max_length=64)] = None
    from_: Annotated[str | None, Field(alias="from", description="ISO 8601")] = None
    to: Annotated[str | None, Field(description="ISO 8601; not included")] = None
    seals: Annotated[
        Literal["yes", "no"] | None,
        Field(description="each hour's line about the filtering log: no, but yes in CSV or with `after`"),
    ] = None
    after: Annotated[int | None, Field(ge=0, le=LARGEST, description="oldest first, from this entry on")] = (
        None
    )


@router.get("/api/v1/changes", summary="The change log", response_model=PageOut[ChangeOut])
def list_changes(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first. `sealed` is the text whose hash the chain holds: leaf = sha256(0x00 + prev + sealed).

    Whoever computes the chain again needs every line: `seals=yes`, as it is in CSV and with `after`.
    """
    is_export = wants_csv(request) or asked.after is not None
    found, next_ = changes.page_of(
        here,
        event=asked.event,
        actor=asked.actor,
        object_id=asked.object,
        since=here.instant("from", asked.from_),
        until=here.instant("to", asked.to),
        before=None if asked.after is not None else number(asked.cursor),
        after=None if asked.after is None else number(asked.cursor) or asked.after,
        limit=asked.limit,
        seals=(asked.seals or ("yes" if is_export else "no")) == "yes",
    )
    rows = [each.model_dump(mode="json") for each in found]
    return listed(request, rows, None if next_ is None else str(next_), COLUMNS)


@router.get("/api/v1/changes/verify", summary="Is the change log whole?")
def verify_changes(here: Here) -> VerificationOut:
    """Reads all of it again, and the chain of the filtering log's seals, but none of its millions of rows:
    those are read by `/api/v1/filtering-log/verify`. `first_bad` is the first entry of the change log that
    is not what was sealed; what is wrong with the filtering log's seals stands in `says`.
    """
    found = changes.is_it_whole(here)
    return VerificationOut(
        whole=found.whole, entries=found.entries, first_bad=found.first_bad, says=found.says
    )


@router.get(
    "/api/v1/changes/checkpoints", summary="Signed checkpoints", response_model=PageOut[CheckpointOut]
)
def list_checkpoints(request: Request, here: Here, asked: Annotated[Paging, Query()]) -> Response:
    """Newest first, as C2SP tlog-checkpoint notes. One kept elsewhere proves what came before it."""
    with reading(here.desk.engine) as conn:
        found = checkpoints(conn, before=number(asked.cursor), limit=asked.limit + 1)
    rows = [{"size": each.size, "made_at": iso(each.made_at), "note": each.note} for each in found]
    more = len(rows) > asked.limit
    shown = rows[: asked.limit]
    return listed(request, shown, str(shown[-1]["size"]) if more else None, ("size", "made_at", "note"))


@router.get(
    "/api/v1/changes/export",
    summary="The change log as one file, to check it elsewhere",
    response_class=Response,
    responses=AS_LINES,
)
def export_changes(request: Request, here: Here) -> Response:
    """Lines of JSON: every sealed line exactly, the texts beside it (`withheld` where your role does not see
    one), signed checkpoints, the names of adults, and an end that counts the lines before it.

    All of one moment. `verify_changes.py` and the page beside it check it without this server.
    """
    with_an_end(request)
    return export_of(here)


@router.get("/api/v1/changes/key", summary="What signs the checkpoints")
def show_key(here: Here) -> KeyOut:
    """Compare it with the one on the sheet in the school's safe."""
    return key_of(here)


class Size(_In):
    size: Annotated[int | None, Field(ge=1, le=LARGEST, description=NEWEST)] = None


class Sizes(_In):
    from_: Annotated[int, Field(alias="from", ge=0, le=LARGEST, description="of an old checkpoint")]
    to: Annotated[int | None, Field(ge=0, le=LARGEST, description=NEWEST)] = None


@router.get("/api/v1/changes/consistency", summary="Proof that the log only grew")
def prove_consistency(here: Here, asked: Annotated[Sizes, Query()]) -> ConsistencyOut:
    """For whoever holds an old checkpoint: RFC 6962, 2.1.2; hashes in hex."""
    return consistency_of(here, asked.from_, asked.to)


@router.get("/api/v1/changes/{seq}/proof", summary="Proof that an entry is in the log")
def prove_entry(
    here: Here, seq: Annotated[int, Path(ge=1, le=LARGEST)], asked: Annotated[Size, Query()]
) -> ProofOut:
    """For whoever holds a checkpoint: RFC 6962, 2.1.1; hashes in hex."""
    return proof_of(here, seq, asked.size)


def number(cursor: str | None) -> int | None:
    """Pages of the change log are cut by entry number."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor) <= LARGEST):
        raise Problem("bad-input", errors={"cursor": "not a cursor that this API made"})
    return int(cursor)
