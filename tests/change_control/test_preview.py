"""What is tried out, what is kept of it, and how a preview is bound to the approval."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Update, update

from audit_log.db import reading, writing
from audit_log.tables import preview as preview_table
from change_control import preview, preview_client
from change_control.desk import Desk
from change_control.preview import (
    Order,
    Preview,
    checks_of,
    newest,
    order_of,
    report_of,
    save,
    sha256_of,
    without_preview,
)
from change_control.preview_client import replay_apart
from change_control.proposals import approve, propose_policy
from change_control.replay_counts import Replayed
from change_control.replaying import quietly
from tests.audit_log.stored import a_row, store
from tests.builders import NOON, POLICY
from tests.change_control.listed import Listed, some
from tests.change_control.school import is_whole, log_of, refused, the

GAMBLING = "gambling:           {source: A363, everyone: not_allowed}"
LOOSER = POLICY.replace(GAMBLING, "gambling: {everyone: allowed}")
CHECK = "checks:\n  - {not: [bet.test], group: upper-ks2, during: lessons, why: no bets}\n"


def proposed(desk: Desk, text: str = LOOSER) -> str:
    return propose_policy(desk, the(desk, "terry"), text, "a lesson on chance", NOON).id


def order(desk: Desk, id_: str, days: int = 30) -> Order:
    with reading(desk.engine) as conn:
        return order_of(conn, id_, days, NOON)


def made(desk: Desk, id_: str, minutes: int = 0) -> Preview:
    at = NOON + timedelta(minutes=minutes)
    return save(desk.engine, report_of(order(desk, id_), Replayed(), {}, at), at)


def test_a_policy_is_held_against_the_one_in_force_with_the_same_lists(desk: Desk) -> None:
    found = order(desk, proposed(desk))

    assert (found.old.policy, found.new.policy) == (POLICY, LOOSER)
    assert found.old.lists == found.new.lists
    assert found.span == (NOON - timedelta(days=30), NOON)


def test_lists_are_held_against_those_in_force_with_the_same_policy(listed: Listed) -> None:
    asked = listed.proposes("terry", {"bets": some("bet", *range(40))}, "# new\n" + listed.agreed.config_text)

    found = order(listed.desk, asked.id)

    assert (found.old.lists, found.new.lists) == (listed.agreed.generation, asked.generation)
    assert found.old.policy == found.new.policy


def test_an_order_comes_out_of_its_json_as_it_went_in(desk: Desk) -> None:
    found = order(desk, proposed(desk))

    assert Order.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("days", [0, 366, -3, 2.5, True, "30", None])
def test_days_that_cannot_be_are_refused(desk: Desk, days: object) -> None:
    id_ = proposed(desk)

    with reading(desk.engine) as conn:
        error = refused("bad-input", lambda: order_of(conn, id_, days, NOON))  # type: ignore[arg-type]  # anything may come
    assert error.fields == {"days": "a whole number of days from 1 to 365 is needed"}


def test_only_what_waits_for_an_answer_is_tried_out(desk: Desk) -> None:
    id_ = proposed(desk)
    approve(desk, the(desk, "hedy"), id_, "yes", NOON)

    refused("wrong-state", lambda: order(desk, id_))
    refused("not-found", lambda: order(desk, "none"))


def test_the_newest_preview_is_told_and_its_hash_is_that_of_its_bytes(desk: Desk) -> None:
    id_ = proposed(desk)
    made(desk, id_)
    last = made(desk, id_, minutes=1)

    with reading(desk.engine) as conn:
        found = newest(conn, id_)
    assert found is not None
    assert (found.sha256, found.report["proposal"]) == (last.sha256, id_)


def test_two_previews_that_counted_the_same_have_hashes_that_nobody_can_guess(desk: Desk) -> None:
    found = order(desk, proposed(desk))

    assert report_of(found, Replayed(), {}, NOON)["salt"] != report_of(found, Replayed(), {}, NOON)["salt"]


def test_the_line_of_the_approval_has_the_hash_and_the_log_stays_whole(desk: Desk) -> None:
    id_ = proposed(desk)
    last = made(desk, id_)

    approve(desk, the(desk, "hedy"), id_, "yes", NOON, preview_read=last.sha256)

    assert log_of(desk)[-1].detail["preview"] == last.sha256
    assert is_whole(desk)


def test_who_read_another_preview_than_the_newest_approves_nothing(desk: Desk) -> None:
    id_ = proposed(desk)
    first, hedy = made(desk, id_), the(desk, "hedy")
    made(desk, id_, minutes=1)

    refused("wrong-state", lambda: approve(desk, hedy, id_, "yes", NOON, preview_read=first.sha256))
    refused("wrong-state", lambda: approve(desk, hedy, id_, "yes", NOON, preview_read="0" * 64))


def rewritten(desk: Desk, statement: Update) -> None:
    """Past the guards, as the owner of the database can."""
    with writing(desk.engine) as conn:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'preview'"
        for guard in conn.exec_driver_sql(guards).scalars().all():
            conn.exec_driver_sql(f"DROP TRIGGER {guard}")
        conn.execute(statement)


def test_a_report_that_somebody_rewrote_is_shown_to_nobody_and_found(desk: Desk) -> None:
    id_ = proposed(desk)
    made(desk, id_)
    assert is_whole(desk)
    rewritten(desk, update(preview_table).values(report='{"proposal":"other"}'))

    with reading(desk.engine) as conn:
        assert newest(conn, id_) is None
    assert not is_whole(desk)


def test_another_preview_in_the_place_of_the_one_that_was_read_is_found(desk: Desk) -> None:
    id_ = proposed(desk)
    last = made(desk, id_)
    approve(desk, the(desk, "hedy"), id_, "yes", NOON, preview_read=last.sha256)
    assert is_whole(desk)
    other = '{"proposal":"other"}'
    rewritten(desk, update(preview_table).values(report=other, sha256=sha256_of(other)))

    assert not is_whole(desk)


def test_a_report_that_somebody_rewrote_has_another_hash(desk: Desk) -> None:
    id_ = proposed(desk)
    last = made(desk, id_)
    rewritten(desk, update(preview_table).values(report='{"proposal":"other"}'))

    refused(
        "wrong-state",
        lambda: approve(desk, the(desk, "hedy"), id_, "yes", NOON, preview_read=last.sha256),
    )


def test_what_was_never_tried_out_is_found(desk: Desk) -> None:
    first = proposed(desk)
    second = proposed(desk, LOOSER + "# another\n")
    made(desk, first)

    assert without_preview(desk.engine) == [second]


def test_checks_that_would_no_longer_hold_are_named(desk: Desk) -> None:
    asked = order(desk, proposed(desk, LOOSER + CHECK))

    found = checks_of(asked, desk.lists_of)

    assert (found["asked"], found["before"]) == (1, [])
    assert "bet.test" in found["failing"][0]


@pytest.fixture
def tried(listed: Listed, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Order]:
    """Twenty requests for bets, and a policy that would open them; enough for processes of their own."""
    monkeypatch.setattr(preview_client, "FEW_ROWS", 1)
    rows = [
        a_row(
            n,
            at=NOON - timedelta(hours=n),
            person_id=f"p_{n % 5}",
            host=f"bet{n}.test",
            url=f"https://bet{n}.test/",
            verdict="block",
            reason="category-not-allowed",
        )
        for n in range(1, 21)
    ]
    store(listed.desk.engine, *rows)
    with writing(listed.desk.engine) as conn:
        conn.exec_driver_sql("""INSERT INTO who_set VALUES (1, 'pupil', '["upper-ks2"]', '["6B"]')""")
    return listed.desk, order(listed.desk, proposed(listed.desk))


def test_two_processes_count_what_one_does(
    tried: tuple[Desk, Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked = tried
    told: list[tuple[int, int]] = []

    apart = replay_apart(desk, asked, lambda done, of: told.append((done, of)))

    assert apart == preview.replay_here(desk, asked, quietly)
    assert (apart.opens.total.requests, len(apart.opens.total.people)) == (20, 5)
    assert told[-1][0] == told[-1][1]


def test_children_that_cannot_open_the_lists_say_so(tried: tuple[Desk, Order]) -> None:
    desk, asked = tried
    generation = desk.lists().generation
    (desk.state / "lists" / generation).rename(Path(desk.state) / "lists" / "gone")

    error = refused("refused", lambda: replay_apart(desk, asked, quietly))
    assert error.says == "the preview did not finish: IndexFault"


def test_who_gives_up_ends_the_children(tried: tuple[Desk, Order]) -> None:
    desk, asked = tried

    def give_up(_done: int, _of: int) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        replay_apart(desk, asked, give_up)


def test_a_small_log_is_replayed_without_children(
    tried: tuple[Desk, Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked = tried
    monkeypatch.setattr(preview_client, "FEW_ROWS", 21)
    monkeypatch.setattr(preview_client, "ROOT", Path("/nonexistent"))  # no child would find our modules

    assert replay_apart(desk, asked, quietly).opens.total.requests == 20
