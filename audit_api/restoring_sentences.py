"""What is told of an older database that was put back."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_api.sentences import Line


def _restored(x: "Line") -> str:
    seen, out = x.detail["seen"], len(x.detail["shut_out"])
    had = f"had seen {int(seen):,} entries" if seen is not None else "no longer knew how long the log was"
    said = f"An older database was put back: the server {had}, and went on from {int(x.detail['entries']):,}."
    if out:
        whose = "account signs" if out == 1 else "accounts sign"
        said += f" {out} {whose} in no more until two agree on a new code."
    if let_in := len(x.detail["let_in"]):
        said += f" {let_in} may sign in with an older password or second factor."
    return said


TELL: Mapping[str, Callable[["Line"], str]] = {"change-log:restore": _restored}
