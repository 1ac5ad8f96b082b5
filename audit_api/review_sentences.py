"""Reviews and the sealed envelope, as the change log tells them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_api.sentences import Line

Tell = Callable[["Line"], str]


def _signed(line: "Line") -> str:
    detail = line.detail
    says = "agrees with it" if detail["agrees"] else "does not agree with it"
    count = f"{detail['signatures']} of {detail['needed']} agree"
    about = int(detail["about"])
    quoted = line.quoted(line.behind.lines.get(about))
    return f"{line.who} looked at what entry {about} tells of{quoted}, and {says} ({count})."


def _opened(line: "Line") -> str:
    if line.detail["for"] == "code":
        whom = line.names.name(str(line.detail["person"]))
        return f"The sealed envelope was opened, and gave {whom} a new code to sign in with."
    begun = line.quoted(line.behind.begun.get(str(line.detail.get("proposal"))))
    return f"{line.who} opened the sealed envelope, to agree alone to what {line.asker} had proposed{begun}."


TELL: Mapping[str, Tell] = {
    "review:sign": _signed,
    "break-glass:propose": lambda x: f"{x.who} wants to make a new sealed envelope.",
    "break-glass:approve": lambda x: (
        f"{x.who} and {x.asker} made a sealed envelope. An older one works no more."
    ),
    "break-glass:decline": lambda x: f"{x.who} said no to the sealed envelope that {x.asker} wanted to make.",
    "break-glass:withdraw": lambda x: f"{x.who} makes no new sealed envelope after all.",
    "break-glass:lapse": lambda x: (
        f"Nobody answered in time: {x.asker} had wanted to make a sealed envelope."
    ),
    "break-glass:use": _opened,
}
