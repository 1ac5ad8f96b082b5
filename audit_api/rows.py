"""Lists, as JSON or as CSV for a spreadsheet, one page at a time."""

import base64
import binascii
import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api.problems import Problem
from audit_api.texts import unstorable
from audit_api.times import within

Row = Mapping[str, Any]
Cursor = tuple[datetime, str]
NO_CURSOR = {"cursor": "not a cursor that this API made"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def listed(
    request: Request, rows: Sequence[Row], next_: str | None, columns: Sequence[str], **more: object
) -> Response:
    """`{"rows": [...], "next": ...}`, or CSV when the caller prefers it; the next page is in Link as well."""
    headers = {"Vary": "Accept"}
    if next_ is not None:
        headers["Link"] = f'<{link_to(request, cursor=next_)}>; rel="next"'
    if wants_csv(request):
        return Response(as_csv(rows, columns), media_type="text/csv", headers=headers)
    return JSONResponse({"rows": rows, "next": next_, **more}, headers=headers)


def link_to(request: Request, **changes: str) -> str:
    """This same list, elsewhere in it."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    return f"{request.url.path}?{urlencode([*kept, *changes.items()])}"


def wants_csv(request: Request) -> bool:
    """The first of the kinds that the caller names; a browser's `*/*` gets JSON."""
    for kind in request.headers.get("accept", "").split(","):
        match kind.split(";")[0].strip():
            case "text/csv":
                return True
            case "application/json" | "text/html":
                return False
    return False


def as_csv(rows: Sequence[Row], columns: Sequence[str], *, header: bool = True) -> str:
    """A column may be a path: `for.classes`."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    if header:
        writer.writerow(columns)
    writer.writerows([_safe(_cell(_at(row, column))) for column in columns] for row in rows)
    return out.getvalue()


def _at(row: Any, path: str) -> Any:
    for part in path.split("."):
        row = row.get(part) if isinstance(row, Mapping) else None
    return row


def _cell(value: Any) -> str:
    match value:
        case None | True | False:
            return {None: "", True: "yes", False: "no"}[value]
        case list():
            return ";".join(_safe(_cell(each)) for each in value)
        case {"name": str(name)}:  # somebody, as this reader may see them
            return name
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _safe(text: str) -> str:
    """A cell that a spreadsheet shows and never runs: what starts like a formula gets a quote before it.

    So does each item of a list, since some spreadsheets part cells at a semicolon.
    """
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def write_cursor(cursor: Cursor | None) -> str | None:
    """Where the next page starts: after this row. Opaque to callers."""
    if cursor is None:
        return None
    at, id_ = cursor
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> Cursor | None:
    """Raises Problem for a cursor that we did not make."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        at, _, id_ = base64.urlsafe_b64decode(padded.encode("ascii")).decode().partition("|")
        if not unstorable(id_) and id_:
            return read_instant(at), id_
    except (ValueError, binascii.Error):
        pass
    raise Problem("bad-input", errors=NO_CURSOR)


def read_instant(text: str) -> datetime:
    """As a cursor has it: with its zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("not one of ours")
    return within(at)
