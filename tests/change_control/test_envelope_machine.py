"""Random people make envelopes, open them and sign: no code works twice, and no review ends too early.

Who may sign, and whether enough did, is worked out again from the sealed lines alone.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from audit_log.change_log import Entry
from audit_log.db import reading
from change_control.break_glass import HALF
from change_control.envelope import approve_with, new_code, propose_envelope
from change_control.errors import ChangeError
from change_control.proposals import approve, propose_unblock
from change_control.reviews import Review, list_reviews, sign
from change_control.tightening import suspend
from tests.change_control.machine import InASchool, play
from tests.change_control.school import an_ask, log_of, somebody, the

EXAMPLES = max(10, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
PEOPLE = st.sampled_from(("terry", "hedy", "cora", "terry", "hedy", "cora", "gail", "tess", "anna"))
ABLE = st.sampled_from(("terry", "hedy", "cora", "gail"))
READERS = st.sampled_from(("gail", "hedy", "cora", "terry", "gail", "tess"))
Word = tuple[str, bool]  # who, and whether they agree
WORDS = st.lists(st.tuples(READERS, st.sampled_from((True,) * 5 + (False,))), max_size=5)
WHICH = st.sampled_from((-1, -1, -2))  # of the codes: the newest, or the one before
OPENS = (":propose", ":approve", "opening:open")


class Safe(InASchool):
    def __init__(self) -> None:
        super().__init__()
        self.codes: list[str] = []  # every one there ever was, the newest last
        self.worked: list[str] = []
        self.seen = 0

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @initialize()
    def an_envelope_lies_in_the_safe(self) -> None:
        self.makes("terry", "hedy")

    @rule(who=PEOPLE, other=PEOPLE)
    def makes(self, who: str, other: str) -> None:
        if (
            asked := self.tries(lambda: propose_envelope(self.desk, the(self.desk, who), "why", self.now))
        ) and (
            agreed := self.tries(lambda: approve(self.desk, the(self.desk, other), asked.id, "", self.now))
        ):
            assert who != other
            self.codes.append(f"{asked.handed[HALF]}-{agreed.handed[HALF]}")

    @rule(who=ABLE, asker=st.sampled_from(("terry", "hedy", "tess")), which=WHICH, words=WORDS)
    def agrees_alone(self, who: str, asker: str, which: int, words: list[Word]) -> None:
        if asked := self.asks(asker):
            user = the(self.desk, who)
            self.uses(lambda code: approve_with(self.desk, user, asked, code, "why", self.now), which, words)

    @rule(whose=ABLE, which=WHICH, words=WORDS)
    def gets_in_again(self, whose: str, which: int, words: list[Word]) -> None:
        self.uses(lambda code: new_code(self.desk, whose, code, "why", self.now), which, words)

    @rule(who=PEOPLE, whom=st.sampled_from(("anna", "ben")), hours=st.integers(1, 90))
    def suspends(self, who: str, whom: str, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        person = somebody(self.desk, whom).id
        self.tries(lambda: suspend(self.desk, the(self.desk, who), person, until, "why", self.now))

    @rule(words=WORDS, newest=st.sampled_from((0, 0, 1)))
    def look_at_it(self, words: list[Word], newest: int) -> None:
        for found in self.reviews()[newest : newest + 1]:
            for who, agrees in words:
                self.tries(partial(sign, self.desk, the(self.desk, who), found.id, agrees, "note", self.now))

    @rule(who=PEOPLE, asker=st.sampled_from(("tess", "cora", "terry")))
    def agrees_in_the_ordinary_way(self, who: str, asker: str) -> None:
        if asked := self.asks(asker):
            self.tries(lambda: approve(self.desk, the(self.desk, who), asked, "", self.now))

    def asks(self, who: str) -> str | None:
        times = [(self.now + timedelta(hours=hours)).isoformat() for hours in (1, 2)]
        raw = an_ask(starts_at=times[0], ends_at=times[1])
        made = self.tries(lambda: propose_unblock(self.desk, the(self.desk, who), raw, self.now))
        return made.id if made else None

    def uses[T](self, verb: Callable[[str], T], which: int, words: list[Word]) -> None:
        code = self.codes[max(which, -len(self.codes))]
        if self.tries(lambda: verb(code)) is not None:
            assert code == self.codes[-1]
            assert code not in self.worked
            self.worked.append(code)
            self.look_at_it(words, 0)

    def tries[T](self, verb: Callable[[], T]) -> T | None:
        try:
            return verb()
        except ChangeError:
            return None

    def reviews(self) -> list[Review]:
        with reading(self.desk.engine) as conn:
            return list_reviews(conn, limit=1000)[0]

    @invariant()
    def what_the_lines_say_is_what_there_is(self) -> None:
        lines = log_of(self.desk)
        if len(lines) == self.seen:
            return
        self.seen = len(lines)
        used = [line for line in lines if line.event == "break-glass:use"]
        assert len({line.object_id for line in used}) == len(used) == len(self.worked)
        by_line = {each.about_seq: each for each in self.reviews()}
        acts = [line for line in lines if line.event in ("person:suspend", "break-glass:use")]
        assert by_line.keys() == {line.seq for line in acts}
        for line in acts:
            over_at = is_over_at(line, lines)
            assert (by_line[line.seq].done_at is not None) == (over_at is not None)
            if line.detail.get("for") == "code":
                nothing_opened_by(line.detail["person"], lines, line.seq, over_at)


def is_over_at(act: Entry, lines: list[Entry]) -> int | None:
    """The number of the line with which enough others had signed."""
    concerned = {act.actor, act.detail.get("person"), act.detail.get("proposed_by")}
    needed = 2 if act.event == "break-glass:use" else 1
    words: dict[str, bool] = {}
    for line in lines:
        if line.event == "review:sign" and line.detail["about"] == act.seq:
            assert line.actor not in concerned
            words[line.actor] = line.detail["agrees"]
            if sum(words.values()) >= needed and all(words.values()):
                return line.seq
    return None


def nothing_opened_by(person: str, lines: list[Entry], since: int, until: int | None) -> None:
    theirs = [line for line in lines[since : until or None] if line.actor == person]
    assert not [line.event for line in theirs if line.event.endswith(OPENS) or line.event == "review:sign"]


def test_no_code_works_twice_and_no_review_ends_without_the_signers_it_needs(school: Path) -> None:
    Safe.template = school
    play(Safe, examples=EXAMPLES, steps=20)
