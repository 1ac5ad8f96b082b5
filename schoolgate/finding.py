"""What a look at this machine comes to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`fit` False: something is wrong. `warns`: nothing is broken, and somebody should know."""

    check: str
    fit: bool
    says: str
    warns: bool = False

    @property
    def word(self) -> str:
        if not self.fit:
            return "FAIL"
        return "note" if self.warns else "ok"
