"""Whatever is corrected, held, released and erased, and by whomever: both logs stay whole, one person alone
lets nothing go, and of whoever was erased no table holds the name (S103, S104)."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import text

from audit_log.corrections import corrections
from audit_log.db import reading
from audit_log.holds import holds
from audit_log.people import people, person_by_id
from audit_log.whole import verify_all
from change_control.errors import ChangeError
from change_control.holds import place_hold
from change_control.proposals import approve, decline, propose_people, propose_unblock, withdraw
from change_control.protecting import WrongIdentity, propose_correction, propose_erasure, propose_release
from change_control.tightening import end_person, suspend
from tests.change_control.machine import InASchool, play
from tests.change_control.school import KEY, an_ask, log_of, the

EXAMPLES = max(10, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
ACTORS = st.sampled_from(("terry", "hedy", "cora", "tess", "gail"))
WHOM = st.sampled_from(("anna", "ben", "gus", "tess", "cora"))
TEXTS = st.sampled_from(
    ("because", "{name} did it", "see {username}", "as with {other}, not {name}", "the {username}'s tablet")
)
SETTLING = st.sampled_from((approve, approve, approve, decline, withdraw))


class Protecting(InASchool):
    def __init__(self) -> None:
        super().__init__()
        with reading(self.desk.engine) as conn:
            self.ids = {each.username: each.id for each in people(conn)}
            self.names = {each.id: each.name for each in people(conn)}
        self.asked: list[str] = []

    def at_the_end(self) -> None:
        with reading(self.desk.engine) as conn:
            found = verify_all(conn, KEY.public_key())
            erased = [each for each in people(conn) if each.username.startswith("erased-")]
        assert found.whole, found.says
        for each in erased:
            self.is_nowhere(each.id)
        self.each_correction_and_release_has_two_behind_it()

    def is_nowhere(self, person_id: str) -> None:
        """In no cell of any table, under either name."""
        username = next(name for name, id_ in self.ids.items() if id_ == person_id)
        wanted = (self.names[person_id].casefold(), f"see {username}", f"the {username}'s")
        with reading(self.desk.engine) as conn:
            for table in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")):
                for row in conn.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  # a name of ours
                    cells = " ".join(str(cell) for cell in row).casefold()
                    assert not [said for said in wanted if said in cells], (table, row)

    def each_correction_and_release_has_two_behind_it(self) -> None:
        lines = log_of(self.desk)
        asked = {line.object_id: line for line in lines if line.event.endswith(":propose")}
        agreed = {line.object_id: line for line in lines if line.event.endswith(":approve")}
        assert all(line.actor != asked[id_].actor for id_, line in agreed.items())
        with reading(self.desk.engine) as conn:
            for each in corrections(conn):
                two = {asked[each.id].actor, agreed[each.id].actor}
                assert len(two) == 2
                assert not two & {each.person_id, each.right_person_id}
            released = [
                line.detail["hold"] for line in agreed.values() if line.event == "hold-release:approve"
            ]
            placed = [line.object_id for line in lines if line.event == "hold:place"]
            assert sorted(each.id for each in holds(conn)) == sorted(set(placed) - set(released))

    @rule(minutes=st.integers(1, 2000))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(who=ACTORS, whom=WHOM, right=st.one_of(st.none(), WHOM), hours=st.integers(1, 40), why=TEXTS)
    def corrects(self, who: str, whom: str, right: str | None, hours: int, why: str) -> None:
        asked = WrongIdentity(
            self.ids[whom],
            right and self.ids[right],
            self.now - timedelta(hours=hours),
            self.now,
            "127.0.0.9",
        )
        self.tries(
            partial(propose_correction, self.desk, self.as_(who), asked, self.said(why, whom), self.now)
        )

    @rule(who=ACTORS, whom=st.one_of(st.none(), WHOM), why=TEXTS)
    def holds_back(self, who: str, whom: str | None, why: str) -> None:
        person = whom and self.ids[whom]
        times = (self.now - timedelta(hours=3), self.now)
        why = self.said(why, whom or "anna")
        self.tries(partial(place_hold, self.desk, self.as_(who), person, *times, why, self.now), keep=False)

    @rule(who=ACTORS, data=st.data(), why=TEXTS)
    def wants_to_release(self, who: str, data: st.DataObject, why: str) -> None:
        with reading(self.desk.engine) as conn:
            placed = [each.id for each in holds(conn)]
        hold = data.draw(st.sampled_from(placed)) if placed else "none"
        self.tries(partial(propose_release, self.desk, self.as_(who), hold, self.said(why, "ben"), self.now))

    @rule(who=ACTORS, whom=WHOM, why=TEXTS)
    def ends(self, who: str, whom: str, why: str) -> None:
        said = self.said(why, whom)
        self.tries(partial(end_person, self.desk, self.as_(who), self.ids[whom], said, self.now), keep=False)

    @rule(who=ACTORS, whom=WHOM, why=TEXTS)
    def suspends(self, who: str, whom: str, why: str) -> None:
        said = self.said(why, whom)
        self.tries(
            partial(suspend, self.desk, self.as_(who), self.ids[whom], None, said, self.now), keep=False
        )

    @rule(who=ACTORS, whom=WHOM, texts=st.sampled_from(("naming", "about")))
    def wants_to_erase(self, who: str, whom: str, texts: Any) -> None:
        verb = partial(
            propose_erasure, self.desk, self.as_(who), self.ids[whom], texts, "asked for", self.now
        )
        self.tries(verb)

    @rule(whom=WHOM, texts=st.sampled_from(("naming", "about")))
    def leaves_and_is_erased(self, whom: str, texts: Any) -> None:
        """What takes four steps in their order, tried as one."""
        person_id = self.ids[whom]
        self.tries(partial(end_person, self.desk, self.as_("hedy"), person_id, "left", self.now), keep=False)
        before = len(self.asked)
        self.tries(
            partial(propose_erasure, self.desk, self.as_("terry"), person_id, texts, "asked for", self.now)
        )
        if len(self.asked) > before:
            self.tries(
                partial(approve, self.desk, self.as_("hedy"), self.asked[-1], "", self.now), keep=False
            )

    @rule(whom=WHOM, why=TEXTS)
    def asks_for_a_site(self, whom: str, why: str) -> None:
        starts_at, ends_at = (self.now + timedelta(hours=hours) for hours in (1, 2))
        times = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        raw = an_ask(subject=self.said(why, whom), reason=self.said(why, whom), **times)
        self.tries(partial(propose_unblock, self.desk, self.as_("tess"), raw, self.now))

    @rule(who=ACTORS, whom=WHOM, why=TEXTS)
    def changes_the_register(self, who: str, whom: str, why: str) -> None:
        row = {"id": self.ids[whom], "classes": ["6A"]}
        said = self.said(why, whom)
        self.tries(partial(propose_people, self.desk, self.as_(who), [row], said, self.now))

    @precondition(lambda self: self.asked)
    @rule(who=ACTORS, verb=SETTLING, data=st.data(), why=TEXTS, whom=WHOM)
    def settles(
        self, who: str, verb: Callable[..., object], data: st.DataObject, why: str, whom: str
    ) -> None:
        asked = data.draw(st.sampled_from(self.asked[-5:]))
        self.tries(partial(verb, self.desk, self.as_(who), asked, self.said(why, whom), self.now), keep=False)

    def as_(self, username: str) -> Any:
        """Under the id of that time, whoever that is now."""
        with reading(self.desk.engine) as conn:
            found = person_by_id(conn, self.ids[username])
        assert found is not None
        return the(self.desk, found.username)

    def said(self, why: str, whom: str) -> str:
        """Of somebody erased nobody writes the name down any more: the program cannot keep them from it."""
        with reading(self.desk.engine) as conn:
            gone = {each.id for each in people(conn) if each.username.startswith("erased-")}
        if self.ids[whom] in gone:
            return "because"
        return why.format(name=self.names[self.ids[whom]], username=whom, other="somebody else")

    def tries(self, verb: Callable[[], Any], *, keep: bool = True) -> None:
        try:
            made = verb()
        except ChangeError:
            return
        if keep:
            self.asked.append(made.id)


def test_whatever_is_corrected_held_and_erased_both_logs_stay_whole(school: Path) -> None:
    Protecting.template = school
    play(Protecting, examples=EXAMPLES, steps=30)
