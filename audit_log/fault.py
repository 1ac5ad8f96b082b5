"""What `verify` stops at: the first entry (or seal) that is wrong, and how, in plain English."""


class Fault(Exception):
    def __init__(self, seq: int, says: str) -> None:
        super().__init__(says)
        self.seq = seq
        self.says = says
