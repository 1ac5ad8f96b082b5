"""What is told of those who saw or reviewed the change log."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_api.sentences import Line

TELL: Mapping[str, Callable[["Line"], str]] = {
    "change-log:seen": lambda x: (
        f"{x.who} has seen the change log up to entry {int(x.detail['size']):,}, and holds its checkpoint."
    ),
    "incident-log:review": lambda x: (
        f"{x.who} reviewed the incident log and the change log up to entry {int(x.detail['size']):,}."
    ),
    "change-log:review": lambda x: f"{x.who} reviewed the change log up to entry {int(x.detail['size']):,}.",
}
