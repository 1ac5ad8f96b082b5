"""Where the console shows what a line of the change log is about, and the line itself."""

from urllib.parse import quote

from audit_api.rights import may
from filter_policy.model import Role

PAGES = {
    "unblock": "/unblocks/{id}",
    "policy": "/policy/proposals/{id}",
    "lists": "/lists/proposals/{id}",
    "people": "/people/proposals/{id}",
    "break-glass": "/break-glass/proposals/{id}",
    "review": "/reviews/{id}",
}
NOT_THAT = frozenset({"break-glass:use"})  # its object is the envelope, and what it did has a line of its own


def link_to_object(event: str, object_id: str, role: Role) -> str | None:
    """None where there is no page of it, or none that this reader may open."""
    page = PAGES.get(event.partition(":")[0])
    if page is None or event in NOT_THAT or not may(f"GET {page}", role):
        return None
    return page.format(id=quote(object_id, safe=""))


def link_to_entry(seq: int) -> str:
    """The page of the change log that begins with it."""
    return f"/changes?cursor={seq + 1}#entry-{seq}"
