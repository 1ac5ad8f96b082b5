"""One person's tightenings take the ground from what waits, so there are few of them a day."""

from datetime import datetime, timedelta

from change_control.desk import Desk
from change_control.often import MOST_A_DAY, OFTEN
from change_control.policies import look_at
from change_control.proposal import Proposal
from change_control.proposals import approve, propose_policy
from tests.builders import NOON, POLICY
from tests.change_control.listed import LISTS, Listed, some
from tests.change_control.school import row_of, the


def text_of(number: int) -> str:
    """Each shuts one site more."""
    rows = "".join(f"  - {{block: [shut{n}.test], for: everyone, reason: shut}}\n" for n in range(number))
    return POLICY.replace("sites:\n", "sites:\n" + rows)


def tightens(desk: Desk, who: str, number: int, at: datetime = NOON) -> Proposal:
    return propose_policy(desk, the(desk, who), text_of(number), "stricter", at)


def test_the_fourth_tightening_of_a_day_waits_for_another_person(desk: Desk) -> None:
    agreed = propose_policy(desk, the(desk, "terry"), POLICY + "# agreed\n", "first", NOON)
    approve(desk, the(desk, "hedy"), agreed.id, "yes", NOON)
    alone = [tightens(desk, "terry", number).state for number in range(1, MOST_A_DAY + 1)]
    assert look_at(desk, the(desk, "terry"), text_of(4), NOON).often

    fourth = tightens(desk, "terry", 4)

    assert alone == ["approved"] * MOST_A_DAY
    assert (fourth.state, fourth.loosening, row_of(desk, fourth.id)["payload"][OFTEN]) == (
        "requested",
        True,
        True,
    )
    assert tightens(desk, "cora", 5).state == "approved"
    assert tightens(desk, "terry", 6, NOON + timedelta(days=1)).state == "approved"


def test_the_fourth_stricter_lists_of_a_day_wait_for_another_person(listed: Listed) -> None:
    listed.agree({})
    text, contents = listed.agreed.config_text, {}
    states = []
    for number in range(MOST_A_DAY + 1):
        text += f"  more{number}: {{category: gambling, format: plain, source: more{number}.txt}}\n"
        contents[f"more{number}"] = some(f"more{number}-", *range(9))
        made = listed.proposes("terry", contents, text)
        states.append(made.state)

    assert states == [*["approved"] * MOST_A_DAY, "requested"]
    assert "three times a day" in str(row_of(listed.desk, made.id)["payload"]["opens"])
    assert LISTS in text
